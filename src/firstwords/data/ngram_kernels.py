# mypy: disable-error-code="no-untyped-def"
"""The compiled loops of the hashed n-gram classifier: counting n-grams of words and characters, and scoring.

As in `kernels`: integer arithmetic but for sums of 64-bit floats in a fixed order, without fast math, so a text has the
same score on every machine.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.characters import MARK, SPACE
from firstwords.data.kernels import _CHAIN, _class, _decode, compiled, mix

GROUPS = 3
"""Each is weighted as a whole: single words, word pairs, characters."""
MAX_COUNT = 4095
"""Occurrences beyond these change nothing."""

_PAIR = np.uint64(0x5851F42D4C957F2D)
_CHARACTERS = np.uint64(0x14057B7EF767814F)


@compiled
def _count(bucket, counts, touched, number):
    """Count a bucket; returns how many different ones there are now."""
    if counts[bucket] == 0:
        touched[number] = bucket
        number += 1
    counts[bucket] = min(counts[bucket] + 1, MAX_COUNT)
    return number


@compiled
def _count_words(hashes, first, last, size, shift, counts, touched):
    """Count the runs of `size` words (1 or 2) of one text; returns how many different buckets they have."""
    number = 0
    for index in range(first, last - size + 1):
        value = hashes[index] if size == 1 else mix((hashes[index] + _PAIR) * _CHAIN + hashes[index + 1])
        number = _count(np.int64(value >> shift), counts, touched, number)
    return number


@compiled
def _count_characters(data, at, end, classes, lower, shortest, longest, recent, shift, counts, touched):
    """Count the runs of `shortest` to `longest` characters inside the tokens of one text, a space before and after each
    token; `recent` is room for hashes, one more than `longest`. Returns how many different buckets they have.
    """
    number = 0
    held = 0  # characters of the token so far, with the space before it
    while at <= end and longest > 0:
        if at == end:
            character, width, kind = np.uint32(32), 1, np.int64(SPACE)
        else:
            character, width = _decode(data, at)
            kind = _class(character, classes)
        at += width
        if kind == MARK:
            continue  # a letter with and without its accent's mark share their n-grams
        if kind == SPACE:
            if held == 0:
                continue
            folded = np.uint64(32)
        else:
            if held == 0:
                recent[1] = mix((_CHARACTERS + np.uint64(32)) * _CHAIN)
                held = 1
            folded = np.uint64(lower[character]) if character < 0x10000 else np.uint64(character)
        held += 1
        # The run of `size` that ends here goes on from the run of `size - 1` that ended before.
        for size in range(min(held, longest), 1, -1):
            recent[size] = mix((recent[size - 1] + folded) * _CHAIN)
            if size >= shortest:
                number = _count(np.int64(recent[size] >> shift), counts, touched, number)
        recent[1] = mix((_CHARACTERS + folded) * _CHAIN)
        if kind == SPACE:
            held = 0
    return number


@compiled
def count_ngrams(
    data, offsets, classes, lower, hashes, word_offsets, sizes, shift, counts, touched, bounds, buckets, occurrences
):
    """The different n-grams of each text and how often each occurs; returns how many there are in all.

    Args:
        data, offsets, classes, lower, hashes, word_offsets: As for `kernels.split_words`.
        sizes: (3,) int64: the longest run of words (1 or 2), the shortest and the longest run of characters (0: none).
        shift: uint64, 64 minus the binary logarithm of the number of buckets B.
        counts: (B,) int32 zeros, left so.
        touched: (B,) uint32, room.
        bounds: (3 D + 1,) int64, filled: bounds of each text's single words, pairs and characters in what follows.
        buckets, occurrences: uint32 and uint16, filled in the order of first occurrence; may be empty to count only.
    """
    recent = np.zeros(max(sizes[2], 1) + 1, np.uint64)
    total = 0
    bounds[0] = 0
    for document in range(len(offsets) - 1):
        for group in range(GROUPS):
            number = 0
            if group < sizes[0]:
                first, last = word_offsets[document], word_offsets[document + 1]
                number = _count_words(hashes, first, last, group + 1, shift, counts, touched)
            elif group == 2:
                at, end = offsets[document], offsets[document + 1]
                number = _count_characters(
                    data, at, end, classes, lower, sizes[1], sizes[2], recent, shift, counts, touched
                )
            for index in range(number):
                if len(buckets):
                    buckets[total + index] = touched[index]
                    occurrences[total + index] = counts[touched[index]]
                counts[touched[index]] = 0
            total += number
            bounds[GROUPS * document + group + 1] = total
    return total


@compiled
def score_ngrams(
    data,
    offsets,
    classes,
    lower,
    hashes,
    word_offsets,
    sizes,
    shift,
    counts,
    touched,
    rarity,
    damped,
    weights,
    scores,
):
    """Add the weights of the n-grams of each text, each group scaled to length one.

    Args:
        data ... touched: As for `count_ngrams`.
        rarity: (B,) float32, inverse document frequency; 0 for what training did not see often enough.
        damped: (MAX_COUNT + 1,) float64, the value of so many occurrences.
        weights: (B, C) float32, with rarity inside.
        scores: (D, C) float64, the sums are added to it.
    """
    recent = np.zeros(max(sizes[2], 1) + 1, np.uint64)
    sums = np.zeros(weights.shape[1])
    for document in range(len(offsets) - 1):
        for group in range(GROUPS):
            number = 0
            if group < sizes[0]:
                first, last = word_offsets[document], word_offsets[document + 1]
                number = _count_words(hashes, first, last, group + 1, shift, counts, touched)
            elif group == 2:
                at, end = offsets[document], offsets[document + 1]
                number = _count_characters(
                    data, at, end, classes, lower, sizes[1], sizes[2], recent, shift, counts, touched
                )
            square = 0.0
            for label in range(len(sums)):
                sums[label] = 0.0
            for index in range(number):
                bucket = touched[index]
                value = damped[counts[bucket]]
                counts[bucket] = 0
                if rarity[bucket] == 0:
                    continue
                square += (value * rarity[bucket]) ** 2
                for label in range(len(sums)):
                    sums[label] += value * weights[bucket, label]
            if square > 0:
                for label in range(len(sums)):
                    scores[document, label] += sums[label] / np.sqrt(square)
