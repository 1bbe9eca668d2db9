"""The loop of a Recursive Language Model: nodes, turns, sub-calls, limits, and the direct way past them."""
