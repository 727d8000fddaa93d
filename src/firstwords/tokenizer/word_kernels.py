# ruff: noqa: PLR1714, SIM109, SIM110  (numba compiles chains of comparisons and loops; sets and generators it does not)
# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated, assignment"
"""Cutting UTF-8 into the words of a pattern and counting them, compiled by numba.

The patterns of `patterns.py` are followed by hand, one character at a time: a general engine spends ten times as long
on them (docs/log/2026-11-26-tokenizers.md). The tests compare every cut with the library's. Import this module only
where it is used: loading numba takes a fifth of a second.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from firstwords.data.kernels import compiled
from firstwords.tokenizer.characters import LETTER, LINE_END, NUMBER, OTHER, SPACE

GPT2, LLAMA3, WHOLE = range(3)
"""The patterns as numbers; `WHOLE` cuts nothing."""

INLINE_BYTES = 16
"""Words up to this length are their own key; of longer ones the bytes are compared."""
# Columns of a table of counts.
FIRST, SECOND, LENGTH, PLACE, COUNT = range(5)
# What a counting kernel remembers between calls: entries, bytes of the arena used, and where it stopped.
ENTRIES, USED, TEXT, AT = range(4)

# Odd constants with many set bits in no pattern: 2^64 divided by the golden ratio, and two of xxHash (Collet).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_STIR = np.uint64(0xC2B2AE3D27D4EB4F)
_FOLD = np.uint64(0x165667B19E3779F9)
_HALF = np.uint64(32)
_QUARTER = np.uint64(29)


@intrinsic
def _load(typing_context, data, at):
    """Eight bytes from any place of an array of bytes, as one number."""

    def build(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(64).as_pointer())
        loaded = builder.load(pointer)
        loaded.align = 1
        return loaded

    return types.uint64(data, types.int64), build


@compiled
def eight_bytes(data, at, length):
    """Up to eight bytes from `at` as one number, zeros behind `length`."""
    if at + 8 <= len(data):
        value = _load(data, np.int64(at))
        if length >= 8:
            return value
        return value & ((np.uint64(1) << np.uint64(8 * length)) - np.uint64(1))
    value = np.uint64(0)
    for i in range(min(length, 8)):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


@compiled
def word_key(data, at, length):
    """Two numbers that are the word itself up to 16 bytes, and a hash of it beyond."""
    first = eight_bytes(data, at, length)
    if length <= 8:
        return first, np.uint64(0)
    second = eight_bytes(data, at + 8, length - 8)
    done = 16
    while done < length:
        more = eight_bytes(data, at + done, length - done)
        first = (first ^ more) * _STIR
        first ^= first >> _QUARTER
        second = (second + more) * _FOLD
        second ^= second >> _HALF
        done += 8
    return first, second


@compiled
def slot_of(first, second, length, mask):
    """Where to begin looking for a key in a table of mask + 1 rows."""
    value = (first ^ (np.uint64(length) * _FOLD)) * _SPREAD + (second ^ (second >> _QUARTER)) * _STIR
    value ^= value >> _HALF
    value *= _SPREAD
    return np.int64(value >> _HALF) & mask


@compiled
def same_bytes(data, at, other, place, length):
    """Whether two arrays hold the same bytes from two places on."""
    for i in range(length):
        if data[at + i] != other[place + i]:
            return False
    return True


@compiled
def class_at(data, at, end, classes):
    """Class and width of the character that begins at a byte; a cut-off character is none of the classes."""
    byte = np.int64(data[at])
    if byte < 0x80:
        return np.int64(classes[byte]), 1
    if byte < 0xE0:
        if at + 2 > end:
            return OTHER, 1
        return np.int64(classes[(byte & 0x1F) << 6 | (data[at + 1] & 0x3F)]), 2
    if byte < 0xF0:
        if at + 3 > end:
            return OTHER, 1
        return np.int64(classes[(byte & 0xF) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)]), 3
    if at + 4 > end:
        return OTHER, 1
    point = (byte & 0x7) << 18 | (data[at + 1] & 0x3F) << 12 | (data[at + 2] & 0x3F) << 6 | (data[at + 3] & 0x3F)
    return np.int64(classes[point & 0x1FFFFF]) if point < len(classes) else OTHER, 4


@compiled
def _run(data, at, end, classes, wanted):
    """Behind the longest run of a class."""
    while at < end:
        kind, width = class_at(data, at, end, classes)
        if kind != wanted:
            break
        at += width
    return at


@compiled
def _contraction(data, at, end, any_case):
    """Behind 's 't 're 've 'm 'll 'd, whose apostrophe stands before `at`; `at` - 1 if there is none."""
    none = at - 1
    if at >= end:
        return none
    byte = data[at]
    if any_case and byte == 0xC5:
        # The long s is an s without regard to case.
        return at + 2 if at + 1 < end and data[at + 1] == 0xBF else none
    fold = 0x20 if any_case else 0
    letter = byte | fold
    if letter == 0x73 or letter == 0x74 or letter == 0x6D or letter == 0x64:
        return at + 1
    if at + 1 < end:
        following = data[at + 1] | fold
        if (letter == 0x72 or letter == 0x76) and following == 0x65:
            return at + 2
        if letter == 0x6C and following == 0x6C:
            return at + 2
    return none


