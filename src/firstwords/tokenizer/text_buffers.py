"""Texts as the compiled code reads them: bytes and bounds, taken from Arrow without a copy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

Texts: TypeAlias = Sequence[str] | pa.Array


def text_buffers(texts: Texts) -> tuple[np.ndarray, np.ndarray]:
    """Texts as UTF-8 bytes (uint8) and their bounds (D + 1, int64), without a copy where they are Arrow's.

    Raises:
        ValueError: If a text has a lone surrogate.
    """
    if not isinstance(texts, pa.Array):
        try:
            texts = pa.array(texts, pa.large_string())
        except UnicodeEncodeError as error:
            sign = error.object[error.start]
            message = f"character {error.start} of a text is a lone surrogate ({sign!a}): not Unicode"
            raise ValueError(message) from None
    if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):
        wide = pa.types.is_large_string(texts.type)
    else:
        raise TypeError(f"expected texts, not {texts.type}")
    if texts.null_count:
        raise TypeError("expected texts; some are null")
    _, bounds, data = texts.buffers()
    offsets = np.frombuffer(bounds, np.int64 if wide else np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), offsets.astype(np.int64)


def shares(offsets: np.ndarray, number: int) -> list[np.ndarray]:
    """Bounds of texts cut into runs of about equal bytes, at most `number` of them, none empty."""
    total = offsets[-1] - offsets[0]
    edges = np.searchsorted(offsets, offsets[0] + total * np.arange(1, number) // number)
    edges = np.unique(np.concatenate([[0], edges, [len(offsets) - 1]]))
    return [offsets[a : b + 1] for a, b in itertools.pairwise(edges.tolist())]
