"""Texts become bytes and bounds without being changed, also from slices; parts are even and lose nothing."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer.text_buffers import shares, text_buffers

any_texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12)


def strings(buffers):
    data, offsets = buffers
    return [data[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets.tolist())]


@given(any_texts, st.integers(0, 5), st.integers(0, 5), st.sampled_from([pa.string(), pa.large_string()]))
def test_lists_and_slices_of_arrow_arrays_are_read_alike(texts, start, length, kind):
    assert strings(text_buffers(texts)) == texts
    assert strings(text_buffers(pa.array(texts, kind).slice(start, length))) == texts[start : start + length]


def test_what_is_no_text_is_refused():
    with pytest.raises(ValueError, match=r"character 2 .*ud800"):
        text_buffers(["good", "ab\ud800"])
    with pytest.raises(TypeError, match="int64"):
        text_buffers(pa.array([1]))
    with pytest.raises(TypeError, match="null"):
        text_buffers(pa.array(["a", None]))


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_parts_are_whole_texts_in_their_order(lengths, number):
    offsets = np.cumsum([3, *lengths])
    parts = shares(offsets, number)
    assert len(parts) <= number
    assert [end for part in parts for end in part[1:].tolist()] == offsets[1:].tolist()
    assert all(part[0] == before[-1] for before, part in itertools.pairwise(parts))
