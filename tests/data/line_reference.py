"""In ordinary Python what `line_measures` says of lines: the statement that the kernels and the filters are held to."""

import re
from dataclasses import dataclass

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE, SYMBOL, tables
from firstwords.data.line_measures import terminal_marks

CLOSING = "\"')]”’»"


def kind_of(character: str) -> int:
    code = ord(character)
    if code > 0xFFFF:
        return IDEOGRAPH if code >= 0x20000 else SYMBOL if code >= 0x1D000 else LETTER
    return int(tables()[0][code])


def lower_of(character: str) -> str:
    return chr(tables()[1][ord(character)]) if ord(character) <= 0xFFFF else character


def collapse(text: str) -> str:
    spaced = "".join(" " if kind_of(character) == SPACE else character for character in text)
    return re.sub(" +", " ", spaced).strip(" ")


def word_flags(line: str) -> list[bool]:
    """For each character whether it is part of a word: letters, digits, and the marks that follow one."""
    flags: list[bool] = []
    for character in line:
        kind = kind_of(character)
        flags.append(kind in (LETTER, NUMBER, IDEOGRAPH) or (kind == MARK and bool(flags) and flags[-1]))
    return flags


def num_sentences(line: str) -> int:
    """Stretches that have a word and end at a mark (with what closes after it) before white space, or at the end."""
    number, worded = 0, False
    in_word = word_flags(line)
    for at, character in enumerate(line):
        if in_word[at]:
            worded = True
            continue
        if character not in terminal_marks() or character == " ":
            continue
        if character == ".":
            run = 0
            while run < at and in_word[at - 1 - run]:
                run += 1
            if line[at - 1 : at] == "." or line[at + 1 : at + 2] == "." or run == 1:
                continue
        elif ord(character) >= 0x80:
            number, worded = number + worded, False
            continue
        end = at + 1
        while end < len(line) and line[end] in CLOSING:
            end += 1
        if end == len(line) or line[end] == " ":
            number, worded = number + worded, False
    return number + worded


@dataclass
class Line:
    """A line with white space collapsed."""

    text: str
    blank_before: bool

    @property
    def tokens(self) -> list[str]:
        return self.text.split(" ")

    @property
    def capitals(self) -> int:
        return sum(kind_of(c) == LETTER and lower_of(c) != c for c in self.text)

    @property
    def numbers(self) -> int:
        """Tokens that begin with a digit."""
        return sum(kind_of(t[0]) == NUMBER and t[0] != "_" for t in self.tokens)

    @property
    def lettered(self) -> int:
        """Tokens with a letter."""
        return sum(any(kind_of(c) in (LETTER, IDEOGRAPH) for c in t) for t in self.tokens)

    def has(self, *phrases: str) -> bool:
        folded = "".join(c.lower() if c.isascii() else "\x00" for c in self.text)
        return any(phrase in folded for phrase in phrases)


def lines_of(text: str) -> list[Line]:
    """The lines that are not blank."""
    found, blank = [], False
    for raw in text.split("\n"):
        line = collapse(raw)
        if line:
            found.append(Line(line, blank))
        blank = not line
    return found


def num_signs(text: str) -> int:
    """Runs of one and the same character that is neither space nor part of a word."""
    flags = word_flags(text)
    return sum(
        kind_of(c) != SPACE and not flags[at] and (at == 0 or text[at - 1] != c or flags[at - 1])
        for at, c in enumerate(text)
    )
