# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated, type-arg"
"""How the matrices of a product are laid out for `matrix_kernels`: words that are summed over one after another.

A word is a float32, or two numbers in bfloat16 that follow each other in the sum.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir

from firstwords.model.numbers_in_kernels import compiled, intrinsic, overload, part, types

LANES = 16
"""Numbers of a vector register, of which the columns of every result are a multiple."""
ROWS = 8
"""Rows of a tile, which is what a product fills at once."""

FLOAT, WORD, LONG, _POINTER = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.PointerType()
WORDS = ir.VectorType(WORD, LANES)


def place(builder, address, *offsets):
    """The pointer of an address and offsets in bytes."""
    for offset in offsets:
        address = builder.add(address, offset)
    return builder.inttoptr(address, _POINTER)


@intrinsic
def is_half(typing_context, number):
    """Whether a number is the pattern of a bfloat16, decided when the kernel is compiled."""
    half = number == types.uint16

    def build(context, builder, signature, values):
        return ir.Constant(ir.IntType(1), int(half))

    return types.boolean(number), build


@intrinsic
def _copy_columns(typing_context, like, source, row, target):
    """`ROWS` numbers of a row, in bfloat16 paired with those of the next row, as words.

    Args:
        like: Any number of the type.
        source, target: Addresses.
        row: Bytes from one row to the next.
    """

    def build(context, builder, signature, values):
        _, source, row, target = values
        kind = ir.VectorType(ir.IntType(16) if like == types.uint16 else WORD, ROWS)
        words = builder.load(place(builder, source), typ=kind, align=2)
        if like == types.uint16:
            many = ir.VectorType(WORD, ROWS)
            following = builder.zext(builder.load(place(builder, source, row), typ=kind, align=2), many)
            upper = builder.shl(following, ir.Constant(many, [16] * ROWS))
            words = builder.or_(builder.zext(words, many), upper)
        builder.store(words, place(builder, target), align=4)
        return context.get_dummy_value()

    return types.void(like, *[types.int64] * 3), build


@part
def columns_side_by_side(x, begin, count, column, there, tile):
    """`there` columns of a matrix, `count` words from word `begin` on, into a matrix of `ROWS` columns."""
    numbers = 2 if is_half(x[0, 0]) else 1
    whole = min(count, x.shape[0] // numbers - begin) if there == ROWS else 0
    row, source = np.int64(x.strides[0]), np.int64(x.ctypes.data)
    source, target = source + begin * numbers * row + x.itemsize * column, np.int64(tile.ctypes.data)
    for word in range(whole):
        _copy_columns(x[0, 0], np.int64(source + word * numbers * row), row, np.int64(target + word * 4 * ROWS))
    for word in range(whole, count):
        for i in range(there):
            number = _as_word(x[(begin + word) * numbers, column + i])
            following = (begin + word) * numbers + 1
            if numbers == 2 and following < x.shape[0]:
                number |= _as_word(x[following, column + i]) << np.uint32(16)
            tile[word, i] = number


@intrinsic
def _as_word(typing_context, number):
    """The pattern of a number in the lower bits of a word."""

    def build(context, builder, signature, values):
        if number == types.uint16:
            return builder.zext(values[0], WORD)
        return builder.bitcast(values[0], WORD)

    return types.uint32(number), build


@part
def words_for(count, like):
    """How many words hold so many numbers of a sum."""
    return (count + 1) // 2 if is_half(like) else count


def _in_words(x):
    """`rows_in_words`, which numba chooses by type."""


@overload(_in_words)
def _in_words_of(x):
    if x.dtype == types.uint16:
        return lambda x: _pairs_of_rows(x)  # noqa: PLW0108 (numba wants a function of Python)
    return lambda x: x.view(np.uint32)


@compiled
def _pairs_of_rows(x):
    count = (x.shape[0] + 1) // 2
    result = np.empty((count, x.shape[1]), np.uint32)
    for row in range(x.shape[0] // 2):
        for column in range(x.shape[1]):
            upper = np.uint32(x[2 * row + 1, column]) << np.uint32(16)
            result[row, column] = np.uint32(x[2 * row, column]) | upper
    if x.shape[0] % 2:
        for column in range(x.shape[1]):
            result[count - 1, column] = np.uint32(x[x.shape[0] - 1, column])
    return result


@compiled
def rows_in_words(x):
    """A matrix whose rows are summed over.

    Args:
        x: (R, C) of T, contiguous.

    Returns:
        (R / numbers of a word, C) uint32; an odd last row of bfloat16 is followed by zeros.
    """
    return _in_words(x)


@intrinsic
def _transpose_block(typing_context, source, source_row, target, target_row):
    """`LANES` times `LANES` words, addresses and bytes from row to row given.

    Four rounds: in each, numbers whose places differ in one binary digit of row and column change places.
    """

    def build(context, builder, signature, values):
        source, source_row, target, target_row = values
        rows = [
            builder.load(place(builder, source, builder.mul(source_row, ir.Constant(LONG, i))), typ=WORDS, align=4)
            for i in range(LANES)
        ]
        for digit in (8, 4, 2, 1):
            first = [c if not c & digit else LANES + (c ^ digit) for c in range(LANES)]
            second = [LANES + c if c & digit else c ^ digit for c in range(LANES)]
            for i in range(LANES):
                if not i & digit:
                    pair = rows[i], rows[i + digit]
                    rows[i] = builder.shuffle_vector(*pair, ir.Constant(WORDS, first))
                    rows[i + digit] = builder.shuffle_vector(*pair, ir.Constant(WORDS, second))
        for i, row in enumerate(rows):
            builder.store(row, place(builder, target, builder.mul(target_row, ir.Constant(LONG, i))), align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), build


@compiled
def columns_in_words(x, result):
    """A matrix whose columns are summed over: its rows become columns.

    Args:
        x: (R, C) of T, contiguous; an even C in bfloat16.
        result: (C / numbers of a word, at least R) uint32, filled; zeros beyond R.
    """
    words = x.view(np.uint32)
    height = words.shape[0] // LANES * LANES
    width = words.shape[1] // LANES * LANES
    source, source_row = np.int64(words.ctypes.data), np.int64(words.strides[0])
    target, target_row = np.int64(result.ctypes.data), np.int64(result.strides[0])
    for row in range(0, height, LANES):
        for word in range(0, width, LANES):
            begin, end = source + row * source_row + 4 * word, target + word * target_row + 4 * row
            _transpose_block(begin, source_row, end, target_row)
        for word in range(width, words.shape[1]):
            for each in range(row, row + LANES):
                result[word, each] = words[each, word]
    for word in range(words.shape[1]):
        for row in range(height, words.shape[0]):
            result[word, row] = words[row, word]
        for row in range(words.shape[0], result.shape[1]):
            result[word, row] = np.uint32(0)
