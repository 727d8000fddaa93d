"""Texts are cut evenly where they are longer than the context."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer.texts import MAX_DOCUMENTS, encode_text

CHARACTERS = SimpleNamespace(encode=lambda text: [ord(sign) for sign in text], end_of_text=7, frame=([], []))
FRAMED = SimpleNamespace(encode=CHARACTERS.encode, end_of_text=7, frame=([1, 2], [3]))


def test_an_empty_text_is_the_end_mark_alone():
    assert encode_text(CHARACTERS, "", 4).input_ids.tolist() == [7]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100), st.integers(1, 20))
def test_documents_are_few_even_and_lose_nothing_before_the_limit(text, context):
    ids, bounds = encode_text(CHARACTERS, text, context)
    lengths = np.diff(bounds)
    assert lengths.max() <= context
    assert lengths.max() - lengths.min() <= 1
    assert ids.tolist() == ([ord(sign) for sign in text] or [7])[: MAX_DOCUMENTS * context]
    assert len(lengths) == -(-len(ids) // context)


def test_every_document_is_framed():
    ids, bounds = encode_text(FRAMED, "abcde", 6)
    assert ids.tolist() == [1, 2, 97, 98, 3, 1, 2, 99, 100, 101, 3]
    assert bounds.tolist() == [0, 5, 11]
    assert encode_text(FRAMED, "", 6).input_ids.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="no room"):
        encode_text(FRAMED, "a", 3)
