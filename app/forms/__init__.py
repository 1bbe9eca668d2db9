"""What the forms of Gradio share: how handlers are wired, sentences that Gradio shows as they are, the link to the page."""

from app.forms.handlers import QUICK, plain, problem, sentence
from app.forms.link import FormLink

__all__ = ["QUICK", "FormLink", "plain", "problem", "sentence"]
