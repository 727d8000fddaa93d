"""What can go wrong, and the exit code that tells it to a script.

An error of these classes is the user's or the machine's: it is shown as one message without a stack trace. Anything
else that escapes is a mistake of ours and keeps its trace.
"""

from typing import ClassVar


class FirstwordsError(Exception):
    """Base of every error that is told to the user in one message."""

    exit_code: ClassVar[int] = 1


class RecipeError(FirstwordsError, ValueError):
    """A wrong recipe, option or input file named by the user."""

    exit_code = 2


class CannotFit(FirstwordsError):
    """The plan cannot work on this machine: too large for its memory, disk or budget."""

    exit_code = 3


class IntegrityError(FirstwordsError):
    """A stored file does not match its digest."""

    exit_code = 4


class TooManyRejects(FirstwordsError):
    """More of the input was unreadable than the recipe allows."""

    exit_code = 5


class OutOfResources(FirstwordsError):
    """Disk or memory ran out; what was finished is kept."""

    exit_code = 6


class NumericFailure(FirstwordsError):
    """A loss or gradient became infinite or not a number; the weights were not touched by it."""

    exit_code = 7


class Locked(FirstwordsError):
    """Another live process works on the same artifact."""

    exit_code = 8


class Interrupted(FirstwordsError):
    """Stopped on request; the same command continues."""

    exit_code = 75
