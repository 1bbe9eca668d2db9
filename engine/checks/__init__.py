"""Questions with accepted answers, asked again after a change of model, documents or program: what is worse now?"""

from engine.checks.checking import Checked, check, keep

__all__ = ["Checked", "check", "keep"]
