# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated, type-arg"
"""What numba lacks for kernels over tensors: numbers in bfloat16, and an exponential that becomes vector instructions.

A bfloat16 tensor reaches a kernel as an array of 16-bit patterns. Kernels read with `widen`, compute in float32 and
write with `narrow`, so one source serves both types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir

from firstwords.data import kernels
from firstwords.data.kernels import numba

types, intrinsic, overload = numba.types, numba.extending.intrinsic, numba.extending.overload
# By default LLVM unrolls vector loops fourfold, and a head of 32 numbers is then left to single instructions.
binding.set_option("", "-force-vector-interleave=1")
# Sums may be taken in any order and products be contracted, both decided when a kernel is compiled, so the same inputs
# give the same bits every time. What is not finite stays so: nothing is assumed about it.
OPTIONS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
_WORD, _HALF_WORD, _FLOAT = ir.IntType(32), ir.IntType(16), ir.FloatType()


def compiled(function: Callable[..., Any]) -> Any:
    """As `data.kernels.compiled`, for sums and products of floats."""
    return kernels.compiled(function, **OPTIONS)


def part(function: Callable[..., Any]) -> Any:
    """A part of kernels that becomes part of their code: a call per head would take longer than what is done there."""
    return numba.njit(inline="always", **OPTIONS)(function)


@intrinsic
def widen(typing_context, number):
    """A float32 from a float32 or from the pattern of a bfloat16."""
    if number == types.float32:
        return types.float32(number), lambda context, builder, signature, values: values[0]

    def build(context, builder, signature, values):
        word = builder.shl(builder.zext(values[0], _WORD), ir.Constant(_WORD, 16))
        return builder.bitcast(word, _FLOAT)

    return types.float32(number), build


@intrinsic
def narrow(typing_context, number, like):
    """A float32 in the type of another number, rounded to the nearest, ties to even."""
    if like == types.float32:
        return types.float32(number, like), lambda context, builder, signature, values: values[0]

    def build(context, builder, signature, values):
        return builder.trunc(rounded_word(builder, values[0]), _HALF_WORD)

    return types.uint16(number, like), build


def rounded_word(builder, number):
    """The words whose lower halves are the bfloat16 nearest to a float32, or to each of a vector."""
    many = isinstance(number.type, ir.VectorType)
    kind = ir.VectorType(_WORD, number.type.count) if many else _WORD

    def constant(value):
        return ir.Constant(kind, [value] * number.type.count if many else value)

    word = builder.bitcast(number, kind)
    is_odd = builder.and_(builder.lshr(word, constant(16)), constant(1))
    upper = builder.lshr(builder.add(builder.add(word, constant(0x7FFF)), is_odd), constant(16))
    # Rounding would carry some patterns of "not a number" into the sign.
    is_nan = builder.fcmp_unordered("uno", number, number)
    return builder.select(is_nan, constant(0x7FC0), upper)


@intrinsic
def rank(typing_context, number):
    """A whole number that is larger for the larger float32: the largest of many is then found by vector instructions,
    which comparisons of numbers that may be NaN do not become. NaN ranks above or below all others, by its sign.
    """

    def build(context, builder, signature, values):
        return _flip(builder, builder.bitcast(values[0], _WORD))

    return types.int32(number), build


@intrinsic
def of_rank(typing_context, number):
    """The float32 that has a rank."""

    def build(context, builder, signature, values):
        return builder.bitcast(_flip(builder, values[0]), _FLOAT)

    return types.float32(number), build


def _flip(builder, word):
    """The pattern of a float32 to its rank and back: of negative numbers all bits but the sign change."""
    sign = builder.ashr(word, ir.Constant(_WORD, 31))
    return builder.xor(word, builder.and_(sign, ir.Constant(_WORD, 0x7FFFFFFF)))


@intrinsic
def _nearest(typing_context, number):
    def build(context, builder, signature, values):
        return builder.call(builder.module.declare_intrinsic("llvm.rint", [_FLOAT]), [values[0]])

    return types.float32(number), build


@intrinsic
def _power_of_two(typing_context, number):
    def build(context, builder, signature, values):
        exponent = builder.add(builder.fptosi(values[0], _WORD), ir.Constant(_WORD, 127))
        return builder.bitcast(builder.shl(exponent, ir.Constant(_WORD, 23)), _FLOAT)

    return types.float32(number), build


# ln 2 in two parts, the first exact in few bits (Cody and Waite 1980); the polynomial is the one of Cephes (Moshier).
_LOG2_E, _LN2_HIGH, _LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
_C5, _C4, _C3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_C2, _C1, _C0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_ONE, _LEAST, _MOST = np.float32(1), np.float32(-87), np.float32(88)


@compiled
def exponential(x):
    """The exponential of a float32, to three units of the last place from -87 to 88 and constant beyond; NaN stays."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    whole = _nearest(x * _LOG2_E)
    rest = x - whole * _LN2_HIGH - whole * _LN2_LOW
    sum_ = ((((_C5 * rest + _C4) * rest + _C3) * rest + _C2) * rest + _C1) * rest + _C0
    return (sum_ * rest * rest + rest + _ONE) * _power_of_two(whole)
