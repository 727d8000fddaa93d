"""Conversations with a model: how likely it finds answers, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from firstwords.inference import scoring
from firstwords.model.transformer import Model
from firstwords.tokenizer.chat_template import Message
from firstwords.tokenizer.conversation import encode_conversation, exchanges
from firstwords.tokenizer.tokenizer import Tokenizer

# Between turns, for a model that knows no template: what stands between paragraphs.
BETWEEN = "\n\n"


def answer_nats(
    model: Model,
    tokenizer: Tokenizer,
    conversations: Sequence[Sequence[Message]],
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """What the text of all answers of a conversation costs, in nats, each read behind everything before it.

    End marks are not counted, so that a model without a template, which reads the turns as paragraphs, is asked for the
    same text.
    """
    read = _in_template if tokenizer.template is not None else _as_paragraphs
    documents, counted = zip(*(read(tokenizer, messages) for messages in conversations), strict=True)
    found = scoring.token_log_likelihoods(model, [ids.tolist() for ids in documents], progress=progress)
    return [float(-nats[mask[1:]].sum()) + 0.0 for nats, mask in zip(found, counted, strict=True)]


def _in_template(tokenizer: Tokenizer, messages: Sequence[Message]) -> tuple[np.ndarray, np.ndarray]:
    encoded = encode_conversation(tokenizer, messages)
    return encoded.ids, encoded.learnt & ~np.isin(encoded.ids, list(tokenizer.special.values()))


def _as_paragraphs(tokenizer: Tokenizer, messages: Sequence[Message]) -> tuple[np.ndarray, np.ndarray]:
    between = tokenizer.encode(BETWEEN)
    ids, counted = [tokenizer.end_of_text], [False]
    for message in messages:
        content = tokenizer.encode(message["content"])
        ids += [*content, *between]
        counted += [message["role"] == "assistant"] * len(content) + [False] * len(between)
    return np.array(ids), np.array(counted)


class Prompt(NamedTuple):
    """What a model reads before it answers.

    Attributes:
        ids: Token ids.
        num_forgotten: Messages at the front that did not fit.
    """

    ids: list[int]
    num_forgotten: int


def prompt_for(tokenizer: Tokenizer, messages: Sequence[Message], room: int) -> Prompt:
    """A conversation up to its last question and the beginning of an answer, without the oldest turns if need be.

    The system message stays, and what stays begins with a question.

    Args:
        tokenizer: With a template.
        messages: The last one is a question.
        room: The most tokens. The last question is kept whatever its length; the model forgets its beginning.

    Raises:
        ValueError: If the template refuses the messages.
    """
    system, groups = exchanges(messages)
    for start in range(len(groups)):
        kept = [message for group in groups[start:] for message in group]
        ids = encode_conversation(tokenizer, [*system, *kept], ask=True).ids
        if len(ids) <= room or start == len(groups) - 1:
            return Prompt(ids.tolist(), len(messages) - len(system) - len(kept))
    raise ValueError("there is no question to answer")


def end_ids(tokenizer: Tokenizer) -> set[int]:
    """Tokens that end an answer."""
    assert tokenizer.template is not None
    return {tokenizer.special[tokenizer.template.end_mark()], tokenizer.end_of_text}
