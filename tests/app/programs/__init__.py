"""Tests of `app/programs`."""
