"""Turns of a small model that are taken anew: when, how the reply is drawn then, and what counts in the end."""

from engine.run.draws.redraws import Redraws, doubt, draw_again, form_of, sampling_of, settle

__all__ = ["Redraws", "doubt", "draw_again", "form_of", "sampling_of", "settle"]
