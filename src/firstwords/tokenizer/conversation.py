"""Conversations as token ids, with what the model is to learn of them marked exactly.

The ids are those of transformers' `apply_chat_template`. There is one difference: where a message holds the name of a
special token ("write <|end|> when you are done"), these are the letters here and the token there, so that nobody's
message can end a turn or begin one of the assistant's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firstwords.artifact import atomic_write, write_json
from firstwords.errors import RecipeError
from firstwords.tokenizer.chat_template import (
    FILE,
    MARKS,
    OUR_TEMPLATE,
    ChatTemplate,
    Message,
    Rendered,
    config_of,
    special_names,
)
from firstwords.tokenizer.tokenizer import Tokenizer


class DoesNotFit(ValueError):
    """No question with its answer is short enough for the context."""


@dataclass(frozen=True)
class Encoded:
    """A conversation, or a part of one, as token ids.

    Attributes:
        ids: (T,) int32.
        learnt: (T,) bool: the token belongs to an answer or is its end mark.
    """

    ids: np.ndarray
    learnt: np.ndarray


def encode_conversation(tokenizer: Tokenizer, messages: Sequence[Message], *, ask: bool = False) -> Encoded:
    """A whole conversation.

    Args:
        tokenizer: With a template.
        messages: In their order.
        ask: Whether the beginning of an answer follows.

    Raises:
        ValueError: If the template refuses the messages.
    """
    if tokenizer.template is None:
        raise RecipeError("the model has no chat template: it was not taught to answer")
    rendered = tokenizer.template.render(messages, ask=ask)
    ids, offsets = _encode(tokenizer, rendered)
    learnt = np.zeros(len(ids), dtype=bool)
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    for start, end in rendered.answers:
        # A token that reaches across the border of an answer would teach what stands before it.
        learnt |= (places[:, 0] >= start) & (places[:, 1] <= end) & (places[:, 1] > start)
    return Encoded(np.array(ids, dtype=np.int32), learnt)


def _encode(tokenizer: Tokenizer, rendered: Rendered) -> tuple[list[int], list[tuple[int, int]]]:
    """Token ids and their places in the rendered text."""
    if not rendered.stand_ins:
        return tokenizer.encode_marked(rendered.text)
    special = tokenizer.special
    pattern = "|".join(re.escape(name) for name in sorted(special, key=len, reverse=True))
    ids: list[int] = []
    places: list[tuple[int, int]] = []
    start = 0
    for piece in re.split(f"({pattern})", rendered.text):
        if piece in special:
            ids.append(special[piece])
            places.append((start, start + len(piece)))
        elif piece:
            shown = "".join(rendered.stand_ins.get(character, character) for character in piece)
            # Character i of what is encoded stands at `at[i]` of the rendered piece.
            at = [n for n, character in enumerate(piece) for _ in rendered.stand_ins.get(character, character)]
            at.append(len(piece))
            found, offsets = tokenizer.encode_with_offsets(shown)
            ids += found
            places += [(start + at[a], start + (at[b - 1] + 1 if b > a else at[a])) for a, b in offsets]
        start += len(piece)
    return ids, places


def exchanges(messages: Sequence[Message]) -> tuple[list[Message], list[list[Message]]]:
    """The system messages at the front, and the turns in groups that begin with a question."""
    first = next((n for n, message in enumerate(messages) if message["role"] != "system"), len(messages))
    groups: list[list[Message]] = []
    for message in messages[first:]:
        if message["role"] == "user" and (not groups or any(m["role"] == "assistant" for m in groups[-1])):
            groups.append([])
        if not groups:
            groups.append([])
        groups[-1].append(message)
    return list(messages[:first]), groups


def encode_pieces(tokenizer: Tokenizer, messages: Sequence[Message], context: int) -> tuple[list[Encoded], int]:
    """A conversation as pieces that fit a context, cut between a whole answer and the next question.

    Every piece begins with the system message. What is learnt of the conversation is learnt in exactly one piece.

    Args:
        tokenizer: With a template.
        messages: In their order.
        context: The most tokens that are read; the last token of a piece is only predicted.

    Returns:
        The pieces, and the number of exchanges that were left out because one alone is too long.

    Raises:
        DoesNotFit: If all are.
        ValueError: If the template refuses the messages.
    """
    whole = encode_conversation(tokenizer, messages)
    if len(whole.ids) <= context + 1:
        return [whole], 0
    system, groups = exchanges(messages)
    pieces: list[Encoded] = []
    left_out = 0
    part: list[Message] = []
    fitting: Encoded | None = None
    for group in groups:
        longer = encode_conversation(tokenizer, [*system, *part, *group])
        if part and len(longer.ids) > context + 1:
            assert fitting is not None
            pieces.append(fitting)
            part, fitting = [], None
            longer = encode_conversation(tokenizer, [*system, *group])
        if len(longer.ids) > context + 1:
            left_out += 1
        else:
            part, fitting = [*part, *group], longer
    if fitting is not None:
        pieces.append(fitting)
    pieces = [piece for piece in pieces if piece.learnt.any()]
    if not pieces:
        raise DoesNotFit(f"no question with its answer has at most {context + 1:,} tokens")
    return pieces, left_out


# --- Files -----------------------------------------------------------------------------------------------------------


def with_template(source: Path, folder: Path) -> Tokenizer:
    """The tokenizer of a base, made ready for conversations, in a folder of its own.

    A base that has a template keeps it, and its vocabulary; another gets ours, whose marks become its last tokens.

    Args:
        source: The base's folder.
        folder: Gets `tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja`.

    Raises:
        RecipeError: If the base's template does not end answers with a special token.
    """
    tokenizer = Tokenizer.load(source)
    values = config_of(source)
    values.pop("auto_map", None)  # never a reference to code
    if tokenizer.template is None:
        tokenizer = tokenizer.with_special(MARKS)
        names = special_names(source) or {"bos_token": tokenizer.token(tokenizer.end_of_text) or ""}
        names.setdefault("bos_token", tokenizer.token(tokenizer.end_of_text) or "")
        tokenizer.template = ChatTemplate(OUR_TEMPLATE, names, tuple(tokenizer.special))
        values |= names
    # AutoTokenizer finds the marks in what a template wrote only so.
    values["split_special_tokens"] = False
    tokenizer.template.end_mark()
    values.pop("chat_template", None)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.write_backend(folder)
    write_json(folder / "tokenizer_config.json", values)
    with atomic_write(folder / FILE) as temporary:
        temporary.write_text(tokenizer.template.source, encoding="utf-8")
    return tokenizer
