# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated, type-arg"
"""Matrix products that other kernels can call, at the limit of a processor with AVX-512.

A tile of the result stays in vector registers while one row of the second matrix after another passes, multiplied with
single numbers of the first (Goto and van de Geijn 2008; Van Zee and van de Geijn 2015). In bfloat16 such a "number" is
a word of two that follow each other in the sum, and one instruction adds two products to each number of the result.
The result is written in float32 or bfloat16. What is read is packed before, where it does not lie so already:

- The second matrix, (count, columns) of words: `columns_in_words` for `x @ weight.T`, `rows_in_words` for
  `gradient @ weight` and for the gradient of weights.
- Of the first, columns for `gradient.T @ x`, a tile's at a time.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from llvmlite import binding, ir

from firstwords.data.kernels import numba
from firstwords.model.numbers_in_kernels import compiled, intrinsic, overload, part, rounded_word, types

LANES = 16
"""Numbers of a vector register, of which the columns of every result are a multiple."""
NEW, ADDED = np.int64(0), np.int64(1)
"""Whether what a product gives takes the place of a result or is added to it."""
_ROWS, _PANEL = 8, 3 * LANES
_WORDS_AT_ONCE = 512
_NUMBERS_AT_ONCE, _LEAST_AT_ONCE = 2**16, 64

_FLOAT, _WORD, _LONG, _POINTER = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.PointerType()
_FLOATS, _WORDS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_WORD, LANES)
_HALVES = ir.VectorType(ir.IntType(16), LANES)


@cache
def multiplies(dtype: torch.dtype) -> bool:
    """Whether this processor has the instructions for products of a type; where it has units for whole matrices (AMX),
    other libraries are faster in bfloat16.
    """
    if numba.config.CPU_NAME or numba.config.CPU_FEATURES:  # compiled for another processor
        return False
    features = binding.get_host_cpu_features()
    if dtype == torch.float32:
        return features.get("avx512f", False)
    return dtype == torch.bfloat16 and features.get("avx512bf16", False) and not features.get("amx-bf16", False)


def _declared(module, name, arguments):
    found = module.globals.get(name)
    return found or ir.Function(module, ir.FunctionType(_FLOATS, arguments), name)


def _place(builder, address, *offsets):
    for offset in offsets:
        address = builder.add(address, offset)
    return builder.inttoptr(address, _POINTER)


def _everywhere(builder, number):
    """A vector of copies of one number."""
    nothing = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(_WORD, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(_WORDS, [0] * LANES))


def _store_all(builder, numbers, places):
    for number, place in zip(numbers, places, strict=True):
        builder.store(number, place, align=2)


@numba.extending.intrinsic(prefer_literal=True)
def _tile(typing_context, width, like, out, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds):
    """Fill a tile of `_ROWS` rows: sums over `count` words.

    Args:
        width: 1, 2 or 3, vectors of `LANES` numbers that a row has.
        like: Any number of the type of both matrices.
        out: Any number of the result's type.
        rows: How many there are; where they are fewer than `_ROWS`, the last one is computed again.
        a, b, c: Addresses.
        a_row, c_row: Bytes from one row to the next.
        a_step, b_step: Bytes from one word of the sum to the next.
        count: Words to sum over, at least one.
        adds: 1 = the result is added to what is there, in float32; 0 = it takes its place.
    """
    half, narrows, vectors = like == types.uint16, out == types.uint16, width.literal_value

    def build(context, builder, signature, values):
        _, _, _, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds = values
        kind, many = (_WORD, _WORDS) if half else (_FLOAT, _FLOATS)
        name = "llvm.x86.avx512bf16.dpbf16ps.512" if half else "llvm.fma.v16f32"
        multiply_add = _declared(builder.module, name, [_FLOATS, many, many])
        numbers = [ir.Constant(_LONG, i) for i in range(_ROWS)]
        is_there = [builder.icmp_signed("<", i, rows) for i in numbers]
        last = builder.sub(rows, ir.Constant(_LONG, 1))
        places = [builder.select(there, i, last) for there, i in zip(is_there, numbers, strict=True)]
        of_a = [builder.mul(a_row, i) for i in places]
        before, loop = builder.block, builder.append_basic_block("sum")
        after = builder.append_basic_block("write")
        builder.branch(loop)
        builder.position_at_end(loop)
        done, at_a, at_b = (builder.phi(_LONG) for _ in range(3))
        sums = [[builder.phi(_FLOATS) for _ in range(vectors)] for _ in range(_ROWS)]
        offsets = [ir.Constant(_LONG, 4 * LANES * n) for n in range(vectors)]
        row = [builder.load(_place(builder, at_b, offset), typ=many, align=4) for offset in offsets]
        results = []
        for old, offset in zip(sums, of_a, strict=True):
            number = _everywhere(builder, builder.load(_place(builder, at_a, offset), typ=kind, align=4))
            for o, r in zip(old, row, strict=True):
                results.append(builder.call(multiply_add, [o, number, r] if half else [number, r, o]))
        zeros, one = ir.Constant(_FLOATS, [0.0] * LANES), ir.Constant(_LONG, 1)
        states = [(done, ir.Constant(_LONG, 0), builder.add(done, one))]
        states += [(at_a, a, builder.add(at_a, a_step)), (at_b, b, builder.add(at_b, b_step))]
        states += [(o, zeros, n) for o, n in zip([o for old in sums for o in old], results, strict=True)]
        for state, start, follows in states:
            state.add_incoming(start, before)
            state.add_incoming(follows, loop)
        builder.cbranch(builder.icmp_signed("<", states[0][2], count), loop, after)
        builder.position_at_end(after)
        size = 2 if narrows else 4
        of_c = [builder.mul(c_row, i) for i in places]
        ends = [
            _place(builder, c, of_row, ir.Constant(_LONG, size * LANES * n)) for of_row in of_c for n in range(vectors)
        ]
        if narrows:
            narrow = [builder.trunc(rounded_word(builder, each), _HALVES) for each in results]
            _store_all(builder, narrow, ends)
        else:
            with builder.if_else(builder.icmp_signed("!=", adds, ir.Constant(_LONG, 0))) as (is_added, is_new):
                with is_added:
                    # All are read before any is written: the last row may be there several times.
                    there = [builder.load(end, typ=_FLOATS, align=4) for end in ends]
                    _store_all(builder, [builder.fadd(*pair) for pair in zip(there, results, strict=True)], ends)
                with is_new:
                    _store_all(builder, results, ends)
        return context.get_dummy_value()

    return types.void(width, like, out, *[types.int64] * 10), build


@compiled
def _fill(vectors, like, out, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds):
    """Fill `vectors * LANES` columns of a result; as for `_tile`, of any number of rows."""
    for row in range(np.int64(0), rows, np.int64(_ROWS)):
        begin, end, left = a + row * a_row, c + row * c_row, rows - row
        if vectors == 3:
            _tile(3, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)
        elif vectors == 2:
            _tile(2, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)
        else:
            _tile(1, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)


@intrinsic
def _is_half(typing_context, number):
    """Whether a number is the pattern of a bfloat16, decided when the kernel is compiled."""
    half = number == types.uint16

    def build(context, builder, signature, values):
        return ir.Constant(ir.IntType(1), int(half))

    return types.boolean(number), build


@part
def _multiply(like, a, a_row, a_step, words, result, adds):
    """All of a result.

    Args:
        like: Any number of the type T of both matrices.
        a: Address of the first matrix; `a_row` and `a_step` bytes from row to row and from word to word.
        words: (count, at least the columns of the result) uint32, the second matrix.
        result: (rows, columns) of float32 or T; columns a multiple of `LANES`.
        adds: Whether it is added to what is there.
    """
    out = result[0, 0]
    rows, columns, size = np.int64(result.shape[0]), result.shape[1], np.int64(result.itemsize)
    b, b_step = np.int64(words.ctypes.data), np.int64(words.strides[0])
    c, c_row = np.int64(result.ctypes.data), np.int64(result.strides[0])
    count = np.int64(words.shape[0])
    # So much of the sum at once that what a panel reads stays in the cache; a narrow result is written only once.
    block = count if _is_half(out) else np.int64(_WORDS_AT_ONCE)
    for first in range(np.int64(0), count, block):
        more, some = np.int64(adds > 0 or first > 0), min(block, count - first)
        at_a, at_b = a + first * a_step, b + first * b_step
        for column in range(0, columns, _PANEL):
            vectors = np.int64(min(_PANEL, columns - column) // LANES)
            begin, end = at_b + 4 * column, c + size * column
            _fill(vectors, like, out, rows, at_a, a_row, a_step, begin, b_step, end, c_row, some, more)


@compiled
def multiply(x, words, result, adds):
    """`x @ b` of `words`.

    Args:
        x: (N, K) of T; an even K in bfloat16.
        words: (at most K / numbers of a word, at least columns) uint32.
        result: (N, columns) of float32 or T.
        adds: Whether it is added to what is there (float32) or takes its place.
    """
    _multiply(x[0, 0], np.int64(x.ctypes.data), np.int64(x.strides[0]), np.int64(4), words, result, adds)


@compiled
def multiply_transposed(x, words, result, adds):
    """`x.T @ b` of `words`.

    Args:
        x: (N, at least O) of T, contiguous.
        words: (N / numbers of a word, columns) uint32, as `rows_in_words` gives it.
        result: (O, columns) of float32 or T.
        adds: As for `multiply`.
    """
    like, out = x[0, 0], result[0, 0]
    rows, columns = np.int64(result.shape[0]), result.shape[1]
    count, size = np.int64(words.shape[0]), np.int64(result.itemsize)
    b, b_step = np.int64(words.ctypes.data), np.int64(words.strides[0])
    c, c_row = np.int64(result.ctypes.data), np.int64(result.strides[0])
    # Columns of the first matrix lie far apart: those of a tile are laid side by side, and meet all of the second
    # matrix before the next ones, so much of it as stays in the cache.
    block = count if _is_half(out) else np.int64(max(_LEAST_AT_ONCE, _NUMBERS_AT_ONCE // columns))
    tile = np.empty((min(block, count), _ROWS), np.uint32)
    a, four, step = np.int64(tile.ctypes.data), np.int64(4), np.int64(4 * _ROWS)
    for begin in range(np.int64(0), count, block):
        more, some = np.int64(adds > 0 or begin > 0), min(block, count - begin)
        for row in range(np.int64(0), rows, np.int64(_ROWS)):
            there = min(np.int64(_ROWS), rows - row)
            _columns_side_by_side(x, begin, some, row, there, tile)
            for column in range(0, columns, _PANEL):
                vectors = np.int64(min(_PANEL, columns - column) // LANES)
                at_b, at_c = b + begin * b_step + 4 * column, c + row * c_row + size * column
                _fill(vectors, like, out, there, a, four, step, at_b, b_step, at_c, c_row, some, more)
    # Until here its memory is read by address.
    tile[0, 0] = 0


@intrinsic
def _copy_columns(typing_context, like, source, row, target):
    """`_ROWS` numbers of a row, in bfloat16 paired with those of the next row, as words.

    Args:
        like: Any number of the type.
        source, target: Addresses.
        row: Bytes from one row to the next.
    """

    def build(context, builder, signature, values):
        _, source, row, target = values
        kind = ir.VectorType(ir.IntType(16) if like == types.uint16 else _WORD, _ROWS)
        words = builder.load(_place(builder, source), typ=kind, align=2)
        if like == types.uint16:
            many = ir.VectorType(_WORD, _ROWS)
            following = builder.zext(builder.load(_place(builder, source, row), typ=kind, align=2), many)
            upper = builder.shl(following, ir.Constant(many, [16] * _ROWS))
            words = builder.or_(builder.zext(words, many), upper)
        builder.store(words, _place(builder, target), align=4)
        return context.get_dummy_value()

    return types.void(like, *[types.int64] * 3), build


@part
def _columns_side_by_side(x, begin, count, column, there, tile):
    """`there` columns of a matrix, `count` words from word `begin` on, into a matrix of `_ROWS` columns."""
    numbers = 2 if _is_half(x[0, 0]) else 1
    whole = min(count, x.shape[0] // numbers - begin) if there == _ROWS else 0
    row, source = np.int64(x.strides[0]), np.int64(x.ctypes.data)
    source, target = source + begin * numbers * row + x.itemsize * column, np.int64(tile.ctypes.data)
    for word in range(whole):
        _copy_columns(x[0, 0], np.int64(source + word * numbers * row), row, np.int64(target + word * 4 * _ROWS))
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
            return builder.zext(values[0], _WORD)
        return builder.bitcast(values[0], _WORD)

    return types.uint32(number), build


@part
def words_for(count, like):
    """How many words hold so many numbers of a sum."""
    return (count + 1) // 2 if _is_half(like) else count


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
            builder.load(_place(builder, source, builder.mul(source_row, ir.Constant(_LONG, i))), typ=_WORDS, align=4)
            for i in range(LANES)
        ]
        for digit in (8, 4, 2, 1):
            first = [c if not c & digit else LANES + (c ^ digit) for c in range(LANES)]
            second = [LANES + c if c & digit else c ^ digit for c in range(LANES)]
            for i in range(LANES):
                if not i & digit:
                    pair = rows[i], rows[i + digit]
                    rows[i] = builder.shuffle_vector(*pair, ir.Constant(_WORDS, first))
                    rows[i + digit] = builder.shuffle_vector(*pair, ir.Constant(_WORDS, second))
        for i, row in enumerate(rows):
            builder.store(row, _place(builder, target, builder.mul(target_row, ir.Constant(_LONG, i))), align=4)
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


@compiled
def product_with_weights(x, weight, result, adds):
    """`x @ weight.T`.

    Args:
        x: (N, K) of T, contiguous.
        weight: (O, K) of T, contiguous.
        result: (N, O) of float32 or T; K and O are multiples of `LANES`.
        adds: `NEW`, or `ADDED` (float32).
    """
    words = np.empty((words_for(weight.shape[1], weight[0, 0]), weight.shape[0]), np.uint32)
    columns_in_words(weight, words)
    multiply(x, words, result, adds)


@compiled
def product_back(gradient, weight, result):
    """`gradient @ weight`.

    Args:
        gradient: (N, O) of T, contiguous.
        weight: (O, K) of T, contiguous.
        result: (N, K) of float32 or T, filled; K and O are multiples of `LANES`.
    """
    multiply(gradient, rows_in_words(weight), result, NEW)


@compiled
def product_of_gradient(gradient, x, result):
    """`gradient.T @ x`.

    Args:
        gradient: (N, O) of T, contiguous.
        x: (N, K) of T, contiguous.
        result: (O, K) float32, filled; K is a multiple of `LANES`.
    """
    multiply_transposed(gradient, rows_in_words(x), result, NEW)
