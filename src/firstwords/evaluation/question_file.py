"""Questions with answers to choose from, or with one that must be known, from JSON Lines files.

Forms that are read: `query`, `choices`, `gold`; `context_options`, `continuation`, `gold`; `context`, `continuation`
or `answer` (with `aliases`). `gold` is a number from 0, or one of the choices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from firstwords.data.dataset import draw
from firstwords.data.labelled_files import Place
from firstwords.data.table_rows import rows_of
from firstwords.errors import RecipeError

SHOTS_APART = "\n\n"


class Question(NamedTuple):
    """What is asked.

    Attributes:
        id: `file#row`.
        contexts: One for each choice (the same one, unless the choice is in the context).
        choices: What follows it.
        gold: Number of the right choice.
        source: What the file says of its origin, or nothing.
    """

    id: str
    contexts: tuple[str, ...]
    choices: tuple[str, ...]
    gold: int
    source: str

    @property
    def shown(self) -> str:
        """The right answer behind its question, as an example for others."""
        return self.contexts[self.gold] + self.choices[self.gold]

    @property
    def text(self) -> str:
        """Question and right answer, in one line."""
        return " ".join(self.shown.split())


def read_questions(place: Path, delimiter: str) -> list[Question]:
    """The questions of a file of `query` or `context_options`, in its order.

    Args:
        place: May be packed.
        delimiter: Between question and answer; white space at its end belongs to the answer, as tokenizers have it.

    Raises:
        RecipeError: Naming file, line and key.
    """
    found = []
    for row, where, name in rows_of(Place(place, "", "")):
        if "context_options" in row:
            contexts, choices = texts_at(row, "context_options", where), [text_at(row, "continuation", where)]
            choices *= len(contexts)
        else:
            choices = texts_at(row, "choices", where)
            contexts = [text_at(row, "query", where)] * len(choices)
        joined = [joint(context, choice, delimiter) for context, choice in zip(contexts, choices, strict=True)]
        source = str(row.get("source", row.get("category", "")))
        gold = _gold(row, list(texts_at(row, "context_options", where) if "context_options" in row else choices), where)
        found.append(
            Question(f"{place.name}#{name}", tuple(c for c, _ in joined), tuple(a for _, a in joined), gold, source)
        )
    if not found:
        raise RecipeError(f"{place}: holds no questions")
    return found


def joint(context: str, answer: str, delimiter: str) -> tuple[str, str]:
    """Context and continuation: white space between them begins the continuation.

    Tokenizers put a space into the token of the word behind it, so a context that ends in one is text they never saw.
    """
    front = context + delimiter
    kept = front.rstrip()
    return kept, front[len(kept) :] + answer


def with_shots(questions: Sequence[Question], pool: Sequence[Question], shots: int, seed: int) -> list[Question]:
    """Questions behind answered ones, which are drawn for each by its name; itself and its copies are never among them.

    Raises:
        RecipeError: If the pool is too small.
    """
    if not shots:
        return list(questions)
    texts = [_digest(each) for each in pool]
    found = []
    for question in questions:
        own = _digest(question)
        order = sorted(range(len(pool)), key=lambda n: draw(f"shots {seed} {question.id}", f"{n} {pool[n].id}"))
        chosen = [pool[n] for n in order if texts[n] != own][:shots]
        if len(chosen) < shots:
            raise RecipeError(f"{question.id}: {shots} answered examples are wanted, there are {len(chosen)} others")
        front = "".join(each.shown + SHOTS_APART for each in chosen)
        found.append(question._replace(contexts=tuple(front + context for context in question.contexts)))
    return found


def text_at(row: Mapping[str, Any], key: str, where: str) -> str:
    """A text of a row."""
    value = row.get(key)
    if not isinstance(value, str):
        raise RecipeError(f"{where} has no text '{key}'. It has: {', '.join(map(str, row))}")
    return value


def texts_at(row: Mapping[str, Any], key: str, where: str) -> list[str]:
    """A list of at least two texts of a row."""
    value = row.get(key)
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, str) and each for each in value):
        raise RecipeError(f"{where}: '{key}' is no list of at least two texts. It has: {', '.join(map(str, row))}")
    return value


def _gold(row: Mapping[str, Any], choices: list[str], where: str) -> int:
    gold = row.get("gold")
    if isinstance(gold, str) and gold in choices:
        return choices.index(gold)
    if isinstance(gold, bool) or not isinstance(gold, int) or not 0 <= gold < len(choices):
        raise RecipeError(f"{where}: 'gold' is {gold!r}, neither a number from 0 to {len(choices) - 1} nor a choice")
    return gold


def _digest(question: Question) -> bytes:
    """Of what is asked, so that a copy of a question is known as one."""
    text = "\0".join([*question.contexts, *question.choices]).casefold()
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).digest()
