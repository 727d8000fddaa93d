"""Pairs of answers, of which people prefer one: what preference optimisation learns from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from firstwords.data.conversation import (
    PreferenceRecord,
    Row,
    Turn,
    check_order,
    text_of,
    turn_of,
    turns_of,
    with_system,
)
from firstwords.data.conversation_files import ConversationFiles, first_key
from firstwords.data.datasets.instructions import INPUTS, QUESTIONS

_SPEAKER = re.compile(r"\n\n(Human|Assistant):")


@dataclass(frozen=True, kw_only=True)
class Preferences(ConversationFiles):
    """A conversation with `chosen` and `rejected` answers.

    Three forms are known by themselves: `conversations` (or `messages`) with two messages; a question (`prompt`,
    `instruction` ...) with two texts or two whole conversations; two whole dialogues in one text each, as in HH-RLHF
    (paragraphs that begin with `Human:` and `Assistant:`). What two dialogues share is the conversation, and the first
    answers that differ are compared.
    """

    record: ClassVar[type] = PreferenceRecord

    key: str = ""
    """Where the messages stand, if not in `messages` or `conversations`."""

    def _maker(self) -> Callable[[Row], list[dict[str, Any]]]:
        return self._make

    def _make(self, row: Row) -> list[dict[str, Any]]:
        for name in ("chosen", "rejected"):
            if name not in row:
                raise ValueError(f"no '{name}'. It has: {', '.join(map(str, row)) or 'nothing'}")
        chosen, rejected = _turns(row["chosen"], "'chosen'"), _turns(row["rejected"], "'rejected'")
        if self.key or "messages" in row or "conversations" in row:
            before = turns_of(row, self.key)
        elif len(chosen) > 1 or len(rejected) > 1:
            before = []
        else:
            before = _question(row)
        shared = 0
        if len(chosen) > 1 or len(rejected) > 1:
            shared = next(
                (n for n, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b),
                min(len(chosen), len(rejected)),
            )
            before = before or chosen[:shared]
        if shared >= min(len(chosen), len(rejected)):
            raise ValueError("the answers do not differ")
        (role, good), (other_role, bad) = chosen[shared], rejected[shared]
        if role != "assistant" or other_role != "assistant":
            raise ValueError("the dialogues part with a message of the user: no two answers to one question")
        if good == bad:
            raise ValueError("the answers do not differ")
        check_order(before, answered=False)
        return [{"messages": tuple(before), "chosen": good, "rejected": bad}]


def _turns(value: Any, what: str) -> list[Turn]:
    """An answer alone as one turn, or a whole dialogue."""
    if isinstance(value, Mapping):
        return [turn_of(value, what)]
    if isinstance(value, list):
        if not value:
            raise ValueError(f"{what} is an empty list")
        return [turn_of(each, f"message {number} of {what}") for number, each in enumerate(value, 1)]
    text = text_of(value, what)
    if not text.startswith("\n\nHuman:"):
        return [("assistant", text)]
    _, *pieces = _SPEAKER.split(text)
    roles = ["user" if speaker == "Human" else "assistant" for speaker in pieces[::2]]
    return [
        (role, text_of(content.strip(), f"message {number} of {what}"))
        for number, (role, content) in enumerate(zip(roles, pieces[1::2], strict=True), 1)
    ]


def _question(row: Row) -> list[Turn]:
    key = first_key(row, QUESTIONS)
    if key is None:
        raise ValueError(f"no question: it needs 'messages', 'prompt' or the like. It has: {', '.join(map(str, row))}")
    if isinstance(row[key], list):
        return turns_of(row, key)
    about = first_key(row, INPUTS)
    more = text_of(row[about] or "", f"'{about}'", may_be_empty=True) if about else ""
    question = text_of(row[key], f"'{key}'")
    turns: list[Turn] = [("user", f"{question}\n\n{more}" if more.strip() else question)]
    return with_system(turns, row.get("system"), None)
