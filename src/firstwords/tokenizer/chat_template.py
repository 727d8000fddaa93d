"""How a conversation is written for a model: a Jinja template, rendered in a sandbox, and where the answers stand.

The template is part of the checkpoint (`chat_template.jinja`), in transformers' form, so that `apply_chat_template` and
this module give the same text. A template may come with somebody else's model: it can compute nothing but text, of
bounded length. Messages are data: what looks like a mark in a message stays text (`tokenizer.conversation`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstwords.errors import RecipeError

if TYPE_CHECKING:
    from jinja2 import Template

FILE = "chat_template.jinja"
MAX_TEMPLATE_BYTES = 2**20
MAX_RENDERED_CHARACTERS = 2**24

Message = Mapping[str, str]
"""`role` and `content`."""

ROLES = ("system", "user", "assistant", "tool")
MARKS = (*(f"<|{role}|>" for role in ROLES), "<|end|>")
"""Special tokens of our template: what a turn begins with, by its role, and what ends every turn."""

# No text stands between a mark and a message, so that no token can reach across the border of an answer.
OUR_TEMPLATE = """\
{{ bos_token }}
{%- for message in messages %}
    {%- if message.role not in ['system', 'user', 'assistant', 'tool'] %}
        {{- raise_exception('unknown role: ' + message.role) }}
    {%- endif %}
    {{- '<|' + message.role + '|>' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}{{ message.content + '<|end|>' }}{% endgeneration %}
    {%- else %}
        {{- message.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>' }}
{%- endif %}
"""

# Characters that no text may hold (Unicode noncharacters): they carry places through a template.
_NONCHARACTERS = tuple(chr(code) for code in range(0xFDD0, 0xFDF0))


@dataclass(frozen=True)
class Rendered:
    """A conversation as text.

    Attributes:
        text: What the model reads, with a stand-in for each special token's name that a message happens to hold.
        answers: (start, end) in `text` of every answer, its end mark included.
        stand_ins: Stand-in to the name.
    """

    text: str
    answers: list[tuple[int, int]]
    stand_ins: dict[str, str]


@dataclass(frozen=True)
class ChatTemplate:
    """A template and the special tokens that it may use.

    Attributes:
        source: The Jinja text.
        names: Special tokens by what a template calls them: `bos_token`, `eos_token` ...
        special: All special tokens of the vocabulary, as they are written.
    """

    source: str
    names: Mapping[str, str]
    special: tuple[str, ...]

    @cached_property
    def _compiled(self) -> Template:
        from jinja2 import TemplateError

        if len(self.source.encode()) > MAX_TEMPLATE_BYTES:
            raise RecipeError(f"the chat template has more than {MAX_TEMPLATE_BYTES:,} bytes")
        try:
            return _environment().from_string(self.source)
        except (TemplateError, RecursionError) as error:
            raise RecipeError(f"the chat template cannot be read: {error}") from None

    @property
    def marks_answers(self) -> bool:
        """Whether the template itself says where answers stand (`{% generation %}`)."""
        return "endgeneration" in self.source

    def render(self, messages: Sequence[Message], *, ask: bool = False) -> Rendered:
        """The text of a conversation.

        Args:
            messages: In their order.
            ask: Whether the beginning of an answer follows, which the model is to write; earlier answers are then only
                found where the template marks them.

        Raises:
            ValueError: If the template refuses the messages, or its answers cannot be told from the rest.
        """
        held = "".join(message["content"] for message in messages)
        free = [character for character in _NONCHARACTERS if character not in held]
        found = [name for name in self.special if name in held]
        if len(free) < 2 + len(found):
            raise ValueError("a message is made of characters that are none (U+FDD0 to U+FDEF)")
        opening, closing, *others = free
        stand_ins = dict(zip(others, sorted(found, key=len, reverse=True), strict=False))
        hidden = [dict(message) | {"content": _hide(message["content"], stand_ins)} for message in messages]
        if self.marks_answers:
            text, answers = _places(self._render(hidden, ask, opening, closing), opening, closing)
        elif ask:  # nothing is learnt from what is asked, so a template may drop what was said long ago
            text, answers = self._render(hidden, ask), []
        else:
            text, answers = self._find_answers(hidden, opening, closing)
        return Rendered(text, [self._with_end(text, *answer) for answer in answers if answer[0] < answer[1]], stand_ins)

    def plain(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        """The text alone, as transformers' `apply_chat_template(tokenize=False)` gives it."""
        return self._render(messages, ask)

    def end_mark(self, messages: Sequence[Message] = ({"role": "user", "content": "a"},)) -> str:
        """The special token that ends an answer.

        Raises:
            RecipeError: If there is none: a model could not learn to end.
        """
        answered = [*messages, {"role": "assistant", "content": "b"}]
        try:
            rendered = self.render(answered)
        except ValueError as error:
            raise RecipeError(f"the chat template cannot write a question and an answer: {error}") from None
        start, end = rendered.answers[-1]
        answer = rendered.text[start:end]
        ends = [name for name in self.special if answer.endswith(name)]
        if not ends:
            raise RecipeError("the chat template writes no special token behind an answer: a model could not end one")
        return max(ends, key=len)

    def _render(self, messages: Sequence[Message], ask: bool, opening: str = "", closing: str = "") -> str:
        from jinja2 import TemplateError

        compiled = self._compiled
        compiled.environment.answer_marks = (opening, closing)  # type: ignore[attr-defined]
        values: dict[str, Any] = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": ask}
        try:
            parts, length = [], 0
            for part in compiled.generate(values | dict(self.names)):
                parts.append(part)
                length += len(part)
                if length > MAX_RENDERED_CHARACTERS:
                    raise ValueError(f"the chat template writes more than {MAX_RENDERED_CHARACTERS:,} characters")
        except (TemplateError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            raise ValueError(f"the chat template refuses the messages: {error}") from None
        return "".join(parts)

    def _find_answers(
        self, messages: Sequence[Message], opening: str, closing: str
    ) -> tuple[str, list[tuple[int, int]]]:
        """Render once as it is, then with a sign before and behind every answer; without the signs both are equal.

        A template may strip white space off a message, so the signs are tried outside of it, then inside.
        """
        text = self._render(messages, False)
        number = sum(message["role"] == "assistant" for message in messages)
        for signed in (_signed_outside, _signed_inside):
            marked = [
                dict(m) | {"content": signed(m["content"], opening, closing)} if m["role"] == "assistant" else m
                for m in messages
            ]
            found, answers = _places(self._render(marked, False), opening, closing)
            if found == text and len(answers) == number:
                return text, answers
        raise ValueError(
            "the chat template changes or leaves out answers, so that they cannot be told from the rest: put "
            "{% generation %} ... {% endgeneration %} around them in the template"
        )

    def _with_end(self, text: str, start: int, end: int) -> tuple[int, int]:
        """An answer with the special token that follows it at once, unless it ends with one."""
        if any(text.endswith(name, start, end) for name in self.special):
            return start, end
        following = [name for name in self.special if text.startswith(name, end)]
        return start, end + max(map(len, following), default=0)


def _signed_outside(content: str, opening: str, closing: str) -> str:
    return f"{opening}{content}{closing}"


def _signed_inside(content: str, opening: str, closing: str) -> str:
    core = content.strip()
    start = content.find(core)
    return f"{content[:start]}{opening}{core}{closing}{content[start + len(core) :]}"


def _hide(content: str, stand_ins: Mapping[str, str]) -> str:
    for character, name in stand_ins.items():
        content = content.replace(name, character)
    return content


def _places(text: str, opening: str, closing: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its signs, and where these stood."""
    answers, parts, length = [], [], 0
    before, *rest = text.split(opening)
    parts.append(before)
    length += len(before)
    for piece in rest:
        inside, closed, behind = piece.partition(closing)
        if closed:
            answers.append((length, length + len(inside)))
        parts += [inside, behind]
        length += len(inside) + len(behind)
    return "".join(parts).replace(closing, ""), answers


# --- The sandbox -----------------------------------------------------------------------------------------------------


def _environment() -> Any:
    """The settings of transformers, in a sandbox that can change nothing and cannot multiply texts without bound."""
    from datetime import datetime

    import jinja2
    from jinja2.ext import Extension, loopcontrols
    from jinja2.nodes import CallBlock
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["*", "**", "%"])
        answer_marks = ("", "")

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            for text, number in ((left, right), (right, left)):
                if operator == "*" and isinstance(text, str | list | tuple) and isinstance(number, int):
                    too_long = len(text) * number > MAX_RENDERED_CHARACTERS
                    if too_long:
                        raise jinja2.TemplateRuntimeError("a text is repeated too often")
            if operator == "**" and isinstance(right, int | float) and abs(right) > 64:
                raise jinja2.TemplateRuntimeError("a power is too large")
            if operator == "%" and isinstance(left, str):
                raise jinja2.TemplateRuntimeError("texts are not formatted with %")
            return super().call_binop(context, operator, left, right)

    class Generation(Extension):
        """`{% generation %} ... {% endgeneration %}` around what the model writes."""

        tags = {"generation"}  # noqa: RUF012 (jinja's way)

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

        def _mark(self, caller: Any) -> str:
            opening, closing = self.environment.answer_marks  # type: ignore[attr-defined]
            return f"{opening}{caller()}{closing}"

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(
        value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
    ) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment


# --- Files -----------------------------------------------------------------------------------------------------------


def read_template(folder: Path) -> str | None:
    """The template of a model's folder: `chat_template.jinja`, or the one in `tokenizer_config.json`; None = none.

    Raises:
        RecipeError: If it cannot be read.
    """
    if (folder / FILE).is_file():
        if (folder / FILE).stat().st_size > MAX_TEMPLATE_BYTES:
            raise RecipeError(f"{folder / FILE} has more than {MAX_TEMPLATE_BYTES:,} bytes")
        try:
            return (folder / FILE).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{folder / FILE} is not UTF-8: {error}") from None
    values = config_of(folder).get("chat_template")
    if isinstance(values, list):  # several, by name
        values = next((v.get("template") for v in values if isinstance(v, dict) and v.get("name") == "default"), None)
    return values if isinstance(values, str) else None


def special_names(folder: Path) -> dict[str, str]:
    """Special tokens by what a template calls them."""
    return dict(_named(config_of(folder)))


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = value.get("content") if isinstance(value, dict) else value
        if key.endswith("_token") and isinstance(name, str):
            yield key, name


def config_of(folder: Path) -> dict[str, Any]:
    """What `tokenizer_config.json` says; nothing where there is none.

    Raises:
        RecipeError: If it cannot be read.
    """
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} cannot be read: {error}") from None
    return values if isinstance(values, dict) else {}
