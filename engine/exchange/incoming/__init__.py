"""Logs of other engines as runs: read whole and checked first, then turned into the events that Taproot would have written."""
