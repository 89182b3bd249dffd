"""Errors of the trainer.

TrainerError
├── UnknownStyle         a prompt style that is not one of ours
├── InstructionTooLong   an instruction that does not fit the context, and is never cut silently
├── ModelMissing         a model that is not here and cannot be fetched
└── AdapterRefused       an adapter that is absent, unsafe, or made for another base model

Each message is one sentence that names the value and what to do next.
"""


class TrainerError(Exception):
    """What went wrong, in one sentence a person can act on."""


class UnknownStyle(TrainerError):
    """The prompt style's name is not known, or the model cannot use it."""


class InstructionTooLong(TrainerError):
    """The instruction alone takes more tokens than the context leaves for the prompt."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"The instruction has {tokens} tokens and at most {limit} fit; "
            "shorten it, or move its material into the input, which may be cut."
        )
        self.tokens = tokens
        self.limit = limit


class ModelMissing(TrainerError):
    """The model is not on this machine and could not be fetched."""


class AdapterRefused(TrainerError):
    """The adapter is not there, is not what it says it is, or was made for another base model."""
