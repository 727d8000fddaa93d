# ruff: noqa: PLR0915  (calls between kernels that hand on twenty arrays read worse, and cost)
# mypy: disable-error-code="no-untyped-def"
"""Token ids of whole texts, compiled by numba: cut into words, look each up among those met before, write its ids.

A text repeats its words: of a hundred million bytes of prose few words are not in a table of the last hundred thousand.
Only those go through the merges (or Viterbi's algorithm, or the longest match). Ids are those of the
Hugging Face library for the saved `tokenizer.json`; the tests compare them.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.kernels import compiled
from firstwords.tokenizer.word_kernels import INLINE_BYTES, same_bytes, slot_of, word_end, word_key

MERGES, LIKELIEST, LONGEST = range(3)
"""How a word becomes ids: byte-pair encoding, unigram, WordPiece."""

CACHED_BYTES = 64
"""Longer words are worked out each time: they are rare and would push the others out."""
# Columns of the table of words that were met.
FIRST, SECOND, SIZES, PLACES = range(4)
# What the kernel remembers between calls.
ENTRIES, IDS_USED, BYTES_USED, TEXT, AT, WRITTEN = range(6)

_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
ABSENT = np.int64(2**62)
# Up to here a word's merges are found by looking at all pairs again; beyond, a heap is faster.
_FEW = 40


@compiled
def find_pair(table, key):
    """Value of a key in a (2^k, 2) uint64 table, `ABSENT` if there is none; free rows hold all ones as key."""
    mask = len(table) - 1
    slot = slot_of(key, np.uint64(0), 0, mask)
    while table[slot, 0] != np.uint64(0xFFFFFFFFFFFFFFFF):
        if table[slot, 0] == key:
            return np.int64(table[slot, 1])
        slot = (slot + 1) & mask
    return ABSENT


@compiled
def fill_pairs(table, keys, values):
    """Put keys and their values into a table for `find_pair`; a later one replaces an earlier one."""
    mask = len(table) - 1
    for i in range(len(keys)):
        slot = slot_of(keys[i], np.uint64(0), 0, mask)
        while table[slot, 0] != np.uint64(0xFFFFFFFFFFFFFFFF) and table[slot, 0] != keys[i]:
            slot = (slot + 1) & mask
        table[slot, 0], table[slot, 1] = keys[i], values[i]


@compiled
def _merge_of(table, left, right):
    """Rank and id (rank << 32 | id) of the merge of two ids; `ABSENT` if they are never merged."""
    return find_pair(table, np.uint64(left) << _HIGH | np.uint64(right))


@compiled
def merge_short(data, at, length, byte_ids, table, out, written, merges):
    """Byte-pair encoding of a short word: of all pairs the one of lowest rank, leftmost first; returns how many ids."""
    for i in range(length):
        out[written + i] = byte_ids[data[at + i]]
    for i in range(length - 1):
        merges[i] = _merge_of(table, out[written + i], out[written + i + 1])
    while length > 1:
        best = 0
        for i in range(1, length - 1):
            if merges[i] < merges[best]:
                best = i
        if merges[best] == ABSENT:
            break
        out[written + best] = np.int32(merges[best] & np.int64(0xFFFFFFFF))
        length -= 1
        for i in range(best + 1, length):
            out[written + i] = out[written + i + 1]
            merges[i - 1] = merges[i]
        if best > 0:
            merges[best - 1] = _merge_of(table, out[written + best - 1], out[written + best])
        if best < length - 1:
            merges[best] = _merge_of(table, out[written + best], out[written + best + 1])
    return length


@compiled
def _sift_up(heap_ranks, heap_places, size, rank, place):
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap_ranks[above] < rank or (heap_ranks[above] == rank and heap_places[above] <= place):
            break
        heap_ranks[at], heap_places[at] = heap_ranks[above], heap_places[above]
        at = above
    heap_ranks[at], heap_places[at] = rank, place
    return size + 1


@compiled
def _sift_down(heap_ranks, heap_places, size):
    size -= 1
    rank, place = heap_ranks[size], heap_places[size]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        other = below + 1
        if other < size and (
            heap_ranks[other] < heap_ranks[below]
            or (heap_ranks[other] == heap_ranks[below] and heap_places[other] < heap_places[below])
        ):
            below = other
        if heap_ranks[below] > rank or (heap_ranks[below] == rank and heap_places[below] >= place):
            break
        heap_ranks[at], heap_places[at] = heap_ranks[below], heap_places[below]
        at = below
    heap_ranks[at], heap_places[at] = rank, place
    return size


@compiled
def merge_long(data, at, length, byte_ids, table, out, written):
    """Byte-pair encoding of a word of any length in n log n steps; the same ids as `merge_short`."""
    ids = np.empty(length, np.int32)
    following = np.arange(1, length + 1)
    before = np.arange(-1, length - 1)
    # Every merge makes at most two new pairs and takes one symbol away.
    heap_ranks = np.empty(3 * length, np.int64)
    heap_places = np.empty(3 * length, np.int64)
    size = 0
    for i in range(length):
        ids[i] = byte_ids[data[at + i]]
    for i in range(length - 1):
        merge = _merge_of(table, ids[i], ids[i + 1])
        if merge != ABSENT:
            size = _sift_up(heap_ranks, heap_places, size, merge, i)
    while size:
        merge, place = heap_ranks[0], heap_places[0]
        size = _sift_down(heap_ranks, heap_places, size)
        if ids[place] < 0 or following[place] >= length:
            continue
        if _merge_of(table, ids[place], ids[following[place]]) != merge:
            continue  # one of the two was merged with another since
        gone = following[place]
        ids[place] = np.int32(merge & np.int64(0xFFFFFFFF))
        ids[gone] = -1
        following[place] = following[gone]
        if following[gone] < length:
            before[following[gone]] = place
            merge = _merge_of(table, ids[place], ids[following[place]])
            if merge != ABSENT:
                size = _sift_up(heap_ranks, heap_places, size, merge, place)
        if before[place] >= 0:
            merge = _merge_of(table, ids[before[place]], ids[place])
            if merge != ABSENT:
                size = _sift_up(heap_ranks, heap_places, size, merge, before[place])
    found = 0
    for i in range(length):
        if ids[i] >= 0:
            out[written + found] = ids[i]
            found += 1
    return found


@compiled
def likeliest(data, at, length, table, piece_ids, scores, out, written):
    """The segmentation of highest summed score (Viterbi); of equal ones the one whose last piece is longest, and so on.

    Args:
        data, at, length: The word.
        table: Children of a trie, for `find_pair`: node << 8 | byte to node; the root is 0.
        piece_ids: (nodes,) int32: the piece that ends at a node, -1 for none.
        scores: (V,) float64.
        out, written: Where the ids go.

    Returns:
        How many ids; every single byte must be a piece.
    """
    best = np.empty(length + 1, np.float64)
    came = np.full(length + 1, -1, np.int64)
    by = np.empty(length + 1, np.int32)
    best[0] = 0.0
    for start in range(length):
        node = np.int64(0)
        for end in range(start, length):
            node = find_pair(table, np.uint64(node) << np.uint64(8) | np.uint64(data[at + end]))
            if node == ABSENT:
                break
            piece = piece_ids[node]
            if piece >= 0:
                score = scores[piece] + best[start]
                if came[end + 1] < 0 or score > best[end + 1]:
                    best[end + 1], came[end + 1], by[end + 1] = score, start, piece
    found = 0
    end = length
    while end > 0:
        end = came[end]
        found += 1
    end = length
    for i in range(found - 1, -1, -1):
        out[written + i] = by[end]
        end = came[end]
    return found


@compiled
def longest_match(data, at, length, table, piece_ids, out, written):
    """The longest piece from the left, again and again; `piece_ids` of the root's tries: 0 starts a word, 1 goes on."""
    found = 0
    start = 0
    while start < length:
        node = np.int64(0 if start == 0 else 1)
        piece, behind = np.int32(-1), start
        for end in range(start, length):
            node = find_pair(table, np.uint64(node) << np.uint64(8) | np.uint64(data[at + end]))
            if node == ABSENT:
                break
            if piece_ids[node] >= 0:
                piece, behind = piece_ids[node], end + 1
        out[written + found] = piece
        found += 1
        start = behind
    return found


