"""Replies written together: who waits, who takes part, one step of llama.cpp after the other."""
