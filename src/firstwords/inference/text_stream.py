"""A continuation as text, in pieces as it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from firstwords.inference.generate import stream
from firstwords.inference.sampling import Sampling
from firstwords.inference.stop_strings import StopStrings
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizer import Tokenizer


def stream_text(
    model: Model,
    tokenizer: Tokenizer,
    prompt: list[int],
    max_tokens: int,
    sampling: Sampling,
    seed: int,
    stop: Sequence[str],
    ends: set[int],
) -> Iterator[str]:
    """The text behind a prompt; what may become a stop string waits until it is sure that it does not.

    Args:
        model: Causal.
        tokenizer: Of the model.
        prompt: Token ids.
        max_tokens: Longest continuation.
        sampling: How tokens are drawn.
        seed: Of the draws.
        stop: The text ends before the first of these strings.
        ends: Tokens that end it.
    """
    stops = StopStrings(tuple(stop), tokenizer)
    tokens = stream(
        model,
        prompt,
        max_tokens=max_tokens,
        sampling=sampling,
        seed=seed,
        stop=ends,
        ended=stops if stop else None,
    )
    held = ""
    for piece in whole_characters(tokenizer, tokens):
        whole = held + piece
        held = stops.cut(whole)
        if held != whole:
            break
        sure = stops.num_sure(held)
        if sure:
            yield held[:sure]
            held = held[sure:]
    if held:
        yield held


def whole_characters(tokenizer: Tokenizer, tokens: Iterable[int]) -> Iterator[str]:
    """The texts of tokens; where a character's bytes are not all there, they wait for the next token."""
    waiting: list[int] = []
    for token in tokens:
        waiting.append(token)
        piece = tokenizer.decode(waiting)
        # No character has more than four bytes: what is still broken after that stays so.
        if not piece.endswith("\N{REPLACEMENT CHARACTER}") or len(waiting) > 4:
            yield piece
            waiting = []
    if waiting:
        yield tokenizer.decode(waiting)
