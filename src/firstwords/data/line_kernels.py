# ruff: noqa: PLR1714, SIM109, PLR0915  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""The compiled pass over lines that the rules of C4, FineWeb and RefinedWeb share, and the one that takes lines out.

As in `kernels`: plain integer arithmetic, and the tests say in ordinary Python what must come out.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE
from firstwords.data.kernels import _class, _decode, compiled

# Columns of a line: its bytes without white space at the ends, counted from the beginning of its text; whether a
# blank line stands before it; characters with white space collapsed, tokens, characters of the longest token, the
# last character, full stops at the end, capital letters, tokens that begin with a digit, tokens with a letter;
# sentences; a bit for each phrase that occurs.
START, END, BLANK_BEFORE, LENGTH, TOKENS, LONGEST, LAST, DOTS, CAPITALS, DIGITS, LETTERS, SENTENCES, PHRASES = range(13)
# Columns of a text: line feeds, signs (runs of one and the same character that is neither space nor part of a word),
# opening curly brackets.
LINE_FEEDS, SIGNS, CURLY = range(3)

_FULL_STOP = 46


@compiled
def _closes(character):
    """Whether a sentence's mark may be followed by this: quotes and brackets that close."""
    if character < 0x80:
        return character == 34 or character == 39 or character == 41 or character == 93
    return character == 0x201D or character == 0x2019 or character == 0xBB


@compiled
def measure_lines(data, offsets, classes, lower, terminal, steps, found, line_offsets, lines, counts):
    """Measure the lines that are not blank of a batch of UTF-8 texts; returns how many there are.

    Args:
        data, offsets, classes, lower: As for `kernels.split_words`.
        terminal: (65536,) bool, characters that end a sentence.
        steps, found: (S, 128) uint16 and (S,) uint32, the automaton that finds phrases: the next state for each ASCII
            character, and the bits of the phrases that end in a state.
        line_offsets: (D + 1,) int64, filled.
        lines: (L, 13) uint32 zeros, filled: `START` ... `PHRASES`.
        counts: (D, 3) int64 zeros, filled: `LINE_FEEDS`, `SIGNS`, `CURLY`.
    """
    line = 0
    line_offsets[0] = 0
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        at = begin
        state = np.uint16(0)
        length = token = letter_run = dots = ending = 0
        last = np.uint32(0)
        last_end = begin
        space_before = blank = pending = worded = digits = lettered = False
        sign = np.uint32(0)  # the sign just before, 0 after anything else
        while at <= end:
            if at == end:
                character, kind, width = np.uint32(10), np.int64(SPACE), 1  # the end of the text ends its last line
            else:
                character, width = _decode(data, at)
                kind = _class(character, classes)
                counts[document, LINE_FEEDS] += character == 10
            if kind == SPACE:
                if token:
                    lines[line, LONGEST] = max(lines[line, LONGEST], token)
                    lines[line, TOKENS] += 1
                    lines[line, DIGITS] += digits
                    lines[line, LETTERS] += lettered
                if pending and worded:
                    lines[line, SENTENCES] += 1
                    worded = False
                pending = digits = lettered = False
                token = letter_run = dots = 0
                sign = np.uint32(0)
                space_before = length > 0
                if character == 10:
                    if length:
                        lines[line, SENTENCES] += worded
                        lines[line, LENGTH] = length
                        lines[line, END] = last_end - begin
                        lines[line, LAST] = last
                        lines[line, DOTS] = ending
                        lines[line, BLANK_BEFORE] = blank
                        line += 1
                    blank = length == 0
                    length = 0
                    state = np.uint16(0)
                    space_before = worded = False
                at += width
                continue
            if space_before:
                length += 1
                state = steps[state, 32]
                space_before = False
            if length == 0:
                lines[line, START] = at - begin
            length += 1
            token += 1
            at += width
            last, last_end = character, at
            if character < 0x80:
                state = steps[state, character]
                lines[line, PHRASES] |= found[state]
                counts[document, CURLY] += character == 123
            else:
                state = np.uint16(0)
            if kind == LETTER or kind == NUMBER or kind == IDEOGRAPH or (kind == MARK and letter_run > 0):
                letter = kind == LETTER or kind == IDEOGRAPH
                lines[line, CAPITALS] += kind == LETTER and character < 0x10000 and lower[character] != character
                lettered = lettered or letter
                digits = digits or (kind == NUMBER and token == 1 and character != 95)
                letter_run += 1
                worded = True
                pending = False
                dots = ending = 0
                sign = np.uint32(0)
                continue
            counts[document, SIGNS] += character != sign
            sign = character
            dots = dots + 1 if character == _FULL_STOP else 0
            ending = dots
            if character == _FULL_STOP:
                # Neither an initial or a dotted abbreviation ("J.", "U.S.") nor an ellipsis ends a sentence.
                pending = dots == 1 and letter_run != 1
            elif character < 0x10000 and terminal[character]:
                pending = True
                if character >= 0x80 and worded:
                    # Scripts with marks of their own need no space after them.
                    lines[line, SENTENCES] += 1
                    worded = False
            elif not _closes(character):
                pending = False
            letter_run = 0
        line_offsets[document + 1] = line
    return line


@compiled
def join_lines(data, offsets, line_offsets, lines, keep, out, out_offsets):
    """The kept lines of each text, a blank line between two where one lay; returns the bytes written.

    Args:
        data, offsets: The texts as for `measure_lines`.
        line_offsets, lines: What it filled.
        keep: (L,) bool.
        out: uint8, filled; as long as `data` is enough.
        out_offsets: (D + 1,) int64, filled.
    """
    at = 0
    out_offsets[0] = 0
    for document in range(len(offsets) - 1):
        first = True
        blank = False
        for line in range(line_offsets[document], line_offsets[document + 1]):
            blank = blank or lines[line, BLANK_BEFORE] > 0
            if not keep[line]:
                continue
            if not first:
                out[at] = 10
                at += 1
                if blank:
                    out[at] = 10
                    at += 1
            first = blank = False
            for place in range(offsets[document] + lines[line, START], offsets[document] + lines[line, END]):
                out[at] = data[place]
                at += 1
        out_offsets[document + 1] = at
    return at
