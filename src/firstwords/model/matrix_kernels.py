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
from firstwords.model.numbers_in_kernels import compiled, rounded_word, types
from firstwords.model.packing_kernels import (
    FLOAT,
    LANES,
    LONG,
    ROWS,
    WORD,
    WORDS,
    columns_in_words,
    columns_side_by_side,
    is_half,
    place,
    rows_in_words,
    words_for,
)

NEW, ADDED = np.int64(0), np.int64(1)
"""Whether what a product gives takes the place of a result or is added to it."""
_PANEL = 3 * LANES
_WORDS_AT_ONCE = 512
_NUMBERS_AT_ONCE, _LEAST_AT_ONCE = 2**16, 64
_FLOATS, _HALVES = ir.VectorType(FLOAT, LANES), ir.VectorType(ir.IntType(16), LANES)


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


def _everywhere(builder, number):
    """A vector of copies of one number."""
    nothing = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(WORD, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(WORDS, [0] * LANES))


def _sums(builder, half, vectors, rows, second, count):
    """The loop of a tile: words of the first matrix, at the addresses of rows, times vectors of the second.

    Args:
        half: Whether numbers are bfloat16.
        vectors: In a row of the tile.
        rows: Address of each row of the first matrix relative to its beginning; that, and bytes from word to word.
        second: Address of the second matrix, and bytes from word to word.
        count: Words to sum over.

    Returns:
        Row after row, its vectors.
    """
    of_rows, a, a_step = rows
    b, b_step = second
    kind, many = (WORD, WORDS) if half else (FLOAT, _FLOATS)
    name = "llvm.x86.avx512bf16.dpbf16ps.512" if half else "llvm.fma.v16f32"
    multiply_add = _declared(builder.module, name, [_FLOATS, many, many])
    before, loop = builder.block, builder.append_basic_block("sum")
    after = builder.append_basic_block("write")
    builder.branch(loop)
    builder.position_at_end(loop)
    done, at_a, at_b = (builder.phi(LONG) for _ in range(3))
    sums = [builder.phi(_FLOATS) for _ in range(ROWS * vectors)]
    offsets = [ir.Constant(LONG, 4 * LANES * n) for n in range(vectors)]
    row = [builder.load(place(builder, at_b, offset), typ=many, align=4) for offset in offsets]
    results = []
    for i, offset in enumerate(of_rows):
        number = _everywhere(builder, builder.load(place(builder, at_a, offset), typ=kind, align=4))
        for old, of_b in zip(sums[i * vectors : (i + 1) * vectors], row, strict=True):
            results.append(builder.call(multiply_add, [old, number, of_b] if half else [number, of_b, old]))
    zeros, one = ir.Constant(_FLOATS, [0.0] * LANES), ir.Constant(LONG, 1)
    states = [(done, ir.Constant(LONG, 0), builder.add(done, one))]
    states += [(at_a, a, builder.add(at_a, a_step)), (at_b, b, builder.add(at_b, b_step))]
    states += [(old, zeros, new) for old, new in zip(sums, results, strict=True)]
    for state, start, follows in states:
        state.add_incoming(start, before)
        state.add_incoming(follows, loop)
    builder.cbranch(builder.icmp_signed("<", states[0][2], count), loop, after)
    builder.position_at_end(after)
    return results


def _write(builder, narrows, results, places, adds):
    """Write a tile's vectors to their places, rounded to bfloat16, added to what is there, or as they are."""

    def store(numbers):
        for number, each in zip(numbers, places, strict=True):
            builder.store(number, each, align=2)

    if narrows:
        store([builder.trunc(rounded_word(builder, each), _HALVES) for each in results])
        return
    with builder.if_else(builder.icmp_signed("!=", adds, ir.Constant(LONG, 0))) as (is_added, is_new):
        with is_added:
            # All are read before any is written: the last row may be there several times.
            there = [builder.load(each, typ=_FLOATS, align=4) for each in places]
            store([builder.fadd(*pair) for pair in zip(there, results, strict=True)])
        with is_new:
            store(results)


