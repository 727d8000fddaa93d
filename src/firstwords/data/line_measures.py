"""What the line rules of C4, FineWeb and RefinedWeb ask of lines, measured once for all of them.

A *line* is what it is for the repetition rules (`characters`): it ends at a line feed, blank ones do not count, and
runs of white space count as one character. A *sentence* ends at a mark of Unicode's property Sentence_Terminal and the
closing quotes and brackets after it, before white space or the end of the line; a full stop after one letter ("J.",
"U.S.") or after another full stop ends none. The end of a line ends its last sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from firstwords.data.characters import tables
from firstwords.data.features import concatenated, ranges, utf8

if TYPE_CHECKING:
    import pyarrow as pa

    Array = np.ndarray

POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
"""Phrases of lines about a site's rules: Raffel et al. 2020 name them "boilerplate policy notices" in C4's code."""
NAVIGATION = ("sign-in", "sign in", "log in", "read more", "items in cart")
"""Phrases of short navigation lines (Penedo et al. 2023, RefinedWeb, appendix G.2, gives the kinds with examples)."""
COUNTERS = ("like", "share", "comment", "repl", "view", "follow", "retweet", "vote", "read", "download")
"""How the second word of a counter begins ("3 likes", "12 comments")."""
PHRASES = ("javascript", "lorem ipsum", *POLICY, *NAVIGATION, *COUNTERS)

# Unicode 16, PropList.txt, Sentence_Terminal, the basic plane.
_TERMINAL = (
    "0021 002E 003F 0589 061D-061F 06D4 0700-0702 07F9 0837 0839 083D-083E 0964-0965 104A-104B 1362 1367-1368 166E "
    "1735-1736 17D4-17D5 1803 1809 1944-1945 1AA8-1AAB 1B4E-1B4F 1B5A-1B5B 1B5E-1B5F 1B7D-1B7F 1C3B-1C3C 1C7E-1C7F "
    "2024 203C-203D 2047-2049 2CF9-2CFB 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F "
    "A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE12 FE15-FE16 FE52 FE56-FE57 FF01 FF0E FF1F FF61"
)


@dataclass(frozen=True)
class LineMeasures:
    """The lines of D texts that are not blank, measured.

    `offsets` (D + 1,) int64 bounds the texts in `lines`, (L, 13) uint32 with the columns `START` ... `PHRASES` of
    `line_kernels`; `counts` (D, 3) int64 holds `LINE_FEEDS`, `SIGNS` and `CURLY` of each text.
    """

    offsets: Array
    lines: Array
    counts: Array

    def sums(self, values: Array) -> Array:
        """(D,) the sum of a number for each line (L,) over the lines of each text."""
        total = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
        return np.asarray(total[self.offsets[1:]] - total[self.offsets[:-1]])

    def with_phrase(self, phrases: Sequence[str]) -> Array:
        """(L,) bool, whether one of `PHRASES` occurs in the line, in any case."""
        from firstwords.data import line_kernels

        return (self.lines[:, line_kernels.PHRASES] & bits(phrases)) > 0

    def ends_with(self, characters: Sequence[str]) -> Array:
        """(L,) bool, whether the last character of the line is one of these."""
        from firstwords.data import line_kernels

        codes = np.array(sorted({ord(each) for each in characters}), np.uint32)
        return np.isin(self.lines[:, line_kernels.LAST], codes)

    def select(self, rows: Array) -> LineMeasures:
        """The lines of some texts, in the order of the row numbers given."""
        offsets, taken = ranges(self.offsets, rows)
        return LineMeasures(offsets, self.lines[taken], self.counts[rows])

    def append(self, other: LineMeasures) -> LineMeasures:
        """The lines of these texts and then of others."""
        lines, counts = np.concatenate((self.lines, other.lines)), np.concatenate((self.counts, other.counts))
        return LineMeasures(concatenated(self.offsets, other.offsets), lines, counts)


def measure_lines(texts: pa.StringArray) -> LineMeasures:
    """Measure the lines of a batch of texts."""
    from firstwords.data import line_kernels

    data, offsets = utf8(texts)
    room = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == ord("\n"))) + len(texts)
    line_offsets = np.empty(len(texts) + 1, np.int64)
    lines, counts = np.zeros((room, 13), np.uint32), np.zeros((len(texts), 3), np.int64)
    arguments = (*tables(), _terminal_table(), *_automaton())
    total = line_kernels.measure_lines(data, offsets, *arguments, line_offsets, lines, counts)
    return LineMeasures(line_offsets, lines[:total], counts)


def keep_lines(texts: pa.StringArray, measures: LineMeasures, keep: Array) -> pa.Array:
    """The texts without the lines that are not kept, white space at the ends of lines removed, and one blank line
    between two where there was any; a text that keeps all of its lines stays exactly as it is.

    Args:
        texts: D texts.
        measures: Of these texts.
        keep: (L,) bool.
    """
    import pyarrow as pa

    from firstwords.data import line_kernels

    fewer = measures.sums(~keep) > 0
    if not fewer.any():
        return texts
    data, offsets = utf8(texts)
    out, out_offsets = np.empty(int(offsets[-1] - offsets[0]), np.uint8), np.empty(len(offsets), np.int64)
    size = line_kernels.join_lines(data, offsets, measures.offsets, measures.lines, keep, out, out_offsets)
    buffers = [None, pa.py_buffer(out_offsets), pa.py_buffer(out[:size])]
    joined = pa.Array.from_buffers(pa.large_string(), len(texts), buffers).cast(texts.type)
    import pyarrow.compute as pc

    return pc.if_else(pa.array(fewer), joined, texts)


def bits(phrases: Sequence[str]) -> np.uint32:
    """The bits of some of `PHRASES`."""
    return np.uint32(sum(1 << PHRASES.index(phrase) for phrase in phrases))


def terminal_marks() -> str:
    """The characters of the basic plane that end a sentence."""
    ends = (part.partition("-") for part in _TERMINAL.split())
    return "".join(chr(code) for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1))


@cache
def _terminal_table() -> Array:
    table = np.zeros(0x10000, bool)
    table[[ord(each) for each in terminal_marks()]] = True
    return table


@cache
def _automaton() -> tuple[Array, Array]:
    """Aho-Corasick over ASCII in any case: (S, 128) uint16 next states and (S,) uint32 bits of the phrases found."""
    steps: list[list[int]] = [[0] * 128]
    found = [0]
    for index, phrase in enumerate(PHRASES):
        state = 0
        for letter in phrase.encode("ascii"):
            if not steps[state][letter]:
                steps[state][letter] = len(steps)
                steps.append([0] * 128)
                found.append(0)
            state = steps[state][letter]
        found[state] |= 1 << index
    waiting = [(state, 0) for state in steps[0] if state]
    for state, fallback in waiting:  # grows while it is walked through: breadth first
        found[state] |= found[fallback]
        for letter in range(128):
            deeper = steps[state][letter]
            if deeper:
                waiting.append((deeper, steps[fallback][letter]))
            else:
                steps[state][letter] = steps[fallback][letter]
    table = np.array(steps, np.uint16)
    table[:, ord("A") : ord("Z") + 1] = table[:, ord("a") : ord("z") + 1]
    return table, np.array(found, np.uint32)
