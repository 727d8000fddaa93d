# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"
"""Attention of heads that lie apart (`attention_kernels`), products included: the scores of a few queries of one head
at a time, so that they stay in the innermost cache. Nothing of size T x T is kept for the way back, which computes the
shares again from the log of their sum (Dao et al. 2022).

Arrays are float32, or of T, the type of products, where a comment says so.
"""

from __future__ import annotations

import numpy as np

from firstwords.model.matrix_kernels import ADDED, NEW, multiply, multiply_transposed
from firstwords.model.numbers_in_kernels import compiled, exponential, narrow, part
from firstwords.model.packing_kernels import LANES, columns_in_words, rows_in_words, words_for

# So many queries of a head at once: causal ones meet few keys that they do not see.
QUERIES = 64
unsigned = np.uint64
_ZERO, _ONE, _NOTHING = np.float32(0), np.float32(1), np.float32(-np.inf)


@part
def _padded(count):
    return (count + LANES - 1) // LANES * LANES


@part
def _by_columns(x):
    """`columns_in_words` of x, (R, C) of T, with zeros up to a multiple of `LANES`."""
    result = np.empty((words_for(x.shape[1], x[0, 0]), _padded(x.shape[0])), np.uint32)
    columns_in_words(x, result)
    return result


# Whole numbers are unsigned: an index that might be negative would have to be looked at, and then a loop does not
# become vector instructions.


