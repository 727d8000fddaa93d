"""The xz baseline: as large as the file that xz writes."""

import lzma
import random
import shutil
import subprocess

import pytest

from firstwords.metrics.compression import xz_bits_per_byte


def drawn_texts(number):
    draw = random.Random(1)
    return ["".join(draw.choices("abcdefgh \u00e9", k=50)) for _ in range(number)]


def test_counts_bytes_and_headers():
    text = "na\u00efve " * 30
    expected = 8 * len(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)) / (7 * 30)
    assert xz_bits_per_byte([text]) == pytest.approx(expected, rel=1e-12)


def test_texts_are_one_file():
    texts = drawn_texts(200)
    assert xz_bits_per_byte(iter(texts)) == xz_bits_per_byte(["".join(texts)])
    assert xz_bits_per_byte(texts * 2) < 0.6 * xz_bits_per_byte(texts)


@pytest.mark.skipif(shutil.which("xz") is None, reason="needs the program xz")
def test_equals_the_program():
    texts = drawn_texts(500)
    data = "".join(texts).encode()
    packed = subprocess.run(["xz", "-9e", "-T1", "-c"], input=data, capture_output=True, check=True).stdout
    assert xz_bits_per_byte(texts) == pytest.approx(8 * len(packed) / len(data), rel=1e-3)


def test_no_text_is_refused():
    with pytest.raises(ValueError, match="at least one byte"):
        xz_bits_per_byte([])
