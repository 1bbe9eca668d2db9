"""What a set-up ends with when it cannot go on."""


class Problem(Exception):
    """A set-up stopped. The message says what happened, to which thing, and what to do next."""
