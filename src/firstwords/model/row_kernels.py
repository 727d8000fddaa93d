# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"
"""What a training step does between its matrix products, row by row: norms, the gated unit, the loss over logits.

Each kernel passes over its rows once, where the same in torch takes three to ten passes and calls. They run in one
thread: a lane (`training.lanes`) calls them beside other lanes. Arrays are float32, or the 16-bit patterns of bfloat16
where a comment says T. The tests hold each against the same in torch.
"""

from __future__ import annotations

import numpy as np

from firstwords.model.numbers_in_kernels import compiled, exponential, narrow, of_rank, rank, widen

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


@compiled
def normalise(x, epsilon, normal, inverse):
    """Divide rows by their root mean square.

    Args:
        x: (N, W)
        epsilon: Added to the mean square.
        normal: (N, W) of T, filled.
        inverse: (N,), filled: one over the root.
    """
    for row in range(x.shape[0]):
        square = _ZERO
        for column in range(x.shape[1]):
            square += x[row, column] * x[row, column]
        factor = _ONE / np.sqrt(square / np.float32(x.shape[1]) + epsilon)
        inverse[row] = factor
        for column in range(x.shape[1]):
            normal[row, column] = narrow(x[row, column] * factor, normal[row, column])


@compiled
def add(x, more, result):
    """(N, W) `x` and `more` of T, added into `result`."""
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            result[row, column] = x[row, column] + widen(more[row, column])


@compiled
def narrow_matrix(x, result):
    """(N, W) `x` into `result` of T."""
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            result[row, column] = narrow(x[row, column], result[row, column])


@compiled
def normalise_gradient(gradient, normal, inverse, past, result):
    """Of `normalise`: what changes the length of a row is undone by it, so its share is taken out.

    Args:
        gradient: (N, W) of T, of the normalised rows.
        normal: (N, W) of T.
        inverse: (N,)
        past: (N, W), added; (0, W) = nothing is.
        result: (N, W), filled.
    """
    adds = past.shape[0] > 0
    for row in range(result.shape[0]):
        along = _ZERO
        for column in range(result.shape[1]):
            along += widen(gradient[row, column]) * widen(normal[row, column])
        along /= np.float32(result.shape[1])
        for column in range(result.shape[1]):
            rest = widen(gradient[row, column]) - widen(normal[row, column]) * along
            result[row, column] = rest * inverse[row]
        if adds:
            for column in range(result.shape[1]):
                result[row, column] += past[row, column]


@compiled
def scale_columns(weight, scales, result):
    """(O, W) `weight` times (W,) `scales` into `result` of T."""
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            result[row, column] = narrow(weight[row, column] * scales[column], result[row, column])


@compiled
def scale_columns_gradient(gradient, weight, scales, result, scales_sum):
    """Of `scale_columns`.

    Args:
        gradient: (O, W) of T, of what it gave.
        weight: (O, W)
        scales: (W,)
        result: (O, W), filled: the gradient of the weight.
        scales_sum: (W,), that of the scales is added to it.
    """
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            number = widen(gradient[row, column])
            scales_sum[column] += number * weight[row, column]
            result[row, column] = number * scales[column]


@compiled
def gated_unit(joint, result):
    """`silu(gate) * up`.

    Args:
        joint: (N, 2 M) of T: gate, then up.
        result: (N, M) of T, filled.
    """
    size = result.shape[1]
    for row in range(result.shape[0]):
        for column in range(size):
            gate = widen(joint[row, column])
            number = gate / (_ONE + exponential(-gate)) * widen(joint[row, size + column])
            result[row, column] = narrow(number, result[row, column])


@compiled
def gated_unit_gradient(joint, gradient, result):
    """Of `gated_unit`, with respect to `joint`.

    Args:
        joint: (N, 2 M) of T.
        gradient: (N, M) of T.
        result: (N, 2 M) of T, filled.
    """
    size = gradient.shape[1]
    for row in range(gradient.shape[0]):
        for column in range(size):
            gate, up = widen(joint[row, column]), widen(joint[row, size + column])
            given = widen(gradient[row, column])
            share = _ONE / (_ONE + exponential(-gate))
            result[row, size + column] = narrow(given * gate * share, result[row, column])
            slope = given * up * share * (_ONE + gate * (_ONE - share))
            result[row, column] = narrow(slope, result[row, column])


@compiled
def cross_entropy(scores, targets, z_loss, with_gradient, buffer):
    """Summed loss of some logits in nats (float64); their gradient takes their place.

    Args:
        scores: (R, V) of T, overwritten if `with_gradient`.
        targets: (R,) int64; negative = not counted.
        z_loss: Weight of the squared log of the normaliser.
        with_gradient: Whether that is wanted.
        buffer: (V,) float32, for one row.
    """
    total = 0.0
    for row in range(scores.shape[0]):
        target = targets[row]
        if target < 0:
            if with_gradient:
                for column in range(scores.shape[1]):
                    scores[row, column] = narrow(_ZERO, scores[row, column])
            continue
        top = rank(widen(scores[row, 0]))
        for column in range(scores.shape[1]):
            top = max(top, rank(widen(scores[row, column])))
        largest = of_rank(top)
        chosen = widen(scores[row, target])
        normaliser = _ZERO
        for column in range(scores.shape[1]):
            share = exponential(widen(scores[row, column]) - largest)
            buffer[column] = share
            normaliser += share
        log_normaliser = np.log(np.float64(normaliser)) + np.float64(largest)
        total += log_normaliser - np.float64(chosen) + z_loss * log_normaliser * log_normaliser
        if not with_gradient:
            continue
        stretch = _ONE + _TWO * np.float32(z_loss * log_normaliser)
        factor = stretch / normaliser
        for column in range(scores.shape[1]):
            scores[row, column] = narrow(buffer[column] * factor, scores[row, column])
        scores[row, target] = narrow(buffer[target] * factor - _ONE, scores[row, target])
    return total
