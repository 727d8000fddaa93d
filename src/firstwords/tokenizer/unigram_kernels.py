# mypy: disable-error-code="no-untyped-def"
"""Learning a unigram vocabulary from word counts (Kudo 2018), compiled by numba.

A word is a lattice: an edge is a piece that could stand between two of its bytes. The edges of all words are found once
and thinned out as pieces are dropped, so that a pass over the corpus is a walk through one array. Pieces are single
bytes, or whole characters one after another.
"""

from __future__ import annotations

import math

import numpy as np

from firstwords.data.kernels import compiled
from firstwords.tokenizer.encode_kernels import ABSENT, find_pair
from firstwords.tokenizer.word_kernels import slot_of

MAX_CHARACTERS = 16
"""The longest piece, as in SentencePiece."""
MAX_WORD = 32
"""Bytes of the longest word that is learnt from: the product of so many small probabilities is still a float64."""
SHIFT = 2.0
"""Probabilities are told times e^2 a byte, which cancels out: about 1 for a common text instead of ever smaller."""

KEY, FREQUENCY, WHERE = range(3)
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_EIGHT, _SIXTEEN = np.uint64(8), np.uint64(16)


@compiled
def _fold(value, byte):
    """One byte more of a substring's hash. Two substrings of one hash would be counted as one seed; with ten million
    of them that happens once in three hundred thousand corpora, and costs one seed.
    """
    value = (value ^ np.uint64(byte)) * _PRIME
    return value ^ (value >> np.uint64(31))


@compiled
def count_substrings(data, offsets, counts, table, state):
    """Count what could be a piece; False if the table must grow first.

    Args:
        data, offsets, counts: Words of at most `MAX_WORD` bytes, as in `WordCounts`.
        table: (2^k, 3) uint64: hash, frequency, and place << 16 | bytes << 8 | characters; frequency 0 is free.
        state: (2,) int64: entries so far, the next word.
    """
    mask = len(table) - 1
    for word in range(state[1], len(counts)):
        if 2 * (state[0] + MAX_WORD * MAX_WORD) > mask:
            state[1] = word
            return False
        end = offsets[word + 1]
        for start in range(offsets[word], end):
            if (data[start] & 0xC0) == 0x80:
                continue
            key, characters = _BASIS, 0
            for at in range(start, end):
                key = _fold(key, data[at])
                if at + 1 < end and (data[at + 1] & 0xC0) == 0x80:
                    continue
                characters += 1
                length = at + 1 - start
                if length > 1:
                    slot = slot_of(key, np.uint64(0), 0, mask)
                    while table[slot, FREQUENCY] and table[slot, KEY] != key:
                        slot = (slot + 1) & mask
                    if not table[slot, FREQUENCY]:
                        state[0] += 1
                        table[slot, KEY] = key
                        table[slot, WHERE] = (
                            np.uint64(start) << _SIXTEEN | np.uint64(length) << _EIGHT | np.uint64(characters)
                        )
                    table[slot, FREQUENCY] += np.uint64(counts[word])
                if characters == MAX_CHARACTERS:
                    break
    state[1] = len(counts)
    return True


@compiled
def move_substrings(table, larger):
    """Move all rows to a larger table."""
    mask = len(larger) - 1
    for row in range(len(table)):
        if table[row, FREQUENCY]:
            slot = slot_of(table[row, KEY], np.uint64(0), 0, mask)
            while larger[slot, FREQUENCY]:
                slot = (slot + 1) & mask
            larger[slot] = table[row]


@compiled
def find_edges(data, offsets, pieces, firsts, edges, lengths):
    """The edges of every lattice, in the order of the places where they begin; with no room only their number.

    Args:
        data, offsets: Words.
        pieces: For `find_pair`: hash of a piece of two bytes and more to its number; byte b is piece b.
        firsts: (S + 1,) int64, filled: where the edges of each byte begin.
        edges: (E,) int32, the piece of each edge, filled if it has any room.
        lengths: (E,) uint8, its bytes.

    Returns:
        The number of edges.
    """
    found = 0
    fill = len(edges) > 0
    for word in range(len(offsets) - 1):
        end = offsets[word + 1]
        for start in range(offsets[word], end):
            firsts[start] = found
            if fill:
                edges[found], lengths[found] = data[start], 1
            found += 1
            if (data[start] & 0xC0) == 0x80:
                continue
            key, characters = _BASIS, 0
            for at in range(start, end):
                key = _fold(key, data[at])
                if at + 1 < end and (data[at + 1] & 0xC0) == 0x80:
                    continue
                characters += 1
                if at > start:
                    piece = find_pair(pieces, key)
                    if piece != ABSENT:
                        if fill:
                            edges[found], lengths[found] = np.int32(piece), at + 1 - start
                        found += 1
                if characters == MAX_CHARACTERS:
                    break
    firsts[len(data)] = found
    return found


