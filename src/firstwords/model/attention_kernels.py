# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"
"""What attention does between its matrix products: heads are normalised, turned and laid side by side, scores become
shares.

Tokens lie one after another, (N, heads * S). Products want each head of each document by itself: slot t of head h of
the document that begins at slot `first` is row `first * H + h * size + t` of (P * H, S), where `size` is the number of
slots that the document has, and P that of all slots. Arrays are float32, or the 16-bit patterns of bfloat16 where a
comment says T.
"""

from __future__ import annotations

import numpy as np

from firstwords.model.numbers_in_kernels import compiled, exponential, narrow, of_rank, part, rank, widen

unsigned = np.uint64
_ZERO, _ONE = np.float32(0), np.float32(1)
_FIRST, _SECOND = np.uint64(0), np.uint64(1)
# Loops over the keys that a query sees go on to a multiple of this, so that none of it is left for single instructions;
# what is beyond is set to zero after that. A score of nothing has no share that float32 could add.
LANES = 16
_NOTHING = np.float32(-np.inf)


# All whole numbers are unsigned: an index that might be negative would have to be looked at, and then a loop does not
# become vector instructions. Parts of arrays are not cut out, since each cut counts references, which takes longer than
# a head.


@part
def _copy(source, token, at, result, row):
    for i in range(unsigned(result.shape[1])):
        result[row, i] = source[token, at + i]


@part
def _inverse_root(joint, token, at, width, epsilon):
    square = _ZERO
    for i in range(width):
        number = widen(joint[token, at + i])
        square += number * number
    return _ONE / np.sqrt(square / np.float32(width) + epsilon)


@part
def _turn(joint, token, at, factor, which, scales, cosine, sine, low, high):
    half = unsigned(len(low))
    middle = at + half
    for i in range(half):
        one = widen(joint[token, at + i]) * factor * scales[which, i]
        other = widen(joint[token, middle + i]) * factor * scales[which, half + i]
        across, along = cosine[token, i], sine[token, half + i]
        low[i] = one * across - other * along
        high[i] = other * across + one * along


@part
def _store(low, high, result, row, at):
    half = unsigned(len(low))
    middle = at + half
    for i in range(half):
        result[row, at + i] = narrow(low[i], result[row, at + i])
    for i in range(half):
        result[row, middle + i] = narrow(high[i], result[row, middle + i])