@compiled
def remember(data, at, length, ids, start, found, words, met_ids, met_bytes, state):
    """Keep the ids of a word; False if the table, or the space for ids or bytes, is full."""
    mask = len(words) - 1
    far = length > INLINE_BYTES
    if (
        2 * state[ENTRIES] >= mask
        or state[IDS_USED] + found > len(met_ids)
        or (far and state[BYTES_USED] + length > len(met_bytes))
    ):
        return False
    first, second = word_key(data, at, length)
    slot = slot_of(first, second, length, mask)
    while words[slot, SIZES]:
        slot = (slot + 1) & mask
    place = np.int64(ids[start])
    if found > 1:
        place = state[IDS_USED]
        met_ids[place : place + found] = ids[start : start + found]
        state[IDS_USED] += found
    letters = np.int64(0)
    if far:
        letters = state[BYTES_USED]
        met_bytes[letters : letters + length] = data[at : at + length]
        state[BYTES_USED] += length
    words[slot, FIRST], words[slot, SECOND] = first, second
    words[slot, SIZES] = np.uint64(length) << _HIGH | np.uint64(found)
    words[slot, PLACES] = np.uint64(place) << _HIGH | np.uint64(letters)
    state[ENTRIES] += 1
    return True


@compiled
def remember_all(data, offsets, ids, words, met_ids, met_bytes, state):
    """Keep one id for each of many words, which are all different and have room."""
    for i in range(len(ids)):
        remember(data, offsets[i], offsets[i + 1] - offsets[i], ids, i, 1, words, met_ids, met_bytes, state)


