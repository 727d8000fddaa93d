"""A kind of number that is told by its shape, its check digits and, where these are weak, a word before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from firstwords.data.personal.finder import Finder, Span, extends_word, is_announced


@dataclass(frozen=True)
class Rule:
    """One type of number.

    Shapes are written with 9 for a digit and A for a capital letter; anything else stands for itself, and a space also
    for a no-break space.

    Attributes:
        type: Of its spans.
        plain: Shapes that count wherever they stand.
        announced: Shapes that count only behind one of `words`: they are common, or the check leaves too many.
        holds: Whether the number, without separators, can be one.
        words: Pattern of `finder.words`.
    """

    type: str
    plain: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    holds: Callable[[bytes], bool] = field(default=lambda digits: True)
    words: re.Pattern[bytes] | None = None


_SPACE = rb"(?: |\xc2\xa0)"
_CHARACTER = {"9": rb"[0-9]", "A": rb"[A-Z]", " ": _SPACE}
_TO_SHAPE = bytes.maketrans(b"012345678BCDEFGHIJKLMNOPQRSTUVWXYZ", b"9" * 9 + b"A" * 25)
_SEPARATORS = b" .-/"


def _pattern(shape: str) -> bytes:
    """The shape as a regular expression, with repeats counted: 99 is [0-9]{2}."""
    parts = []
    for run in re.finditer(r"(.)\1*", shape):
        character = _CHARACTER.get(run[1], re.escape(run[1]).encode())
        parts.append(character if len(run[0]) == 1 else character + b"{%d}" % len(run[0]))
    return b"".join(parts)


@dataclass(frozen=True)
class RuleBook:
    """Several rules that read a text together; among rules for one shape, those that ask for a word come first."""

    rules: tuple[Rule, ...]

    @cached_property
    def _by_shape(self) -> dict[bytes, list[tuple[Rule, bool]]]:
        found: dict[bytes, list[tuple[Rule, bool]]] = {}
        for rule in self.rules:
            for shape in rule.announced:
                found.setdefault(shape.encode(), []).append((rule, True))
        for rule in self.rules:
            for shape in rule.plain:
                found.setdefault(shape.encode(), []).append((rule, False))
        return found

    @cached_property
    def _shapes(self) -> re.Pattern[bytes]:
        # By the digits that a shape begins with, of which at one place only one number can be right: tried one by one,
        # sixty shapes took three times as long. The longest first: a number is not the beginning of a longer one.
        rests: dict[int, list[bytes]] = {}
        for shape in sorted((shape.decode() for shape in self._by_shape), key=lambda shape: (-len(shape), shape)):
            rest = shape.lstrip("9")
            assert rest != shape, f"the shape {shape} must begin with a digit"
            rests.setdefault(len(shape) - len(rest), []).append(_pattern(rest))
        groups = [b"[0-9]{%d}(?![0-9])(?:%b)" % (size, b"|".join(each)) for size, each in sorted(rests.items())]
        return re.compile(
            rb"(?<![0-9A-Za-z])(?<![0-9][.\-/])(?:" + b"|".join(groups) + rb")(?![0-9A-Za-z])(?![.\-/][0-9])"
        )

    def find(self, text: bytes, start: int, end: int) -> Iterator[Span]:
        """The numbers that begin in a part of a text, in order, without overlaps."""
        at = start
        # What begins in the part may end behind it: a letter, a fifth number of a version.
        while (match := self._shapes.search(text, at, min(len(text), end + 32))) and match.start() < end:
            span = self._decide(text, match)
            if span is not None:
                yield span
            at = match.start() + 1 if span is None else span.end

    def _decide(self, text: bytes, match: re.Match[bytes]) -> Span | None:
        start, end = match.span()
        while True:
            value = text[start:end].replace(b"\xc2\xa0", b" ")
            for rule, needs_word in self._by_shape.get(value.translate(_TO_SHAPE), ()):
                if not rule.holds(value.translate(None, _SEPARATORS)) or extends_word(text, start, end):
                    continue
                if not needs_word or (rule.words is not None and is_announced(text, start, rule.words)):
                    return Span(rule.type, start, end)
            # Another number may follow behind a space: "4111 1111 1111 1111 123 Main Street".
            cut = max(text.rfind(b" ", start, end), text.rfind(b"\xc2\xa0", start, end))
            if cut < 0:
                return None
            end = cut


@dataclass(frozen=True)
class Lettered:
    """A type of number with letters in it, which a trigger of its own finds whole.

    Attributes:
        type: Of its spans.
        trigger: RE2 pattern of the whole number.
        holds: Whether the number, without separators, can be one.
        words: If given, one of them must stand before it.
    """

    type: str
    trigger: str
    holds: Callable[[bytes], bool]
    words: re.Pattern[bytes] | None = None

    @property
    def finder(self) -> Finder:
        """As one of the families."""
        return Finder((self.type,), self.trigger, self._find)

    def _find(self, text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
        if not self.holds(text[start:end].translate(None, _SEPARATORS)) or extends_word(text, start, end):
            return
        if self.words is None or is_announced(text, start, self.words):
            yield Span(self.type, start, end)
