"""How many entries a vocabulary should have."""

from __future__ import annotations

import math

from firstwords.errors import RecipeError


def refuse_below(smallest: int, vocab_size: int | None, what: str) -> None:
    """Refuse a vocabulary in which not even its alphabet has room.

    Args:
        smallest: Entries it must have.
        vocab_size: Entries asked for; None is never too few.
        what: What needs the smallest number, in words.

    Raises:
        RecipeError: If it is too small.
    """
    if vocab_size is not None and vocab_size < smallest:
        raise RecipeError(f"vocab_size {vocab_size} is too small: {what} need {smallest}")


def chosen_size(vocab_size: int | None, num_bytes: int) -> tuple[int, str]:
    """What the recipe says, or `default_vocab_size`, with the reason."""
    return default_vocab_size(num_bytes) if vocab_size is None else (vocab_size, "set in the recipe")


def default_vocab_size(num_bytes: int) -> tuple[int, str]:
    """A vocabulary that fits the text: 16,384 entries for 100 MB, growing with the square root.

    Distinct words grow about with the square root of a text (Heaps 1978), so the share of entries that are too rare to
    be learnt stays alike. At most 65,536, the most that two bytes a token can number; a multiple of 256, which divides
    evenly into what matrix products work in.

    Args:
        num_bytes: UTF-8 bytes of the training text.

    Returns:
        The number of entries, and the reason in words.
    """
    entries = 256 * round(16_384 * math.sqrt(num_bytes / 100e6) / 256)
    chosen = min(max(entries, 512), 65_536)
    reason = f"16,384 x sqrt({num_bytes / 1e6:,.1f} MB / 100 MB), to the next 256 (distinct words: Heaps' law)"
    return chosen, reason if chosen == entries else f"{reason}, kept within 512 to 65,536"
