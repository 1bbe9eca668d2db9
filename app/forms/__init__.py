"""What the forms of Gradio share: how handlers are wired, sentences that Gradio shows as they are, the link to the page, pickers."""

from app.forms.handlers import LATEST, QUICK, plain, problem, sentence
from app.forms.link import FormLink
from app.forms.picker import Picker

__all__ = ["LATEST", "QUICK", "FormLink", "Picker", "plain", "problem", "sentence"]
