"""Subtitles (SubRip, WebVTT): their cues, and what is said in them as a transcript."""