@part
def _hidden(key, begin, causal, width):
    """How many of the first queries do not see a key; and that, down to a whole register."""
    hidden = min(max(np.int64(key) - begin, 0), np.int64(width)) if causal else 0
    return unsigned(hidden), unsigned(hidden // LANES * LANES)


@compiled
def _shares(scores, scale, begin, causal, log_sums, shares):
    """Shares of keys, which sum to one for each query.

    Scores lie by columns, a query in each, so that all steps are done for `LANES` queries at once.

    Args:
        scores: (keys, queries) float32, overwritten; queries a multiple of `LANES`.
        scale: Of the scores.
        begin: Place of the first query in its document.
        causal: Whether queries see no later keys.
        log_sums: (at most queries,), filled: log of the sum of the exponentials of the scaled scores.
        shares: (keys, queries) of T, filled.
    """
    count, width = unsigned(scores.shape[0]), unsigned(scores.shape[1])
    largest, total = np.full(scores.shape[1], _NOTHING), np.zeros(scores.shape[1], np.float32)
    for key in range(count):
        hidden, first = _hidden(key, begin, causal, width)
        for query in range(hidden):
            scores[key, query] = _NOTHING
        for query in range(first, width):
            score = scores[key, query]
            largest[query] = score if score > largest[query] else largest[query]
    for key in range(count):
        _, first = _hidden(key, begin, causal, width)
        for query in range(first, width):
            share = exponential((scores[key, query] - largest[query]) * scale)
            scores[key, query] = share
            total[query] += share
    for query in range(unsigned(len(log_sums))):
        log_sums[query] = np.log(total[query]) + largest[query] * scale
    for query in range(width):
        total[query] = _ONE / total[query]
    for key in range(count):
        hidden, first = _hidden(key, begin, causal, width)
        for query in range(first, width):
            shares[key, query] = narrow(scores[key, query] * total[query], shares[key, query])
        for query in range(hidden):
            shares[key, query] = narrow(_ZERO, shares[key, query])


@compiled
def _shares_gradient(scores, slopes, scale, begin, causal, log_sums, along, shares, changes):
    """Shares anew, and the gradient of the scores from that of the shares.

    Args:
        scores: (keys, queries) float32; queries a multiple of `LANES`.
        slopes: (keys, queries) float32, of the shares.
        scale, begin, causal: As for `_shares`.
        log_sums: (queries,) as it filled them.
        along: (queries,) as `gather_heads_gradient` fills it.
        shares, changes: (keys, queries) of T, filled: shares, and the gradient of the scores before scaling.
    """
    count, width = unsigned(scores.shape[0]), unsigned(scores.shape[1])
    for key in range(count):
        hidden, first = _hidden(key, begin, causal, width)
        for query in range(first, width):
            share = exponential(scores[key, query] * scale - log_sums[query])
            change = share * (slopes[key, query] - along[query]) * scale
            shares[key, query] = narrow(share, shares[key, query])
            changes[key, query] = narrow(change, changes[key, query])
        for query in range(hidden):
            shares[key, query] = narrow(_ZERO, shares[key, query])
            changes[key, query] = narrow(_ZERO, changes[key, query])


@compiled
def _attend_head(query, key, value, scale, causal, log_sums, result):
    """Attention of one head of one document of n tokens.

    Args:
        query, key, value: (n, S) of T.
        scale: Of the scores.
        causal: Whether queries see no later keys.
        log_sums: (n,), filled.
        result: (n, S) of T, filled.
    """
    length = len(query)
    values = rows_in_words(value)
    for begin in range(0, length, QUERIES):
        end = min(begin + QUERIES, length)
        seen = end if causal else length
        queries = _by_columns(query[begin:end])
        scores = np.empty((seen, queries.shape[1]), np.float32)
        shares = np.empty(scores.shape, query.dtype)
        multiply(key[:seen], queries, scores, NEW)
        _shares(scores, scale, begin, causal, log_sums[begin:end], shares)
        words = values[: words_for(seen, query[0, 0])]
        multiply_transposed(shares, words, result[begin:end], NEW)


@part
def _filled_up(x, size):
    """Numbers, and zeros up to a size."""
    result = np.zeros(size, np.float32)
    for i in range(len(x)):
        result[i] = x[i]
    return result


@compiled
def _attend_head_gradient(
    query, key, value, outer, scale, causal, log_sums, along, query_slope, key_slope, value_slope
):
    """Of `_attend_head`.

    Args:
        query, key, value, scale, causal, log_sums: As there.
        outer: (n, S) of T, gradient of what it gave.
        along: (n,) as `gather_heads_gradient` fills it.
        query_slope, key_slope, value_slope: (n, S) float32, filled.
    """
    length, like = len(query), query[0, 0]
    keys = rows_in_words(key)
    for row in range(length):
        for column in range(query.shape[1]):
            key_slope[row, column] = _ZERO
            value_slope[row, column] = _ZERO
    for begin in range(0, length, QUERIES):
        end = min(begin + QUERIES, length)
        seen = end if causal else length
        queries, outers = _by_columns(query[begin:end]), _by_columns(outer[begin:end])
        shape = (seen, queries.shape[1])
        scores, slopes = np.empty(shape, np.float32), np.empty(shape, np.float32)
        shares, changes = np.empty(shape, query.dtype), np.empty(shape, query.dtype)
        multiply(key[:seen], queries, scores, NEW)
        multiply(value[:seen], outers, slopes, NEW)
        known = _filled_up(log_sums[begin:end], shape[1]), _filled_up(along[begin:end], shape[1])
        _shares_gradient(scores, slopes, scale, begin, causal, known[0], known[1], shares, changes)
        words = keys[: words_for(seen, like)]
        multiply_transposed(changes, words, query_slope[begin:end], NEW)
        # Queries beyond the last one have neither numbers nor gradients: words of zeros.
        multiply(changes, rows_in_words(query[begin:end]), key_slope[:seen], ADDED)
        multiply(shares, rows_in_words(outer[begin:end]), value_slope[:seen], ADDED)


@part
def _slots_of(documents, document, head, num_heads):
    """First slot of a head of a document, and the one after its last token."""
    begin = documents[document, 0] * num_heads + head * documents[document, 1]
    return begin, begin + documents[document, 2]


@compiled
def attend_heads(query, key, value, documents, num_heads, log_sums, result):
    """Attention of all heads of all documents.

    Args:
        query, key, value: (P * H, S) of T, as `spread_heads` fills them; S a multiple of `LANES`.
        documents: (D, 4) int64: first slot, slots, tokens, whether causal.
        num_heads: H.
        log_sums: (P * H,), filled: log of the sum of the exponentials of the scaled scores.
        result: (P * H, S) of T, filled at the rows of tokens.
    """
    scale = np.float32(1 / np.sqrt(query.shape[1]))
    for document in range(len(documents)):
        causal = documents[document, 3] > 0
        for head in range(num_heads):
            begin, end = _slots_of(documents, document, head, num_heads)
            given = query[begin:end], key[begin:end], value[begin:end]
            _attend_head(*given, scale, causal, log_sums[begin:end], result[begin:end])


@compiled
def attend_heads_gradient(
    query, key, value, outer, documents, num_heads, log_sums, along, query_slope, key_slope, value_slope
):
    """Of `attend_heads`.

    Args:
        query, key, value, documents, num_heads, log_sums: As there.
        outer: (P * H, S) of T, gradient of what it gave.
        along: (P * H,) as `gather_heads_gradient` fills it.
        query_slope, key_slope, value_slope: (P * H, S), filled at the rows of tokens.
    """
    scale = np.float32(1 / np.sqrt(query.shape[1]))
    for document in range(len(documents)):
        causal = documents[document, 3] > 0
        for head in range(num_heads):
            begin, end = _slots_of(documents, document, head, num_heads)
            given = query[begin:end], key[begin:end], value[begin:end], outer[begin:end]
            known = log_sums[begin:end], along[begin:end]
            filled = query_slope[begin:end], key_slope[begin:end], value_slope[begin:end]
            _attend_head_gradient(*given, scale, causal, *known, *filled)