@compiled
def _blank_end(data, at, end, classes, lines):
    """Behind white space: with `lines` to its last line end; else all but the character that the next word takes."""
    start, last, behind_line = at, at, -1
    while at < end:
        kind, width = class_at(data, at, end, classes)
        if kind != SPACE and kind != LINE_END:
            break
        last = at
        at += width
        if kind == LINE_END:
            behind_line = at
    if lines and behind_line >= 0:
        return behind_line
    return at if at == end or last == start else last


@compiled
def word_end(data, at, end, classes, pattern):
    """Where the word that begins at byte `at` of a text ends, at < end.

    Args:
        data: uint8, UTF-8.
        at: A place where a word begins.
        end: End of the text in `data`.
        classes: What `character_classes` gives.
        pattern: `GPT2`, `LLAMA3` or `WHOLE`.
    """
    if pattern == WHOLE:
        return end
    modern = pattern == LLAMA3
    kind, width = class_at(data, at, end, classes)
    following = at + width
    if data[at] == 0x27:
        behind = _contraction(data, following, end, modern)
        if behind > following:
            return behind
    if kind == LETTER:
        return _run(data, following, end, classes, LETTER)
    next_kind, next_width = class_at(data, following, end, classes) if following < end else (SPACE, 0)
    if next_kind == LETTER and ((modern and (kind == SPACE or kind == OTHER)) or data[at] == 0x20):
        return _run(data, following + next_width, end, classes, LETTER)
    if modern:
        if kind == NUMBER:
            for _ in range(2):
                if following < end and next_kind == NUMBER:
                    following += next_width
                    next_kind, next_width = class_at(data, following, end, classes) if following < end else (SPACE, 0)
            return following
    elif kind == NUMBER or (data[at] == 0x20 and next_kind == NUMBER and following < end):
        return _run(data, following, end, classes, NUMBER)
    if kind == OTHER or (data[at] == 0x20 and next_kind == OTHER and following < end):
        behind = _run(data, following, end, classes, OTHER)
        while modern and behind < end and (data[behind] == 0x0A or data[behind] == 0x0D):
            behind += 1
        return behind
    return _blank_end(data, at, end, classes, modern)


@compiled
def cut(data, start, end, classes, pattern, ends):
    """Fill `ends` with the ends of all words of one text; returns how many there are (`ends` has a place a byte)."""
    found = 0
    at = start
    while at < end:
        at = word_end(data, at, end, classes, pattern)
        ends[found] = at
        found += 1
    return found


@compiled
def add_word(data, at, length, count, table, arena, state):
    """Count a word; False if the table or the arena must grow first."""
    mask = len(table) - 1
    first, second = word_key(data, at, length)
    slot = slot_of(first, second, length, mask)
    while table[slot, LENGTH]:
        if table[slot, FIRST] == first and table[slot, SECOND] == second and table[slot, LENGTH] == length:
            place = np.int64(table[slot, PLACE])
            if length <= INLINE_BYTES or same_bytes(data, at, arena, place, length):
                table[slot, COUNT] += np.uint64(count)
                return True
        slot = (slot + 1) & mask
    if 2 * state[ENTRIES] >= mask or state[USED] + length > len(arena):
        return False
    used = state[USED]
    arena[used : used + length] = data[at : at + length]
    table[slot, FIRST], table[slot, SECOND] = first, second
    table[slot, LENGTH], table[slot, PLACE], table[slot, COUNT] = length, used, count
    state[USED] += length
    state[ENTRIES] += 1
    return True


@compiled
def count_words(data, offsets, classes, pattern, table, arena, state):
    """Count the words of texts from where `state` says; False if a larger table is needed to go on.

    Args:
        data: uint8, UTF-8.
        offsets: (D + 1,) bounds of the texts in `data`.
        classes, pattern: See `word_end`.
        table: (2^k, 5) uint64: `FIRST` to `COUNT`; rows of length 0 are free.
        arena: uint8: the words, one after another, as they were first met.
        state: (4,) int64: `ENTRIES` to `AT`.
    """
    while state[TEXT] < len(offsets) - 1:
        end = offsets[state[TEXT] + 1]
        at = max(state[AT], offsets[state[TEXT]])
        while at < end:
            behind = word_end(data, at, end, classes, pattern)
            if not add_word(data, at, behind - at, 1, table, arena, state):
                state[AT] = at
                return False
            at = behind
        state[TEXT] += 1
        state[AT] = 0
    return True


@compiled
def add_table(other, words, table, arena, state):
    """Add the counts of another table, whose arena is `words`, from row `state[AT]` on; False: see `count_words`."""
    for row in range(state[AT], len(other)):
        length = np.int64(other[row, LENGTH])
        if length and not add_word(words, np.int64(other[row, PLACE]), length, other[row, COUNT], table, arena, state):
            state[AT] = row
            return False
    return True


@compiled
def rehash(table, larger):
    """Move all rows to a larger table."""
    mask = len(larger) - 1
    for row in range(len(table)):
        if table[row, LENGTH]:
            slot = slot_of(table[row, FIRST], table[row, SECOND], np.int64(table[row, LENGTH]), mask)
            while larger[slot, LENGTH]:
                slot = (slot + 1) & mask
            larger[slot] = table[row]
