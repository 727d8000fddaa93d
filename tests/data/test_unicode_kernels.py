"""What the kernel sees in a text is what the regular expressions find there."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import unicode_kernels as kernels
from firstwords.data.transforms import unicode


def held(text: str) -> int:
    return int(unicode._look_at(pa.array(["before ", text, "\n"]))[1])


def test_bits_by_hand() -> None:
    assert held("plain text,\n\n\nnothing to do é ü") == 0
    assert held("Ã©") == kernels.PAIR and held("é\u0301") == kernels.MAY_COMPOSE
    assert held("a \nb") == held("a\t") == kernels.TRAILING and held("\n\n\n\n") == kernels.BLANK_LINES
    assert held("a\rb") == held("a\u00adb") == kernels.REWRITES
    assert held("\U000e0041") == kernels.REWRITES | kernels.MAY_COMPOSE


ALPHABET = st.one_of(st.sampled_from(" \t\n\r\f\u00a0\u00adÃ©â€“œa\u0301\u200b\U0001f600\ufeff\u2028"), st.characters())


@given(st.text(ALPHABET.filter(lambda c: unicodedata.category(c) != "Cs")))
def test_nothing_is_overlooked(text: str) -> None:
    bits = held(text)
    assert bool(bits & kernels.PAIR) == bool(re.search(unicode._LEADS + unicode._FOLLOWS, text))
    assert bool(bits & kernels.TRAILING) == bool(re.search(r"[ \t](\n|\Z)", text))
    assert bool(bits & kernels.BLANK_LINES) == ("\n\n\n\n" in text)
    if not bits & kernels.REWRITES:
        assert not any(each.search(text) for each in (unicode._SPACES, unicode._INVISIBLE))
        assert not re.search("\r|[\v\f\x1c-\x1e\u0085\u2028\u2029]", text)
    if not bits & kernels.MAY_COMPOSE:
        assert unicodedata.is_normalized("NFC", text)


def test_null_texts_hold_nothing() -> None:
    assert unicode._look_at(pa.array(["a ", None])).tolist() == [kernels.TRAILING, 0]
    assert unicode._look_at(pa.array([], pa.string())).dtype == np.uint8
