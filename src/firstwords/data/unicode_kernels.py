# ruff: noqa: PLR1714  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""Which texts hold something that the transform `unicode` rewrites, compiled by numba: one look at every character.

Most texts hold nothing, and the regular expressions that rewrite take ten times as long to find that out.
"""

from __future__ import annotations

from firstwords.data.kernels import compiled

# Kinds of characters, bits of a table over the Basic Multilingual Plane.
LEADS, FOLLOWS, REWRITTEN, COMPOSES = 1, 2, 4, 8
# What a text holds: a telling pair, a character to rewrite, one that may compose, blanks at a line end, blank lines.
PAIR, REWRITES, MAY_COMPOSE, TRAILING, BLANK_LINES = 1, 2, 4, 8, 16


@compiled
def look_at(data, offsets, kinds, held):
    """See what each text holds.

    Args:
        data: (bytes,) uint8, the texts in UTF-8, one after another.
        offsets: (D + 1,) int64, their bounds.
        kinds: (65536,) uint8, bits of kinds; characters beyond count as rewritten if they are tags (U+E00xx).
        held: (D,) uint8, filled.
    """
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        bits = 0
        leads = False
        blank = False
        line_ends = 0
        while at < end:
            byte = data[at]
            if byte < 0x80:
                character, width = int(byte), 1
            elif byte < 0xE0:
                character, width = (byte & 0x1F) << 6 | data[at + 1] & 0x3F, 2
            elif byte < 0xF0:
                character = (byte & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | data[at + 2] & 0x3F
                width = 3
            else:
                character = (byte & 0x07) << 18 | (data[at + 1] & 0x3F) << 12 | (data[at + 2] & 0x3F) << 6
                width = 4
            at += width
            if character == 10:
                if blank:
                    bits |= TRAILING
                line_ends += 1
                if line_ends >= 4:
                    bits |= BLANK_LINES
                blank = leads = False
                continue
            line_ends = 0
            blank = character == 32 or character == 9
            if character >= 0x10000:
                bits |= MAY_COMPOSE
                if character >> 12 == 0xE0:
                    bits |= REWRITES
                leads = False
                continue
            kind = kinds[character]
            if leads and kind & FOLLOWS:
                bits |= PAIR
            leads = (kind & LEADS) != 0
            if kind & REWRITTEN:
                bits |= REWRITES
            if kind & COMPOSES:
                bits |= MAY_COMPOSE
        if blank:
            bits |= TRAILING
        held[text] = bits
