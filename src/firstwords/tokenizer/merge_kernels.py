# ruff: noqa: PLR0915  (the loop shares a dozen growing arrays)
# mypy: disable-error-code="no-untyped-def, assignment"
"""Learning merges from word counts, compiled by numba: the loop of byte-pair encoding (Sennrich et al. 2016).

Every pair has a list of the places where it was seen; a merge visits these places only. The most frequent pair is taken
from a heap whose entries may be out of date: a count that fell is put right when it comes up. Ties go to the pair with
the smaller ids, as in the Hugging Face trainer, whose merges the tests ask for one by one.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.kernels import compiled
from firstwords.tokenizer.word_kernels import slot_of

_LEFT = np.uint64(32)
_NONE = np.int32(-1)


@compiled
def _find(slots, keys, key):
    """Slot of a pair in the table: its own, or the free one where it belongs."""
    mask = len(slots) - 1
    slot = slot_of(key, np.uint64(0), 0, mask)
    while slots[slot] >= 0 and keys[slots[slot]] != key:
        slot = (slot + 1) & mask
    return slot


@compiled
def _wider(array):
    larger = np.empty(2 * len(array), array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def _before(counts, keys, one, other):
    """Whether a heap entry (count, pair) comes first: more frequent, then smaller ids."""
    if counts[one] != counts[other]:
        return counts[one] > counts[other]
    return keys[one] < keys[other]


@compiled
def _push(heap_counts, heap_keys, size, count, key):
    """Add an entry to a heap that has room; returns its size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap_counts[above] > count or (heap_counts[above] == count and heap_keys[above] <= key):
            break
        heap_counts[at], heap_keys[at] = heap_counts[above], heap_keys[above]
        at = above
    heap_counts[at], heap_keys[at] = count, key
    return size + 1


@compiled
def _pop(heap_counts, heap_keys, size):
    """Take the first entry out of a heap; returns count, pair and the new size."""
    count, key = heap_counts[0], heap_keys[0]
    size -= 1
    last_count, last_key = heap_counts[size], heap_keys[size]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and _before(heap_counts, heap_keys, below + 1, below):
            below += 1
        if heap_counts[below] < last_count or (heap_counts[below] == last_count and heap_keys[below] >= last_key):
            break
        heap_counts[at], heap_keys[at] = heap_counts[below], heap_keys[below]
        at = below
    heap_counts[at], heap_keys[at] = last_count, last_key
    return count, key, size


