"""How a labelled example is written into a prompt: the text on one line, its label on the next.

Every piece ends with a line break, and none begins with white space that could join what stands before it, so that a
prompt is the same tokens whether it is encoded as a whole or piece by piece.
"""

from __future__ import annotations

LEAD = "Label:"
"""Stands before every label."""
MAX_WORDS = 48
"""A longer text is cut: examples must fit beside each other into a small model's context."""
MAX_WORD_CHARACTERS = 8


def tidy(text: str, max_words: int = MAX_WORDS) -> str:
    """A text on one line, cut behind so many words, and where words are very long (encoded files) sooner."""
    return " ".join(text.split(None, max_words)[:max_words])[: MAX_WORD_CHARACTERS * max_words].rstrip()


def label_words(label: str) -> str:
    """The name of a label as it stands in a prompt: `card_arrival` reads `card arrival`."""
    return " ".join(label.replace("_", " ").split())


def question(text: str) -> str:
    """What a model reads before it answers with a label."""
    return f"{text}\n{LEAD}"


def answer(label: str) -> str:
    """A label as the answer to `question`; the line break says that the name is over."""
    return f" {label}\n"


def announcement(label: str) -> str:
    """What a model reads before it writes a text of this label (the channel direction)."""
    return f"{LEAD} {label}\n"


def announced(text: str) -> str:
    """A text behind its `announcement`."""
    return f"{text}\n"
