# mypy: disable-error-code="no-untyped-def"
"""The hot loops of de-duplication, compiled by numba: names of texts, of their parts and of their word windows.

As in `firstwords.data.kernels`: integer arithmetic over arrays, the same numbers on every machine, and ordinary Python
in the tests that says what each must give.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.characters import SPACE
from firstwords.data.kernels import _BASIS, _CHAIN, _PRIME, _class, _decode, compiled, mix

_OTHER_BASIS = np.uint64(0x6A09E667F3BCC908)
PARAGRAPHS, LINES = 0, 1


@compiled
def fold_digests(data, offsets, classes, lower, digests):
    """Two independent 64-bit names of each text, of its characters in lower case with white space collapsed.

    Args:
        data, offsets, classes, lower: As for `kernels.split_words`.
        digests: (D, 2) uint64, filled.
    """
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        one, two = _BASIS, _OTHER_BASIS
        space_before = started = False
        while at < end:
            character, width = _decode(data, at)
            at += width
            if _class(character, classes) == SPACE:
                space_before = started
                continue
            if space_before:
                one = (one ^ np.uint64(32)) * _PRIME
                two = two * _CHAIN + np.uint64(32)
                space_before = False
            started = True
            folded = np.uint64(lower[character]) if character < 0x10000 else np.uint64(character)
            one = (one ^ folded) * _PRIME
            two = two * _CHAIN + folded
        digests[document, 0], digests[document, 1] = mix(one), mix(two)


@compiled
def _blank_until(data, at, end):
    """Where the next line begins if nothing but spaces and tabs stands before it, otherwise -1."""
    while at < end and (data[at] == 32 or data[at] == 9):
        at += 1
    return at + 1 if at < end and data[at] == 10 else -1


@compiled
def split_units(data, offsets, classes, lower, kind, least, unit_offsets, hashes, starts, ends):
    """The lines or paragraphs of so many tokens or more; returns how many there are.

    Args:
        data, offsets, classes, lower: As for `kernels.split_words`.
        kind: `PARAGRAPHS` (what stands between lines of spaces and tabs) or `LINES`.
        least: Tokens (between white space) that a unit must have.
        unit_offsets: (D + 1,) int64, filled: bounds of the documents in what follows.
        hashes: (U,) uint64, filled: of the unit in lower case, trimmed, runs of white space as one space; U is at
            least the number of line feeds plus D.
        starts, ends: (U,) uint32, filled: its first character and the one after its last, in characters of the text.
    """
    units = 0
    unit_offsets[0] = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        position = start = tokens = 0
        unit = _BASIS
        in_token = False
        while True:
            character, width = np.uint32(10), 1
            if at < end:
                character, width = _decode(data, at)
            after = at + width  # where the next unit begins, should this character end one
            # The end of the text ends its last unit; a line feed ends a line, and a paragraph before a blank line.
            ends_here = at >= end
            if character == 10 and at < end:
                ends_here = kind == LINES
                if kind == PARAGRAPHS:
                    blank = _blank_until(data, after, end)
                    while blank >= 0:
                        ends_here = True
                        after = blank
                        blank = _blank_until(data, after, end)
            if ends_here:
                if tokens >= least:
                    hashes[units], starts[units], ends[units] = mix(unit), start, position
                    units += 1
                if at >= end:
                    break
                position += after - at  # line feeds, spaces and tabs: a character each
                at = after
                start = position
                tokens = 0
                unit = _BASIS
                in_token = False
                continue
            at += width
            position += 1
            if _class(character, classes) == SPACE:
                in_token = False
                continue
            if not in_token:
                if tokens:
                    unit = (unit ^ np.uint64(32)) * _PRIME
                tokens += 1
                in_token = True
            folded = np.uint64(lower[character]) if character < 0x10000 else np.uint64(character)
            unit = (unit ^ folded) * _PRIME
        unit_offsets[document + 1] = units
    return units


@compiled
def window_hashes(hashes, offsets, size, window_offsets, windows):
    """Hashes of all windows of `size` words, each from the one before; a shorter text has none.

    Args:
        hashes, offsets: Words as `kernels.split_words` gives them.
        size: Words in a window.
        window_offsets: (D + 1,) int64, bounds of the documents in `windows`.
        windows: uint64, filled.
    """
    leaving = np.uint64(1)
    for _ in range(size):
        leaving *= _CHAIN
    for document in range(len(offsets) - 1):
        number = window_offsets[document + 1] - window_offsets[document]
        if number <= 0:
            continue
        first = offsets[document]
        value = np.uint64(0)
        for word in range(first, first + size):
            value = value * _CHAIN + hashes[word]
        for index in range(number):
            windows[window_offsets[document] + index] = mix(value)
            if index + 1 < number:
                value = value * _CHAIN + hashes[first + index + size] - hashes[first + index] * leaving


@compiled
def lowest_places(values, offsets, size, low_offsets, places):
    """Where the lowest of each `size` neighbouring values stands (the earliest of equal ones).

    Args:
        values, offsets: (V,) uint64, and the bounds of the documents in them.
        size: Neighbours.
        low_offsets: (D + 1,) int64, bounds of the documents in `places`: one entry for each run of `size`.
        places: int64, filled: indices into `values`.
    """
    for document in range(len(offsets) - 1):
        first = offsets[document]
        lowest = first - 1
        for index in range(low_offsets[document + 1] - low_offsets[document]):
            last = first + index + size - 1
            if lowest < first + index:  # the old one has left: look at all of them again
                lowest = first + index
                for place in range(first + index + 1, last + 1):
                    if values[place] < values[lowest]:
                        lowest = place
            elif values[last] < values[lowest]:
                lowest = last
            places[low_offsets[document] + index] = lowest
