"""Texts are cut evenly where they are longer than the context."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer.texts import MAX_DOCUMENTS, encode_text

CHARACTERS = SimpleNamespace(encode=lambda text: [ord(sign) for sign in text], end_of_text=7)


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
