"""All errors raised on purpose. Each message says what happened, to which thing, and what to do next."""


class TaprootError(Exception):
    """Root of all errors that are shown to a person as one sentence, without a traceback."""


class InputError(TaprootError):
    """What was asked for cannot be done as asked: a path, question, file or option is wrong (exit code 2)."""


class LockedError(InputError):
    """Nothing of what was given can be read without a password."""


class StoreError(TaprootError):
    """The data folder or its database cannot be used: locked, corrupt, full, or from a newer version."""


class ModelError(TaprootError):
    """The model cannot be loaded, or its process stopped."""


class Unsound(ModelError):
    """The model computes on this machine what is no number, or nothing: it must not answer."""


class ContextOverflow(ModelError):
    """A request does not fit the model's window. `needed` and `window` count tokens."""

    def __init__(self, message: str, needed: int, window: int):
        super().__init__(message)
        self.needed = needed
        self.window = window


class SandboxError(TaprootError):
    """No sandbox of the needed strength is available, so no cell may run."""


class KernelError(TaprootError):
    """The zygote or a worker cannot be started or reached."""


class CallRefused(TaprootError):
    """A sub-call cannot be made (budget, size). Raised in the cell as RuntimeError; the run goes on."""


class Cancelled(TaprootError):
    """A person stopped the work."""
