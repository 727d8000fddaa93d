# mypy: disable-error-code="no-untyped-def"
"""How often lines, paragraphs and word n-grams repeat inside a document, compiled by numba."""

from __future__ import annotations

import numpy as np

from firstwords.data.kernels import _BASIS, _CHAIN, OPENS_PARAGRAPH, compiled, mix


@compiled
def _slot(keys, stamps, stamp, key, shift):
    """Where `key` is or belongs in an open-addressing table; entries of other stamps are free."""
    slot = np.int64((key * _CHAIN) >> shift)
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@compiled
def _shift(entries, shift):
    """How far to shift a hash for a table of twice the entries: a short document stays in the first cache lines of a
    table that has room for the longest.
    """
    own = np.uint64(60)
    while own > shift and np.int64(1) << np.int64(np.uint64(64) - own) < 2 * entries:
        own -= np.uint64(1)
    return own


@compiled
def repeated_ngrams(hashes, starts, lengths, offsets, smallest, largest, keys, stamps, sums, shift, most, repeated):
    """Characters inside frequent and repeated word n-grams, for each document of a batch.

    Args:
        hashes, starts, lengths: (W,) words as `split_words` gives them.
        offsets: (D + 1,) int64, bounds of the documents in those.
        smallest, largest: Words in the n-grams that are counted, of 2 to 10.
        keys, stamps, sums: (S,) uint64, int64 zeros, int64: room for a table; S is a power of two of at least twice
            the words of the longest document.
        shift: uint64, 64 minus the binary logarithm of S.
        most: (D, 3) int64, filled: characters in the occurrences of the 2-, 3- and 4-gram that has most of them; an
            n-gram that occurs once has none.
        repeated: (D, 6) int64, filled: characters in second and later occurrences of 5- to 10-grams, none counted
            twice.
    """
    stamp = 0
    longest = 0
    for document in range(len(offsets) - 1):
        longest = max(longest, offsets[document + 1] - offsets[document])
    grams = np.empty(longest, np.uint64)
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document + 1]
        # An element at a time here and below: assigning slices doubles the time that numba takes to compile.
        for index in range(last - first):
            grams[index] = hashes[first + index]
        own = _shift(last - first, shift)
        for size in range(2, largest + 1):
            if size < smallest:
                for index in range(last - first - size + 1):
                    grams[index] = grams[index] * _CHAIN + hashes[first + index + size - 1]
                continue
            stamp += 1
            best = total = 0
            skip = 0  # words still covered by the repeated n-gram counted last
            for index in range(last - first - size + 1):
                grams[index] = grams[index] * _CHAIN + hashes[first + index + size - 1]
                if size > 4 and skip:
                    skip -= 1
                    continue
                end = first + index + size - 1
                characters = np.int64(starts[end]) + lengths[end] - starts[first + index]
                slot = _slot(keys, stamps, stamp, grams[index], own)
                if stamps[slot] != stamp:
                    stamps[slot], keys[slot] = stamp, grams[index]
                    sums[slot] = characters
                elif size > 4:
                    total += characters
                    skip = size - 1
                else:
                    sums[slot] += characters
                    best = max(best, sums[slot])
            if size > 4:
                repeated[document, size - 5] = total
            else:
                most[document, size - 2] = best


@compiled
def repeated_lines(hashes, lengths, flags, offsets, keys, stamps, shift, counts):
    """Lines and paragraphs seen before in the same document.

    Args:
        hashes, lengths, flags, offsets: Lines as `split_lines` gives them.
        keys, stamps, shift: Room for a table, as for `repeated_ngrams`, of at least four times the lines of the
            longest document.
        counts: (D, 8) int64 zeros, filled: lines, repeated lines, characters of lines, characters of repeated lines,
            and the same four for paragraphs.
    """
    for document in range(len(offsets) - 1):
        stamp = document + 1
        own = _shift(2 * (offsets[document + 1] - offsets[document]), shift)
        paragraph = _BASIS
        characters = 0
        for line in range(offsets[document], offsets[document + 1] + 1):
            last = line == offsets[document + 1]
            if characters and (last or flags[line] & OPENS_PARAGRAPH):
                slot = _slot(keys, stamps, stamp, paragraph, own)
                again = stamps[slot] == stamp
                stamps[slot], keys[slot] = stamp, paragraph
                counts[document, 4] += 1
                counts[document, 5] += again
                counts[document, 6] += characters
                counts[document, 7] += characters * again
                paragraph = _BASIS
                characters = 0
            if last:
                break
            slot = _slot(keys, stamps, stamp, hashes[line], own)
            again = stamps[slot] == stamp
            stamps[slot], keys[slot] = stamp, hashes[line]
            counts[document, 0] += 1
            counts[document, 1] += again
            counts[document, 2] += lengths[line]
            counts[document, 3] += lengths[line] * again
            # A paragraph of one line hashes otherwise than that line, so both kinds share the table.
            paragraph = mix(paragraph * _CHAIN + hashes[line])
            characters += lengths[line]
