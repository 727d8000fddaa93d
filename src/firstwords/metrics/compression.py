"""General compressors as the first bar a language model has to clear."""

from __future__ import annotations

import lzma
from collections.abc import Iterable

from firstwords.metrics.language import bits_per_byte

_NATS_PER_BYTE = 5.545177444479562  # 8 ln 2


def xz_bits_per_byte(texts: Iterable[str]) -> float:
    """Bits per byte of texts, one after another, under `xz -9e`.

    The compressor sees nothing but these texts, and its headers count; it reads them as one file, so later texts profit
    from earlier ones.

    Args:
        texts: Read once; never held together.

    Raises:
        ValueError: If there is no byte of text.
    """
    compressor = lzma.LZMACompressor(format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)
    num_bytes = num_compressed = 0
    for text in texts:
        data = text.encode()
        num_bytes += len(data)
        num_compressed += len(compressor.compress(data))
    num_compressed += len(compressor.flush())
    return bits_per_byte(num_compressed * _NATS_PER_BYTE, num_bytes)
