"""How well a language model predicts a text."""

from __future__ import annotations

import math


def bits_per_byte(total_nats: float, num_bytes: int) -> float:
    """Compression of a text by the model, comparable across tokenizers.

    Args:
        total_nats: Summed loss over all predicted tokens, in nats.
        num_bytes: UTF-8 bytes those tokens stand for; special tokens count 0.

    Raises:
        ValueError: If `num_bytes` is 0, for example when every label is ignored.

    Source: Gao et al. 2020 (The Pile), section 3.1.
    """
    if num_bytes <= 0:
        raise ValueError(f"bits per byte need at least one byte of text, not {num_bytes}")
    return total_nats / math.log(2) / num_bytes


def perplexity(total_nats: float, num_tokens: int) -> float:
    """Number of equally likely tokens among which the model would be as unsure; only for one and the same tokenizer.

    Args:
        total_nats: Summed loss over all predicted tokens, in nats.
        num_tokens: How many those are.

    Returns:
        At least 1 for a true distribution; infinity where it is too large for a float.

    Raises:
        ValueError: If `num_tokens` is 0.
    """
    if num_tokens <= 0:
        raise ValueError(f"a perplexity needs at least one predicted token, not {num_tokens}")
    try:
        return math.exp(total_nats / num_tokens)
    except OverflowError:
        return math.inf
