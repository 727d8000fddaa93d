"""Records of conversations, and the files they come from: JSON Lines or one JSON array, each record with its line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from firstwords.errors import RecipeError

Turn = tuple[str, str]
"""Role (`system`, `user`, `assistant` or `tool`) and content."""

# Names that well-known files give to the roles; a call of a function is something that the model writes.
ROLE_NAMES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "function_response": "tool",
}


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """One conversation. `group` is the unit it belongs to: intervals resample groups, and parts hold whole ones."""

    in_words: ClassVar[str] = "conversations"

    id: str
    group: str
    messages: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """A conversation up to a question, and two answers, of which people prefer the first."""

    in_words: ClassVar[str] = "pairs of answers"

    id: str
    group: str
    messages: tuple[Turn, ...]
    chosen: str
    rejected: str


def as_messages(turns: Sequence[Turn], *more: Turn) -> list[dict[str, str]]:
    """Turns as templates take them."""
    return [{"role": role, "content": content} for role, content in (*turns, *more)]


# --- Rows ------------------------------------------------------------------------------------------------------------

Row = Mapping[str, Any]
Made = TypeVar("Made")


def read_rows(
    place: Path, make: Callable[[Row], list[Made]], tell: Callable[[str], None] | None = None
) -> Iterator[tuple[int, Made]]:
    """What is made of each record of a file, with the line that the record begins on.

    Args:
        place: The file.
        make: Raises a `ValueError` where a record is malformed.
        tell: Gets the message of a malformed record, which is then left out.

    Raises:
        RecipeError: If a record is malformed and nobody is to be told; the message names file and line.
    """
    for line, row in numbered_rows(place):
        try:
            found = make(row)
        except ValueError as error:
            if tell is None:
                raise RecipeError(f'{place}: line {line}: {error} (malformed = "leave_out" goes on without)') from None
            tell(f"{place.name}: line {line}: {error}")
            continue
        for made in found:
            yield line, made


def numbered_rows(place: Path) -> Iterator[tuple[int, Row]]:
    """The objects of a JSON Lines file or of a file that is one JSON array (also packed), with their lines."""
    from firstwords.data.dataset import read_file

    try:
        text = read_file(place).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{place}: not UTF-8: {error}") from None
    found = _array(place, text) if text.lstrip()[:1] == "[" else _lines(place, text)
    empty = True
    for line, row in found:
        empty = False
        if not isinstance(row, dict):
            raise RecipeError(f"{place}: line {line}: a record is an object, not {type(row).__name__}")
        yield line, row
    if empty:
        raise RecipeError(f"{place}: no records")


def _lines(place: Path, text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise RecipeError(f"{place}: line {number}: not JSON: {error}") from None


def _array(place: Path, text: str) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    position, line = text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    first = True
    while True:
        start = _next(text, position)
        line += text.count("\n", position, start)
        if text[start : start + 1] == "]" and not text[start + 1 :].strip():
            return
        if not first:
            if text[start : start + 1] != ",":
                raise RecipeError(f"{place}: line {line}: expected a comma or the end of the list")
            position = start + 1
            start = _next(text, position)
            line += text.count("\n", position, start)
        try:
            row, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"{place}: line {line}: not JSON: {error}") from None
        yield line, row
        line += text.count("\n", start, position)
        first = False


def _next(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


# --- Turns -----------------------------------------------------------------------------------------------------------


def text_of(value: Any, what: str, *, may_be_empty: bool = False) -> str:
    """A value that must be a text.

    Raises:
        ValueError: If it is none, or an empty one.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is {'missing' if value is None else f'{type(value).__name__}, not a text'}")
    place = next((i for i, character in enumerate(value) if "\ud800" <= character <= "\udfff"), None)
    if place is not None:
        raise ValueError(f"{what} has a lone surrogate at character {place}: not Unicode")
    if not may_be_empty and not value.strip():
        raise ValueError(f"{what} is empty")
    return value


def turn_of(value: Any, what: str) -> Turn:
    """A message: `role` and `content`, or ShareGPT's `from` and `value`.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is {type(value).__name__}, not an object with role and content")
    name = value.get("role", value.get("from"))
    if name not in ROLE_NAMES:
        raise ValueError(f"{what} has the role {name!r}. Roles: {', '.join(ROLE_NAMES)}")
    role = ROLE_NAMES[name]
    content = value.get("content", value.get("value"))
    return role, text_of(content, f"the content of {what}", may_be_empty=role == "system")


def turns_of(row: Row, key: str = "") -> list[Turn]:
    """The messages of a record: under `key`, or `messages`, or ShareGPT's `conversations`; tools become system text.

    Raises:
        ValueError: If there are none, or one is malformed.
    """
    keys = [key] if key else ["messages", "conversations", "conversation"]
    found = next((k for k in keys if k in row), None)
    if found is None:
        raise ValueError(f"no '{keys[0]}'. It has: {', '.join(map(str, row)) or 'nothing'}")
    values = row[found]
    if not isinstance(values, list) or not values:
        raise ValueError(f"'{found}' is not a list of messages")
    turns = [turn_of(value, f"message {number}") for number, value in enumerate(values, 1)]
    turns = [turn for turn in turns if turn != ("system", "")]
    return with_system(turns, row.get("system"), row.get("tools"))


def with_system(turns: Sequence[Turn], system: Any, tools: Any) -> list[Turn]:
    """Turns behind the system message and the tools that stand beside them in a record."""
    parts = [text_of(system, "'system'")] if system else []
    if tools:
        parts.append("Tools:\n" + (tools if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False)))
    rest = list(turns)
    if parts and rest and rest[0][0] == "system":
        parts.append(rest.pop(0)[1])
    return [("system", "\n\n".join(parts)), *rest] if parts else rest


def check_order(turns: Sequence[Turn], *, answered: bool) -> None:
    """Refuse turns that are no conversation.

    Args:
        turns: All of them.
        answered: Whether the last one must be an answer; otherwise it must not be.

    Raises:
        ValueError: Saying what is wrong.
    """
    roles = [role for role, _ in turns]
    if "system" in roles[1:]:
        raise ValueError(f"message {roles.index('system', 1) + 1} is a system message, which stands first only")
    spoken = [role for role in roles if role != "system"]
    if not spoken or spoken[0] != "user":
        raise ValueError("the conversation does not begin with a message of the user")
    if answered and "assistant" not in spoken:
        raise ValueError("the conversation has no answer of the assistant")
    if not answered and spoken[-1] == "assistant":
        raise ValueError("the conversation ends with an answer, where the two answers should follow")
    for number, (first, second) in enumerate(pairwise(spoken), 2):
        if first == second == "user":
            raise ValueError(f"messages {number - 1} and {number} are both of the user, without an answer between")


def text_of_conversation(record: ChatRecord | PreferenceRecord) -> str:
    """Everything that is said in a record, for searches in other texts."""
    answers = [record.chosen, record.rejected] if isinstance(record, PreferenceRecord) else []
    return "\n\n".join([*(content for _, content in record.messages), *answers])


def question_of(turns: Sequence[Turn]) -> str:
    """What a conversation begins with: conversations of one beginning are kept in one part."""
    return next((content for role, content in turns if role == "user"), "")
