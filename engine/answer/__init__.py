"""Is this an answer, and what does it rest on: its form, its values beside its sources, its spans checked."""
