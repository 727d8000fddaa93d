"""Texts are cut evenly where they are longer than the context."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer.texts import MAX_DOCUMENTS, encode_pair, encode_text

CHARACTERS = SimpleNamespace(
    encode=lambda text: [ord(sign) for sign in text], end_of_text=7, frame=([], []), known_words=None
)
FRAMED = SimpleNamespace(encode=CHARACTERS.encode, end_of_text=7, frame=([1, 2], [3]), known_words=None)


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


def test_the_first_text_of_a_pair_stands_before_every_part_of_the_second():
    encode = CHARACTERS.encode
    batch = {"encode_batch": lambda texts: list(map(encode, texts))}
    tokenizer = SimpleNamespace(encode=encode, end_of_text=7, frame=([], []), known_words=None, **batch)
    first, second = tokenizer.encode("who knows"), tokenizer.encode("a b c " * 10)
    pair = encode_pair(tokenizer, "who knows", "a b c " * 10, 24)
    parts = [pair.input_ids[a:b].tolist() for a, b in itertools.pairwise(pair.bounds)]
    assert len(parts) > 1 and max(map(len, parts)) <= 24
    head = [*first, tokenizer.end_of_text]
    assert all(part[: len(head)] == head for part in parts)
    assert [i for part in parts for i in part[len(head) :]] == second
    assert pair.token_types.sum() == len(second)
    short = encode_pair(tokenizer, "who " * 50, "a", 24)
    assert len(short.bounds) == 2 and len(short.input_ids) == 24 and short.token_types[-1] == 1
    empty = encode_pair(tokenizer, "", "", 24)
    assert len(empty.input_ids) == 3
    with pytest.raises(ValueError, match="no room for two texts"):
        encode_pair(tokenizer, "a", "b", 2)
