"""Runs out of Taproot and into it: exported as notebook, page, log, report or lessons; logs of other engines imported."""
