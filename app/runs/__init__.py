"""Runs and their sessions: `service.Runs` and `sessions.Sessions`, their routes, and the tree, head and answer of a run."""
