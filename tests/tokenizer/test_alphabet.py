"""Bytes are written with the characters that the library uses."""

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from firstwords.tokenizer.alphabet import BYTE_CHARACTERS, VOCABULARY_ORDER, read, written


def test_the_alphabet_is_the_library_s():
    assert sorted(BYTE_CHARACTERS) == sorted(pre_tokenizers.ByteLevel.alphabet())
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for text in ("a b", "\n\t\x00\x7f", "\u00e9\u00ad\u00a0", "\U0001f642"):
        assert "".join(word for word, _ in cut.pre_tokenize_str(text)) == written(text.encode())
    assert [BYTE_CHARACTERS[byte] for byte in VOCABULARY_ORDER] == sorted(BYTE_CHARACTERS)


@given(st.binary())
def test_bytes_come_back(data):
    assert read(written(data)) == data


def test_other_characters_stand_for_no_byte():
    assert read("a\u4e00") is None
