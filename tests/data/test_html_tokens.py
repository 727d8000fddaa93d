"""The hash table and the spans of attributes; what they mean for pages is tested in test_html_kernels.py."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import html_tokens as tokens
from firstwords.data.page_blocks import _hash, _hash_table


@given(st.lists(st.binary(min_size=1, max_size=4), unique=True, min_size=1), st.binary(min_size=1, max_size=4))
def test_every_key_and_no_other_is_found(names: list[bytes], other: bytes) -> None:
    keys, values = _hash_table({_hash(name): place for place, name in enumerate(names)})
    for place, name in enumerate([*names, other]):
        at = tokens.look_up(keys, np.uint64(_hash(name)))
        assert (at >= 0 and values[at] in (place, names.index(name))) if name in names else at == -1


def span(tag: bytes, column: int) -> bytes | None:
    found = np.empty(10, np.int64)
    assert tokens.read_tag(np.frombuffer(tag, np.uint8), 1, len(tag), found) == len(tag)
    return None if found[column] < 0 else tag[found[column] : found[column + 1]]


def test_the_first_attribute_of_a_name_counts() -> None:
    tag = b"<div CLASS = 'a > b' class=c id=d/e role>"
    assert span(tag, tokens.CLASS) == b"a > b" and span(tag, tokens.ID) == b"d/e" and span(tag, tokens.ROLE) == b""
    assert span(b"<div>", tokens.CLASS) is None
