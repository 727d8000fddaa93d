"""Pieces of a continuation: whole characters only, in order, nothing lost. Stop strings: `test_language_model`."""

from hypothesis import given
from hypothesis import strategies as st

from firstwords.inference.text_stream import whole_characters


class Bytes:
    """A tokenizer whose tokens are bytes."""

    def decode(self, ids):
        return bytes(ids).decode("utf-8", "replace")


@given(st.text(max_size=30))
def test_pieces_are_whole_characters_and_together_the_text(text) -> None:
    pieces = list(whole_characters(Bytes(), text.encode("utf-8", "replace")))
    assert "".join(pieces) == text.encode("utf-8", "replace").decode()
    assert all("\ufffd" not in piece for piece in pieces) or "\ufffd" in text


@given(st.binary(max_size=30))
def test_broken_bytes_do_not_wait_for_ever(data) -> None:
    fed = iter(data)
    for _ in whole_characters(Bytes(), fed):
        pass
    assert next(fed, None) is None
    assert len(list(whole_characters(Bytes(), b"\x80" * 12))) >= 2
