"""What a cell finds in its session: sub-calls, combinators, evidence and the ways to finish."""