@numba.extending.intrinsic(prefer_literal=True)
def _tile(typing_context, width, like, out, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds):
    """Fill a tile of `ROWS` rows: sums over `count` words.

    Args:
        width: 1, 2 or 3, vectors of `LANES` numbers that a row has.
        like: Any number of the type of both matrices.
        out: Any number of the result's type.
        rows: How many there are; where they are fewer than `ROWS`, the last one is computed again.
        a, b, c: Addresses.
        a_row, c_row: Bytes from one row to the next.
        a_step, b_step: Bytes from one word of the sum to the next.
        count: Words to sum over, at least one.
        adds: 1 = the result is added to what is there, in float32; 0 = it takes its place.
    """
    half, narrows, vectors = like == types.uint16, out == types.uint16, width.literal_value

    def build(context, builder, signature, values):
        _, _, _, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds = values
        last = builder.sub(rows, ir.Constant(LONG, 1))
        numbers = [ir.Constant(LONG, i) for i in range(ROWS)]
        numbers = [builder.select(builder.icmp_signed("<", i, rows), i, last) for i in numbers]
        of_a = [builder.mul(a_row, i) for i in numbers]
        results = _sums(builder, half, vectors, (of_a, a, a_step), (b, b_step), count)
        size = LANES * (2 if narrows else 4)
        of_c = [builder.mul(c_row, i) for i in numbers]
        offsets = [(row, ir.Constant(LONG, size * n)) for row in of_c for n in range(vectors)]
        _write(builder, narrows, results, [place(builder, c, *each) for each in offsets], adds)
        return context.get_dummy_value()

    return types.void(width, like, out, *[types.int64] * 10), build


@compiled
def _fill(vectors, like, out, rows, a, a_row, a_step, b, b_step, c, c_row, count, adds):
    """Fill `vectors * LANES` columns of a result; as for `_tile`, of any number of rows."""
    for row in range(np.int64(0), rows, np.int64(ROWS)):
        begin, end, left = a + row * a_row, c + row * c_row, rows - row
        if vectors == 3:
            _tile(3, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)
        elif vectors == 2:
            _tile(2, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)
        else:
            _tile(1, like, out, left, begin, a_row, a_step, b, b_step, end, c_row, count, adds)


@compiled
def multiply(x, words, result, adds):
    """`x @ b` of `words`.

    Args:
        x: (N, K) of T; an even K in bfloat16.
        words: (at most K / numbers of a word, at least columns) uint32.
        result: (N, columns) of float32 or T; columns a multiple of `LANES`.
        adds: Whether it is added to what is there (`ADDED`, float32) or takes its place (`NEW`).
    """
    like, out = x[0, 0], result[0, 0]
    rows, columns, size = np.int64(result.shape[0]), result.shape[1], np.int64(result.itemsize)
    a, a_row, a_step = np.int64(x.ctypes.data), np.int64(x.strides[0]), np.int64(4)
    b, b_step = np.int64(words.ctypes.data), np.int64(words.strides[0])
    c, c_row = np.int64(result.ctypes.data), np.int64(result.strides[0])
    count = np.int64(words.shape[0])
    # So much of the sum at once that what a panel reads stays in the cache; a narrow result is written only once.
    block = count if is_half(out) else np.int64(_WORDS_AT_ONCE)
    for first in range(np.int64(0), count, block):
        more, some = np.int64(adds > 0 or first > 0), min(block, count - first)
        at_a, at_b = a + first * a_step, b + first * b_step
        for column in range(0, columns, _PANEL):
            vectors = np.int64(min(_PANEL, columns - column) // LANES)
            begin, end = at_b + 4 * column, c + size * column
            _fill(vectors, like, out, rows, at_a, a_row, a_step, begin, b_step, end, c_row, some, more)


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
    block = count if is_half(out) else np.int64(max(_LEAST_AT_ONCE, _NUMBERS_AT_ONCE // columns))
    tile = np.empty((min(block, count), ROWS), np.uint32)
    a, four, step = np.int64(tile.ctypes.data), np.int64(4), np.int64(4 * ROWS)
    for begin in range(np.int64(0), count, block):
        more, some = np.int64(adds > 0 or begin > 0), min(block, count - begin)
        for row in range(np.int64(0), rows, np.int64(ROWS)):
            there = min(np.int64(ROWS), rows - row)
            columns_side_by_side(x, begin, some, row, there, tile)
            for column in range(0, columns, _PANEL):
                vectors = np.int64(min(_PANEL, columns - column) // LANES)
                at_b, at_c = b + begin * b_step + 4 * column, c + row * c_row + size * column
                _fill(vectors, like, out, there, a, four, step, at_b, b_step, at_c, c_row, some, more)
    # Until here its memory is read by address.
    tile[0, 0] = 0


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