@compiled
def spread_heads(
    joint, first, slot, size, num_heads, num_kv_heads, copies, normed, scales, cosine, sine, epsilon, query, key, value
):
    """Queries, keys and values of all tokens, normalised and turned, to the rows of their heads.

    Args:
        joint: (N, (H + 2 K) * S) of T: heads of queries, keys, values.
        first, slot, size: (N,) uint64 of each token's document and its place there.
        num_heads: H.
        num_kv_heads: K.
        copies: C, how often each head of keys and values is written, one after another.
        normed: Whether queries and keys are normalised.
        scales: (2, S) factors of queries and keys after that.
        cosine, sine: (N, S) as `operations.rotary_angles` gives them; (0, S) = they are not turned, and neither
            normalised nor scaled.
        epsilon: Of the norms.
        query: (P * H, S) of T, filled at the rows of tokens.
        key, value: (P * K * C, S) of T, filled there.
    """
    width = unsigned(query.shape[1])
    low, high = np.empty(query.shape[1] // 2, np.float32), np.empty(query.shape[1] // 2, np.float32)
    plain = len(cosine) == 0
    for token in range(unsigned(joint.shape[0])):
        start = first[token] * num_heads + slot[token]
        shared = first[token] * num_kv_heads * copies + slot[token]
        for number in range(num_heads):
            row, at = start + number * size[token], number * width
            if plain:
                _copy(joint, token, at, query, row)
            else:
                factor = _inverse_root(joint, token, at, width, epsilon) if normed else _ONE
                _turn(joint, token, at, factor, _FIRST, scales, cosine, sine, low, high)
                _store(low, high, query, row, _FIRST)
        for number in range(num_kv_heads):
            at = (num_heads + number) * width
            if not plain:
                factor = _inverse_root(joint, token, at, width, epsilon) if normed else _ONE
                _turn(joint, token, at, factor, _SECOND, scales, cosine, sine, low, high)
            for copy in range(copies):
                row = shared + (number * copies + copy) * size[token]
                if plain:
                    _copy(joint, token, at, key, row)
                else:
                    _store(low, high, key, row, _FIRST)
                _copy(joint, token, at + num_kv_heads * width, value, row)


@part
def _sum_copies(gradient, row, step, copies, low, high):
    half = unsigned(len(low))
    for i in range(half):
        low[i] = widen(gradient[row, i])
    for i in range(half):
        high[i] = widen(gradient[row, half + i])
    for copy in range(_SECOND, copies):
        other = row + copy * step
        for i in range(half):
            low[i] += widen(gradient[other, i])
        for i in range(half):
            high[i] += widen(gradient[other, half + i])


@part
def _turn_back(token, cosine, sine, low, high):
    """A rotation's transpose is the rotation backwards."""
    half = unsigned(len(low))
    for i in range(half):
        one, other = low[i], high[i]
        across, along = cosine[token, i], sine[token, half + i]
        low[i] = one * across + other * along
        high[i] = other * across - one * along


@part
def _scale_back(joint, token, at, factor, which, begin, scales, slope, scales_sum):
    """Half of a head's slope before its scales; those get theirs; the sum along the head."""
    along = _ZERO
    for i in range(unsigned(len(slope))):
        normal = widen(joint[token, at + i]) * factor
        scales_sum[which, begin + i] += slope[i] * normal
        slope[i] *= scales[which, begin + i]
        along += slope[i] * normal
    return along


@part
def _normalise_back(joint, token, at, width, which, scales, epsilon, low, high, scales_sum):
    """Of `_inverse_root` and `scales`; what changes the length of a head is undone by its norm."""
    half = unsigned(len(low))
    middle = at + half
    factor = _inverse_root(joint, token, at, width, epsilon)
    along = _scale_back(joint, token, at, factor, which, _FIRST, scales, low, scales_sum)
    along += _scale_back(joint, token, middle, factor, which, half, scales, high, scales_sum)
    along *= factor / np.float32(width)
    for i in range(half):
        low[i] = (low[i] - widen(joint[token, at + i]) * along) * factor
    for i in range(half):
        high[i] = (high[i] - widen(joint[token, middle + i]) * along) * factor


@compiled
def spread_heads_gradient(
    joint,
    first,
    slot,
    size,
    num_heads,
    num_kv_heads,
    copies,
    normed,
    scales,
    cosine,
    sine,
    epsilon,
    query,
    key,
    value,
    result,
    scales_sum,
):
    """Of `spread_heads`.

    Args:
        joint, first, slot, size, num_heads, num_kv_heads, copies, normed, scales, cosine, sine, epsilon: As there.
        query, key, value: Gradients of what it filled.
        result: As `joint`, filled.
        scales_sum: (2, S), the gradient of `scales` is added to it where heads are normalised.
    """
    width = unsigned(query.shape[1])
    low, high = np.empty(query.shape[1] // 2, np.float32), np.empty(query.shape[1] // 2, np.float32)
    for token in range(unsigned(joint.shape[0])):
        step = size[token]
        start = first[token] * num_heads + slot[token]
        shared = first[token] * num_kv_heads * copies + slot[token]
        for number in range(num_heads + num_kv_heads):
            at = number * width
            which = _FIRST if number < num_heads else _SECOND
            if which == _FIRST:
                _sum_copies(query, start + number * step, step, _SECOND, low, high)
            else:
                _sum_copies(key, shared + (number - num_heads) * copies * step, step, copies, low, high)
            if len(cosine):
                _turn_back(token, cosine, sine, low, high)
            if normed:
                _normalise_back(joint, token, at, width, which, scales, epsilon, low, high, scales_sum)
            _store(low, high, result, token, at)
        for number in range(num_kv_heads):
            _sum_copies(value, shared + number * copies * step, step, copies, low, high)
            _store(low, high, result, token, (num_heads + num_kv_heads + number) * width)


@compiled
def gather_heads(spread, first, slot, size, num_heads, result):
    """Rows of heads back to tokens.

    Args:
        spread: (P * H, S) of T.
        first, slot, size, num_heads: As for `spread_heads`.
        result: (N, H * S) of T, filled.
    """
    width = unsigned(spread.shape[1])
    for token in range(unsigned(result.shape[0])):
        for number in range(num_heads):
            row, at = first[token] * num_heads + number * size[token] + slot[token], number * width
            for i in range(width):
                result[token, at + i] = spread[row, i]


@compiled
def gather_heads_gradient(gradient, mixed, first, slot, size, num_heads, spread, along):
    """Of `gather_heads`, and the share of each row's gradient along what attention gave.

    Args:
        gradient: (N, H * S) of T, of what it gave.
        mixed: (N, H * S) of T, what it gave.
        first, slot, size, num_heads: As for `spread_heads`.
        spread: (P * H, S) of T, filled at the rows of tokens.
        along: (P * H,), filled there.
    """
    width = unsigned(spread.shape[1])
    for token in range(unsigned(gradient.shape[0])):
        for number in range(num_heads):
            row = first[token] * num_heads + number * size[token] + slot[token]
            at = number * width
            sum_ = _ZERO
            for i in range(width):
                sum_ += widen(gradient[token, at + i]) * widen(mixed[token, at + i])
                spread[row, i] = gradient[token, at + i]
            along[row] = sum_


@compiled
def shares_of_scores(scores, scale, begin, visible, causal, log_sums, buffer):
    """Scores become shares that sum to one, in place.

    Args:
        scores: (B, R, C) of T: of R queries for C keys.
        scale: Of the scores.
        begin: Slot of the first query in its document.
        visible: (B,) int64, real keys of each document.
        causal: Whether a query sees the keys of later slots.
        log_sums: (B, size), filled for the queries: log of the sum of the exponentials of the scaled scores.
        buffer: (C,) float32.
    """
    for block in range(scores.shape[0]):
        for row in range(scores.shape[1]):
            seen = min(scores.shape[2], visible[block])
            if causal:
                seen = min(scores.shape[2], begin + row + 1)
            whole = min(scores.shape[2], (seen + LANES - 1) // LANES * LANES)
            for column in range(seen, whole):
                scores[block, row, column] = narrow(_NOTHING, scores[block, row, column])
            top = rank(widen(scores[block, row, 0]))
            for column in range(whole):
                top = max(top, rank(widen(scores[block, row, column])))
            largest = of_rank(top)
            sum_ = _ZERO
            for column in range(whole):
                share = exponential((widen(scores[block, row, column]) - largest) * scale)
                buffer[column] = share
                sum_ += share
            factor = _ONE / sum_
            for column in range(whole):
                scores[block, row, column] = narrow(buffer[column] * factor, scores[block, row, column])
            for column in range(seen, scores.shape[2]):
                scores[block, row, column] = narrow(_ZERO, scores[block, row, column])
            log_sums[block, begin + row] = np.log(sum_) + largest * scale


@compiled
def scores_gradient(scores, gradient, scale, begin, visible, causal, log_sums, along):
    """Shares anew from scores, and the gradient of the scores from that of the shares; both in place.

    Args:
        scores: (B, R, C) of T, become shares.
        gradient: (B, R, C) of T, of the shares; becomes that of the scores before scaling.
        scale, begin, visible, causal: As for `shares_of_scores`.
        log_sums: (B, size), as it filled them.
        along: (B, size), as `gather_heads_gradient` fills it.
    """
    for block in range(scores.shape[0]):
        for row in range(scores.shape[1]):
            seen = min(scores.shape[2], visible[block])
            if causal:
                seen = min(scores.shape[2], begin + row + 1)
            log_sum, share_along = log_sums[block, begin + row], along[block, begin + row]
            for column in range(min(scores.shape[2], (seen + LANES - 1) // LANES * LANES)):
                share = exponential(widen(scores[block, row, column]) * scale - log_sum)
                slope = share * (widen(gradient[block, row, column]) - share_along) * scale
                scores[block, row, column] = narrow(share, scores[block, row, column])
                gradient[block, row, column] = narrow(slope, gradient[block, row, column])
            for column in range(seen, scores.shape[2]):
                scores[block, row, column] = narrow(_ZERO, scores[block, row, column])
                gradient[block, row, column] = narrow(_ZERO, gradient[block, row, column])
