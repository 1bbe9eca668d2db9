"""The memory of llama.cpp: which sequence holds which tokens, what is shared, saved or given up."""