@compiled
def keep_edges(firsts, edges, lengths, numbers):
    """Drop the edges of pieces whose new number is negative and renumber the others; returns how many are left."""
    kept = 0
    for at in range(len(firsts) - 1):
        start = firsts[at]
        firsts[at] = kept
        for edge in range(start, firsts[at + 1]):
            number = numbers[edges[edge]]
            if number >= 0:
                edges[kept], lengths[kept] = number, lengths[edge]
                kept += 1
    firsts[len(firsts) - 1] = kept
    return kept


@compiled
def expect(offsets, counts, first, last, firsts, edges, lengths, chances, expected):
    """Add how often each piece is expected in the words `first` to `last` (forward and backward sums).

    Args:
        offsets, counts: Words.
        first, last: Which of them.
        firsts, edges, lengths: Of the lattices.
        chances: (P,) float64: exp(score + SHIFT x bytes).
        expected: (P,) float64, added to.
    """
    forward = np.empty(MAX_WORD + 1, np.float64)
    backward = np.empty(MAX_WORD + 1, np.float64)
    for word in range(first, last):
        begin = offsets[word]
        size = offsets[word + 1] - begin
        forward[: size + 1] = 0.0
        forward[0] = 1.0
        for at in range(size):
            so_far = forward[at]
            for edge in range(firsts[begin + at], firsts[begin + at + 1]):
                forward[at + lengths[edge]] += so_far * chances[edges[edge]]
        share = counts[word] / forward[size]
        backward[size] = 1.0
        for at in range(size - 1, -1, -1):
            total = 0.0
            for edge in range(firsts[begin + at], firsts[begin + at + 1]):
                part = chances[edges[edge]] * backward[at + lengths[edge]]
                total += part
                expected[edges[edge]] += forward[at] * part * share
            backward[at] = total


@compiled
def count_best(offsets, counts, firsts, edges, lengths, scores, frequencies):
    """Add how often each piece stands in the best segmentation of the words."""
    best = np.empty(MAX_WORD + 1, np.float64)
    came = np.empty(MAX_WORD + 1, np.int64)
    by = np.empty(MAX_WORD + 1, np.int32)
    for word in range(len(counts)):
        size = offsets[word + 1] - offsets[word]
        _segment(offsets[word], size, firsts, edges, lengths, scores, best, came, by, False)
        end = size
        while end > 0:
            frequencies[by[end]] += counts[word]
            end = came[end]


@compiled
def _segment(begin, size, firsts, edges, lengths, scores, best, came, by, broken):
    """Viterbi over one lattice; `broken` forbids the edge that is the whole word."""
    best[: size + 1] = -np.inf
    best[0] = 0.0
    for at in range(size):
        for edge in range(firsts[begin + at], firsts[begin + at + 1]):
            behind = at + lengths[edge]
            if broken and at == 0 and behind == size:
                continue
            score = best[at] + scores[edges[edge]]
            if score > best[behind]:
                best[behind], came[behind], by[behind] = score, at, edges[edge]


@compiled
def losses(offsets, firsts, edges, lengths, scores, frequencies, total, lost):
    """How much the corpus loses in log-likelihood, per word of it, when a piece has to be written with others.

    Args:
        offsets: Of the pieces from number 256 on, as words.
        firsts, edges, lengths: Their lattices.
        scores, frequencies: (P,) of all pieces; see `count_best`.
        total: Sum of the frequencies.
        lost: (P,) float64, filled from 256 on.
    """
    best = np.empty(4 * MAX_CHARACTERS + 1, np.float64)
    came = np.empty(4 * MAX_CHARACTERS + 1, np.int64)
    by = np.empty(4 * MAX_CHARACTERS + 1, np.int32)
    for word in range(len(offsets) - 1):
        frequency = frequencies[256 + word]
        if frequency == 0:
            lost[256 + word] = -1.0
            continue
        size = offsets[word + 1] - offsets[word]
        _segment(offsets[word], size, firsts, edges, lengths, scores, best, came, by, True)
        parts, end = 0, size
        while end > 0:
            parts += 1
            end = came[end]
        # Its occurrences go over to its parts (Kudo & Richardson 2018).
        other_total = math.log(total + frequency * (parts - 1))
        other, end = 0.0, size
        while end > 0:
            other += math.log(frequencies[by[end]] + frequency) - other_total
            end = came[end]
        lost[256 + word] = frequency / total * (math.log(frequency) - math.log(total) - other)
