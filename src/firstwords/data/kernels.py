# ruff: noqa: PLR1714, SIM109  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""The hot loops over text, compiled by numba: splitting into words and lines, MinHash.

Every kernel is plain integer arithmetic over arrays, without threads and without fast math, so the same text gives
the same numbers on every machine. The tests say in ordinary Python what each one must give. Import this module only
where it is used: loading numba takes a fifth of a second.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from firstwords.data.characters import (
    ASTRAL_IDEOGRAPHS,
    ASTRAL_SYMBOLS,
    IDEOGRAPH,
    LETTER,
    MARK,
    NUMBER,
    SPACE,
    SYMBOL,
)


def _import_numba() -> Any:
    """Import numba without SciPy, which it loads to see whether it could multiply matrices: a part of it asks when the
    first kernel is loaded (`numba.np.arraymath`), so that is imported here too.

    That takes a fifth of a second, for nothing that a kernel here does.
    """
    # Another thread may be importing SciPy right now: then it is left alone.
    hidden = "scipy" not in sys.modules and threading.active_count() == 1
    if hidden:
        sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        numba = importlib.import_module("numba")
        importlib.import_module("numba.np.arraymath")
        return numba
    finally:
        if hidden:
            del sys.modules["scipy"]


numba = _import_numba()


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile on the first call and keep the machine code for the next process.

    numba keeps it beside the source or, where that is read-only, in the user's cache folder; where neither can be
    written (a container without a home) it refuses to decorate, and the function is compiled anew in each process.
    """
    try:
        made = numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:
        return numba.njit(nogil=True, **options)(function)
    if numba.config.DISABLE_JIT:
        return made
    # numba looks whether the function's own file has changed; kernels contain the code of others.
    file = made._cache._cache_file
    file._source_stamp = file._source_stamp, _stamps()
    return made


@cache
def _stamps() -> tuple[tuple[str, int, int], ...]:
    """Of all files with kernels: name, time of the last change, bytes."""
    files = sorted(Path(__file__).parent.parent.glob("*/*kernels.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)


# FNV-1a (Fowler, Noll, Vo) folds the characters of a word or line; the finalizer of MurmurHash3 (Appleby) spreads the
# result over all 64 bits, so that any part of a hash may be used alone.
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)
_FIRST = np.uint64(0xFF51AFD7ED558CCD)
_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
# Chains word hashes into an n-gram hash: any odd number serves; this is 2^64 divided by the golden ratio.
_CHAIN = np.uint64(0x9E3779B97F4A7C15)

# Columns of the counts that `split_words` fills.
CHARACTERS, WORD_CHARACTERS, TOKENS, LETTER_TOKENS, HASH_SIGNS, ELLIPSES = range(6)
# Flags of a line.
OPENS_PARAGRAPH, IS_BULLET, ENDS_IN_ELLIPSIS = 1, 2, 4


@compiled
def mix(value):
    """Spread a 64-bit number over all its bits (a bijection)."""
    value ^= value >> _SHIFT
    value *= _FIRST
    value ^= value >> _SHIFT
    value *= _SECOND
    return value ^ (value >> _SHIFT)


@compiled
def _decode(data, at):
    """The character that begins at byte `at` of valid UTF-8, and how many bytes it takes."""
    byte = np.uint32(data[at])
    if byte < 0x80:
        return byte, 1
    if byte < 0xE0:
        return (byte & np.uint32(0x1F)) << 6 | np.uint32(data[at + 1] & 0x3F), 2
    if byte < 0xF0:
        return (byte & np.uint32(0xF)) << 12 | np.uint32(data[at + 1] & 0x3F) << 6 | np.uint32(data[at + 2] & 0x3F), 3
    high = (byte & np.uint32(0x7)) << 18 | np.uint32(data[at + 1] & 0x3F) << 12
    return high | np.uint32(data[at + 2] & 0x3F) << 6 | np.uint32(data[at + 3] & 0x3F), 4


@compiled
def _class(character, classes):
    if character < 0x10000:
        return np.int64(classes[character])
    if character >= ASTRAL_IDEOGRAPHS:
        return IDEOGRAPH
    return SYMBOL if character >= ASTRAL_SYMBOLS else LETTER


@compiled
def split_words(data, offsets, classes, lower, word_offsets, hashes, starts, lengths, counts):
    """Words and character counts of a batch of UTF-8 texts, in one pass over its bytes; returns how many words there
    are.

    Args:
        data: (bytes,) uint8, the texts one after another.
        offsets: (D + 1,) int64, their bounds in `data`.
        classes, lower: What `characters.tables` gives.
        word_offsets: (D + 1,) int64, filled.
        hashes: (W,) uint64, filled: hash of the lower-cased word; W is at least bytes / 2 + D.
        starts: (W,) uint32, filled: characters before the word in its text, runs of white space counting as one.
        lengths: (W,) uint32, filled: characters of the word.
        counts: (D, 6) int64 zeros, filled: `CHARACTERS` ... `ELLIPSES`.
    """
    words = 0
    word_offsets[0] = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        position = 0  # characters so far
        length = 0  # characters of the word we are in; 0 outside words
        single = False  # the word is an ideograph, which no letter extends
        word = _BASIS
        space_before = in_token = letter_token = False
        dots = 0
        while at < end:
            character, width = _decode(data, at)
            at += width
            kind = _class(character, classes)
            if length and kind != MARK and (single or (kind != LETTER and kind != NUMBER)):
                hashes[words], starts[words], lengths[words] = mix(word), position - length, length
                counts[document, WORD_CHARACTERS] += length
                words += 1
                length = 0
            if kind == SPACE:
                counts[document, TOKENS] += in_token
                counts[document, LETTER_TOKENS] += letter_token
                in_token = letter_token = False
                space_before = position > 0
                dots = 0
                continue
            position += space_before + 1
            space_before = False
            in_token = True
            letter_token = letter_token or kind == LETTER or kind == IDEOGRAPH
            counts[document, HASH_SIGNS] += character == 35
            dots = dots + 1 if character == 46 else 0
            counts[document, ELLIPSES] += dots == 3 or character == 0x2026
            if kind == LETTER or kind == NUMBER or kind == IDEOGRAPH or (kind == MARK and length > 0):
                if length == 0:
                    word = _BASIS
                    single = kind == IDEOGRAPH
                folded = np.uint64(lower[character]) if character < 0x10000 else np.uint64(character)
                word = (word ^ folded) * _PRIME
                length += 1
        if length:
            hashes[words], starts[words], lengths[words] = mix(word), position - length, length
            counts[document, WORD_CHARACTERS] += length
            words += 1
        counts[document, TOKENS] += in_token
        counts[document, LETTER_TOKENS] += letter_token
        counts[document, CHARACTERS] = position
        word_offsets[document + 1] = words
    return words


@compiled
def split_lines(data, offsets, classes, line_offsets, hashes, lengths, flags):
    """Lines that are not blank of a batch of UTF-8 texts; returns how many there are.

    Args:
        data, offsets, classes: As for `split_words`.
        line_offsets: (D + 1,) int64, filled.
        hashes: (L,) uint64, filled: hash of the line, trimmed, runs of white space as one space; L is at least the
            number of line feeds plus D.
        lengths: (L,) uint32, filled: characters of that form.
        flags: (L,) uint8, filled: `OPENS_PARAGRAPH` (first line or after a blank one), `IS_BULLET`, `ENDS_IN_ELLIPSIS`.
    """
    lines = 0
    line_offsets[0] = 0
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        length = dots = 0
        line = _BASIS
        flag = OPENS_PARAGRAPH
        hyphen = space_before = ellipsis = False
        while at <= end:
            if at == end:
                character, kind = np.uint32(10), SPACE  # the end of the text ends its last line
                at += 1
            else:
                character, width = _decode(data, at)
                at += width
                kind = _class(character, classes)
            if kind == SPACE:
                # A hyphen or asterisk makes a list item only with white space after it: "-5" and "---" are none.
                if length == 1 and hyphen:
                    flag |= IS_BULLET
                space_before = length > 0
                dots = 0
                if character == 10:
                    if length:
                        hashes[lines], lengths[lines] = mix(line), length
                        flags[lines] = flag | ENDS_IN_ELLIPSIS if ellipsis else flag
                        lines += 1
                    flag = 0 if length else OPENS_PARAGRAPH
                    length = 0
                    line = _BASIS
                    space_before = ellipsis = False
                continue
            if space_before:
                line = (line ^ np.uint64(32)) * _PRIME
                length += 1
                space_before = False
            if length == 0:
                hyphen = character == 45 or character == 42
                if character == 0x2022 or character == 0x2023 or character == 0x25E6 or character == 0x25AA:
                    flag |= IS_BULLET
            line = (line ^ np.uint64(character)) * _PRIME
            length += 1
            dots = dots + 1 if character == 46 else 0
            ellipsis = dots >= 3 or character == 0x2026
        line_offsets[document + 1] = lines
    return lines


@compiled
def shingle_hashes(hashes, offsets, size, shingle_offsets, shingles):
    """Hashes of all runs of `size` words, document by document; a shorter document is one run.

    Args:
        hashes, offsets: Words as `split_words` gives them.
        size: Words in a run.
        shingle_offsets: (D + 1,) int64, bounds of the documents in `shingles`.
        shingles: uint64, filled, in the order of the text, repeats included.
    """
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document + 1]
        for index in range(shingle_offsets[document + 1] - shingle_offsets[document]):
            value = np.uint64(0)
            for word in range(first + index, min(first + index + size, last)):
                value = value * _CHAIN + hashes[word]
            shingles[shingle_offsets[document] + index] = mix(value)


@compiled
def band_keys(shingles, shingle_offsets, multipliers, addends, rows, keys):
    """MinHash signatures folded into one key for each band.

    32-bit arithmetic on purpose: processors without 64-bit vector multiplication do it six times as fast.

    Args:
        shingles, shingle_offsets: As `shingle_hashes` gives them.
        multipliers, addends: (bands * rows,) uint32, the permutations h -> h * multiplier + addend modulo 2^32;
            multipliers odd.
        rows: Signature values in a band.
        keys: (D, bands) uint64, filled.
    """
    signature = np.empty(len(multipliers), np.uint32)
    for document in range(len(shingle_offsets) - 1):
        for permutation in range(len(multipliers)):
            signature[permutation] = np.uint32(0xFFFFFFFF)
        for index in range(shingle_offsets[document], shingle_offsets[document + 1]):
            shingle = np.uint32(shingles[index] >> np.uint64(32))
            for permutation in range(len(multipliers)):
                value = np.uint32(np.uint32(shingle * multipliers[permutation]) + addends[permutation])
                signature[permutation] = min(signature[permutation], value)
        for band in range(keys.shape[1]):
            key = np.uint64(band + 1)
            for row in range(band * rows, (band + 1) * rows):
                key = mix(key * _CHAIN + np.uint64(signature[row]))
            keys[document, band] = key


@compiled
def shared_counts(left, right, offsets, values, shared):
    """How many values two sorted sets have in common, for each pair of sets.

    Args:
        left, right: (P,) int64, numbers of the sets of each pair.
        offsets: (S + 1,) int64, bounds of the sets in `values`.
        values: uint64, each set sorted and without repeats.
        shared: (P,) int64, filled.
    """
    for pair in range(len(left)):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        count = 0
        while one < one_end and two < two_end:
            first, second = values[one], values[two]
            count += first == second
            one += first <= second
            two += second <= first
        shared[pair] = count
