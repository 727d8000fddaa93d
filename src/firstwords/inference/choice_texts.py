"""Contexts and continuations as tokens: where the one ends and the other begins."""

from __future__ import annotations

from collections.abc import Sequence

from firstwords.errors import RecipeError
from firstwords.inference.choices import Sequences
from firstwords.tokenizer.tokenizer import Tokenizer


def encode_choices(tokenizer: Tokenizer, questions: Sequence[Sequence[tuple[str, str]]]) -> list[Sequences]:
    """Pairs of context and continuation as tokens.

    Both are encoded together; the continuation's tokens are those after as many as the context alone has. An empty
    context stands for the beginning of a text.

    Args:
        tokenizer: Of the model.
        questions: For each its pairs, at least one.

    Raises:
        RecipeError: If a continuation has no token of its own.
    """
    contexts = list(dict.fromkeys(context for question in questions for context, _ in question))
    lengths = dict(zip(contexts, map(len, tokenizer.encode_batch(contexts)), strict=True))
    wholes = iter(tokenizer.encode_batch(context + text for question in questions for context, text in question))
    found = []
    for question in questions:
        sequences, given = [], []
        for context, continuation in question:
            ids, num_given = next(wholes), lengths[context]
            if not num_given:
                ids, num_given = [tokenizer.end_of_text, *ids], 1
            if len(ids) <= num_given:
                raise RecipeError(f"the continuation {continuation!r} has no token of its own behind its context")
            sequences.append(tuple(ids))
            given.append(num_given)
        found.append(Sequences(tuple(sequences), tuple(given)))
    return found