@compiled
def encode(
    data, offsets, classes, pattern, max_word, known, kind, table, byte_ids, piece_ids, scores,
    words, met_ids, met_bytes, fresh_words, fresh_state, state, out, bounds,
):  # fmt: skip
    """Ids of texts, from where `state` says; False if `out` must grow to go on.

    Args:
        data: uint8, UTF-8.
        offsets: (D + 1,) bounds of the texts in `data`.
        classes, pattern: See `word_end`.
        max_word: Words are cut after so many bytes; 0: never.
        known: Words of more bytes are not looked up among those met before.
        kind: `MERGES`, `LIKELIEST` or `LONGEST`.
        table: Of merges or of a trie, for `find_pair`.
        byte_ids: (256,) int32, for `MERGES`.
        piece_ids, scores: See `likeliest`.
        words, met_ids, met_bytes: (2^k, 4) uint64, int32, uint8: words met before.
        fresh_words, fresh_state: What `words` and the first three of `state` are set back to when it is full.
        state: (6,) int64: `ENTRIES` to `WRITTEN`.
        out: int32, the ids of all texts one after another.
        bounds: (D + 1,) int64, filled: bounds of the texts in `out`.
    """
    mask = len(words) - 1
    merges = np.empty(_FEW, np.int64)
    written = state[WRITTEN]
    room = len(out)
    while state[TEXT] < len(offsets) - 1:
        end = offsets[state[TEXT] + 1]
        at = max(state[AT], offsets[state[TEXT]])
        whole_end = at
        while at < end:
            if at >= whole_end:
                whole_end = word_end(data, at, end, classes, pattern)
                if written + whole_end - at > room:
                    state[AT], state[WRITTEN] = at, written
                    return False
            length = whole_end - at
            if max_word and length > max_word:
                length = max_word
            if length <= known:
                first, second = word_key(data, at, length)
                slot = slot_of(first, second, length, mask)
                found = np.int64(0)
                while True:
                    sizes = words[slot, SIZES]
                    if not sizes:
                        break
                    if (
                        words[slot, FIRST] == first
                        and words[slot, SECOND] == second
                        and np.int64(sizes >> _HIGH) == length
                    ):
                        places = words[slot, PLACES]
                        if length <= INLINE_BYTES or same_bytes(data, at, met_bytes, np.int64(places & _LOW), length):
                            found = np.int64(sizes & _LOW)
                            place = np.int64(places >> _HIGH)
                            if found == 1:
                                out[written] = np.int32(place)
                            else:
                                for i in range(found):
                                    out[written + i] = met_ids[place + i]
                            break
                    slot = (slot + 1) & mask
                if found:
                    written += found
                    at += length
                    continue
            if kind == MERGES:
                if length <= _FEW:
                    found = merge_short(data, at, length, byte_ids, table, out, written, merges)
                else:
                    found = merge_long(data, at, length, byte_ids, table, out, written)
            elif kind == LIKELIEST:
                found = likeliest(data, at, length, table, piece_ids, scores, out, written)
            else:
                found = longest_match(data, at, length, table, piece_ids, out, written)
            if length <= CACHED_BYTES and not remember(
                data, at, length, out, written, found, words, met_ids, met_bytes, state
            ):
                words[:] = fresh_words
                state[:3] = fresh_state
            written += found
            at += length
        state[TEXT] += 1
        state[AT] = 0
        bounds[state[TEXT]] = written
    state[WRITTEN] = written
    return True
