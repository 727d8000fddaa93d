# ruff: noqa: PLR1714, SIM109, PLR0915  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""The compiled splitter that keeps punctuation marks as words, as the published codes of Gopher's rules do.

datatrove, FineWeb and others split with spaCy's rules for English, under which a comma is a word. This is a short
statement of those rules, near enough that the filters decide alike (docs/log/2026-11-26-filters.md); `marked_words`
says what they are, and the tests do in ordinary Python.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE
from firstwords.data.kernels import _BASIS, _PRIME, _class, _decode, compiled, mix

HAS_LETTER, HAS_WORD_CHARACTER = 1, 2


@compiled
def _holds_on(character):
    """Signs that stay with the characters beside them: hyphen, slashes, @ ^ | ~."""
    return (
        character == 45
        or character == 47
        or character == 64
        or character == 92
        or character == 94
        or character == 124
        or character == 126
    )


@compiled
def _parts(character, before, after, low_before, low_after):
    """Whether a sign between two word characters is a word of its own; `before` and `after` say if those are letters,
    `low_before`, `low_after` if they are lower case.
    """
    if character == 45:
        return before == after  # of letters or of digits
    if character == 44 or character == 0x2013 or character == 0x2014:
        return before and after
    if character == 46:
        return before and after and low_before and not low_after
    if character == 47 or character == 58 or character == 60 or character == 61 or character == 62:
        return after
    return False


@compiled
def split_marked(data, offsets, classes, lower, word_offsets, hashes, lengths, flags):
    """Words and punctuation marks of a batch of UTF-8 texts; returns how many there are.

    Args:
        data, offsets, classes, lower: As for `kernels.split_words`.
        word_offsets: (D + 1,) int64, filled.
        hashes: (W,) uint64, filled: of the word as it is written; W is at least the bytes.
        lengths: (W,) uint32, filled: its characters.
        flags: (W,) uint8, filled: `HAS_LETTER`, `HAS_WORD_CHARACTER`.
    """
    words = 0
    word_offsets[0] = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        length = np.int64(0)
        flag = np.int64(0)
        word = _BASIS
        dots = False  # the word is a run of full stops
        previous = np.uint32(32)
        previous_kind = np.int64(SPACE)
        while at < end:
            character, width = _decode(data, at)
            kind = _class(character, classes)
            at += width
            following, next_kind = np.uint32(32), np.int64(SPACE)
            if at < end:
                following, _ = _decode(data, at)
                next_kind = _class(following, classes)
            letter = kind == LETTER or kind == IDEOGRAPH
            plain = letter or kind == NUMBER or kind == MARK
            inside = (
                not plain
                and length > 0
                and (previous_kind == LETTER or previous_kind == NUMBER)
                and (next_kind == LETTER or next_kind == NUMBER)
            )
            # What to do with the character: 0 the word goes on, 1 a new word begins, 2 it is a word of its own.
            action = 0
            if kind == SPACE:
                action = 1
            elif plain:
                action = 1 if dots else 0
            elif inside:
                if character == 39 or character == 0x2019:
                    action = 1
                else:
                    low_before = previous < 0x10000 and lower[previous] == previous
                    low_after = following < 0x10000 and lower[following] == following
                    if _parts(character, previous_kind == LETTER, next_kind == LETTER, low_before, low_after):
                        action = 2
            elif character == 46:
                action = 0 if dots or (length == 1 and previous_kind == LETTER) else 1
            elif not _holds_on(character):
                action = 2
            elif dots:
                action = 1
            if action and length:
                hashes[words], lengths[words], flags[words] = mix(word), length, flag
                words += 1
                length, flag = np.int64(0), np.int64(0)
                dots = False
            previous, previous_kind = character, kind
            if kind == SPACE:
                continue
            if length == 0:
                word = _BASIS
                dots = character == 46
            word = (word ^ np.uint64(character)) * _PRIME
            length += 1
            if letter:
                flag |= HAS_LETTER
            if plain:
                flag |= HAS_WORD_CHARACTER
            if action == 2:
                hashes[words], lengths[words], flags[words] = mix(word), length, flag
                words += 1
                length, flag = np.int64(0), np.int64(0)
                dots = False
        if length:
            hashes[words], lengths[words], flags[words] = mix(word), length, flag
            words += 1
        word_offsets[document + 1] = words
    return words