@compiled
def learn_merges(symbols, offsets, counts, first_id, most, min_count):
    """The merges that byte-pair encoding learns, in their order.

    Args:
        symbols: (S,) int32, the ids that the words begin as, one after another; overwritten.
        offsets: (W + 1,) int64, bounds of the words in `symbols`.
        counts: (W,) int64, how often each word occurs.
        first_id: Id of the first merge; the following ones count up.
        most: Stop after so many merges.
        min_count: Stop when no pair occurs so often.

    Returns:
        (M, 2) int32 pairs of ids, M <= most.
    """
    num_symbols = len(symbols)
    # Neighbours by place: the next symbol of a word (its end: -1) and the one before; and whose count a place has.
    following = np.empty(num_symbols, np.int32)
    before = np.empty(num_symbols, np.int32)
    owner = np.empty(num_symbols, np.int32)
    for word in range(len(offsets) - 1):
        for at in range(offsets[word], offsets[word + 1]):
            before[at] = at - 1 if at > offsets[word] else _NONE
            following[at] = at + 1 if at + 1 < offsets[word + 1] else _NONE
            owner[at] = word
    # Pairs by number: key, count, and the list of places as a chain through `links`. Every merge takes a symbol away
    # and makes at most two new pairs, so so many places are enough.
    slots = np.full(2**16, _NONE, np.int32)
    keys = np.empty(2**15, np.uint64)
    pair_counts = np.zeros(2**15, np.int64)
    heads = np.full(2**15, _NONE, np.int32)
    places = np.empty(3 * num_symbols + 1, np.int32)
    links = np.empty(3 * num_symbols + 1, np.int32)
    touched = np.empty(2 * num_symbols + 1, np.int32)
    num_pairs = num_places = num_touched = 0

    merges = np.empty((max(most, 1), 2), np.int32)
    num_merges = 0
    heap_counts = np.empty(2**16, np.int64)
    heap_keys = np.empty(2**16, np.uint64)
    heap_size = 0
    matches = np.empty(1024, np.int32)
    left = right = np.int32(-1)
    while True:
        new = np.int32(first_id + num_merges - 1)  # of the merge that is being applied
        num_matches = 0
        if num_merges == 0:
            num_matches = num_symbols
        else:
            link = heads[slots[_find(slots, keys, np.uint64(left) << _LEFT | np.uint64(right))]]
            while link >= 0:
                at = places[link]
                if num_matches == len(matches):
                    matches = _wider(matches)
                matches[num_matches] = at
                num_matches += 1
                link = links[link]
            # From left to right, which matters where a symbol is merged with its like; the chain is newest first.
            matches[:num_matches] = np.sort(matches[:num_matches])
        num_touched = 0
        for match in range(num_matches):
            at = np.int32(match) if num_merges == 0 else matches[match]
            weight = counts[owner[at]]
            if num_merges:
                after = following[at]
                if symbols[at] != left or after < 0 or symbols[after] != right:
                    continue
                symbols[at] = new
                symbols[after] = _NONE
                following[at] = following[after]
                if following[at] >= 0:
                    before[following[at]] = at
            # The pairs to the left and right of `at` lose and gain; before the first merge all pairs only gain.
            for side in range(2):
                start = before[at] if side == 0 else at
                if start < 0 or following[start] < 0 or (num_merges == 0 and side == 0):
                    continue
                if num_merges:
                    if side == 0:
                        lost = np.uint64(symbols[start]) << _LEFT | np.uint64(left)
                    else:
                        lost = np.uint64(right) << _LEFT | np.uint64(symbols[following[start]])
                    pair = slots[_find(slots, keys, lost)]
                    pair_counts[pair] -= weight
                gained = np.uint64(symbols[start]) << _LEFT | np.uint64(symbols[following[start]])
                slot = _find(slots, keys, gained)
                pair = slots[slot]
                if pair < 0:
                    if num_pairs == len(keys):
                        keys, pair_counts, heads = _wider(keys), _wider(pair_counts), _wider(heads)
                        slots = np.full(2 * len(slots), _NONE, np.int32)
                        for old in range(num_pairs):
                            slots[_find(slots, keys, keys[old])] = old
                        slot = _find(slots, keys, gained)
                    pair = np.int32(num_pairs)
                    slots[slot], keys[pair], pair_counts[pair], heads[pair] = pair, gained, 0, _NONE
                    num_pairs += 1
                pair_counts[pair] += weight
                places[num_places], links[num_places] = start, heads[pair]
                heads[pair] = np.int32(num_places)
                num_places += 1
                touched[num_touched] = pair
                num_touched += 1
        if num_merges:
            merged = slots[_find(slots, keys, np.uint64(left) << _LEFT | np.uint64(right))]
            pair_counts[merged], heads[merged] = 0, _NONE
        ordered = np.sort(touched[:num_touched])
        for i in range(num_touched):
            pair = ordered[i]
            if (i and pair == ordered[i - 1]) or pair_counts[pair] < 1:
                continue
            if heap_size == len(heap_counts):
                heap_counts, heap_keys = _wider(heap_counts), _wider(heap_keys)
            heap_size = _push(heap_counts, heap_keys, heap_size, pair_counts[pair], keys[pair])

        found = False
        while heap_size and num_merges < most:
            count, key, heap_size = _pop(heap_counts, heap_keys, heap_size)
            now = pair_counts[slots[_find(slots, keys, key)]]
            if now != count:
                if now > 0:
                    heap_size = _push(heap_counts, heap_keys, heap_size, now, key)
                continue
            found = count >= min_count and count > 0
            break
        if not found:
            return merges[:num_merges]
        left, right = np.int32(key >> _LEFT), np.int32(key & np.uint64(0xFFFFFFFF))
        merges[num_merges, 0], merges[num_merges, 1] = left, right
        num_merges += 1
