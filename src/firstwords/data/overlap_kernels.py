# mypy: disable-error-code="no-untyped-def"
"""The hot loops of decontamination, compiled by numba: hashing word n-grams and looking them up.

An n-gram's key is a polynomial over the hashes of its words (modulo 2^64), which rolls along a text at one
multiplication a word, then spread over all bits together with its length. Import this module only where it is used:
loading numba takes a fifth of a second.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.kernels import _CHAIN, compiled, mix

_NOTHING = np.uint64(0)  # marks a free slot; the one n-gram with this key is given the next one


@compiled
def ngram_key(rolled, size):
    """The key of an n-gram from its polynomial and its number of words."""
    key = mix(rolled + np.uint64(size) * _CHAIN)
    return key if key != _NOTHING else np.uint64(1)


@compiled
def hash_ngrams(hashes, offsets, sizes, ngram_offsets, keys):
    """The keys of all n-grams of texts, text by text in the order of their first words.

    Args:
        hashes: (W,) uint64, the words of the texts one after another.
        offsets: (D + 1,) int64, bounds of the texts in `hashes`.
        sizes: (D,) int64, words of an n-gram of each text; a text of fewer words has none.
        ngram_offsets: (D + 1,) int64, bounds of the texts in `keys`.
        keys: uint64, filled.
    """
    for text in range(len(offsets) - 1):
        size = sizes[text]
        highest = np.uint64(1)  # the multiplier of the word that leaves
        for _ in range(size):
            highest *= _CHAIN
        rolled = np.uint64(0)
        first, at = offsets[text], ngram_offsets[text]
        for word in range(first, offsets[text + 1]):
            rolled = rolled * _CHAIN + hashes[word]
            if word - first >= size:
                rolled -= hashes[word - size] * highest
            if word - first >= size - 1 and at < ngram_offsets[text + 1]:
                keys[at] = ngram_key(rolled, size)
                at += 1


@compiled
def fill_table(keys, table, numbers, shift, sieve, sieve_shift):
    """Put distinct keys into an open-addressing table and its sieve.

    Args:
        keys: (G,) uint64, distinct and not 0; their positions are their numbers.
        table, numbers: (S,) uint64 zeros and int32, filled; S is a power of two of at least 2 G.
        shift: uint64, 64 minus the binary logarithm of S.
        sieve: uint8 zeros, filled: one bit for each value of a key's highest bits; a power of two.
        sieve_shift: uint64, 64 minus the binary logarithm of the number of bits.
    """
    for number in range(len(keys)):
        slot = np.int64((keys[number] * _CHAIN) >> shift)
        while table[slot] != _NOTHING:
            slot = (slot + 1) & (len(table) - 1)
        table[slot], numbers[slot] = keys[number], number
        bit = keys[number] >> sieve_shift
        sieve[np.int64(bit >> np.uint64(3))] |= np.uint8(1 << np.int64(bit & np.uint64(7)))


@compiled
def find_ngrams(hashes, offsets, wanted, sizes, table, numbers, shift, sieve, sieve_shift, rows, positions, found):
    """Every place in texts where an n-gram of the table stands; returns how many there are.

    Args:
        hashes, offsets: Words as `hash_ngrams` takes them.
        wanted: (D,) bool, which texts to look at.
        sizes: (Z,) int64, the lengths that n-grams of the table have.
        table, numbers, shift, sieve, sieve_shift: As `fill_table` left them.
        rows, positions, found: (H,) uint32, uint32, int32, filled: text, its first word, number of the n-gram. What
            finds no room is counted only: call again with more.
    """
    count = 0
    highest = np.ones(len(sizes), np.uint64)
    for index in range(len(sizes)):
        for _ in range(sizes[index]):
            highest[index] *= _CHAIN
    rolled = np.empty(len(sizes), np.uint64)
    for text in range(len(offsets) - 1):
        if not wanted[text]:
            continue
        rolled[:] = np.uint64(0)
        first = offsets[text]
        for word in range(first, offsets[text + 1]):
            for index in range(len(sizes)):
                size = sizes[index]
                rolled[index] = rolled[index] * _CHAIN + hashes[word]
                if word - first >= size:
                    rolled[index] -= hashes[word - size] * highest[index]
                if word - first < size - 1:
                    continue
                key = ngram_key(rolled[index], size)
                bit = key >> sieve_shift
                if not sieve[np.int64(bit >> np.uint64(3))] >> np.uint8(bit & np.uint64(7)) & 1:
                    continue
                slot = np.int64((key * _CHAIN) >> shift)
                while table[slot] != _NOTHING and table[slot] != key:
                    slot = (slot + 1) & (len(table) - 1)
                if table[slot] == key:
                    if count < len(rows):
                        rows[count], positions[count], found[count] = text, word - first - size + 1, numbers[slot]
                    count += 1
    return count
