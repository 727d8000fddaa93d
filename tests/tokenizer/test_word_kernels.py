"""The compiled patterns cut where the library's engine cuts."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from firstwords.tokenizer.characters import character_classes
from firstwords.tokenizer.patterns import PATTERNS
from firstwords.tokenizer.word_counts import PATTERN_NUMBERS
from firstwords.tokenizer.word_kernels import class_at, cut, word_key

# What the patterns tell apart, the long s (an s without regard to case) and characters of two to four bytes.
DELICATE = [
    *["'s", "'S", "'\u017f", "'ll", "'Ll", "'lL", "'re", "'VE", "'m", "'T", "'d", "'", "r", "s", "\u017f", "l"],
    *["a", "\u00c9", "e\u0301", "1", "12", "1234", "\uff12", "\u2167", "\u00b2", " ", "  ", "\n", "\r\n", "\t"],
    *["\u00a0", "\u2028", "\u3000", "\x85", "\x1c", ".", "...", "!\n", "\U0001f642", "\u4e2d", "\x00", "\ufeff", "_"],
]
delicate = st.lists(st.sampled_from(DELICATE), max_size=14).map("".join)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def words(text, pattern):
    data = np.frombuffer(text.encode(), np.uint8)
    ends = np.empty(len(data) + 1, np.int64)
    number = cut(data, 0, len(data), character_classes(), PATTERN_NUMBERS[pattern], ends)
    return [data[a:b].tobytes().decode() for a, b in itertools.pairwise([0, *ends[:number].tolist()])]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=600)
@given(text=delicate | anything)
def test_words_are_those_of_the_pattern(pattern, text):
    library = pre_tokenizers.Split(Regex(PATTERNS[pattern]), behavior="isolated")
    assert words(text, pattern) == [word for word, _ in library.pre_tokenize_str(text)]


@given(text=anything.filter(bool))
def test_without_a_pattern_a_text_is_one_word(text):
    assert words(text, None) == [text]


@given(st.binary(min_size=1, max_size=8))
def test_broken_utf8_is_walked_through_without_leaving_the_array(data):
    buffer = np.frombuffer(data + b"\xff" * 4, np.uint8)
    at = 0
    while at < len(data):
        _, width = class_at(buffer, at, len(data), character_classes())
        at += width
    assert at <= len(data)


@given(st.binary(min_size=1, max_size=40), st.binary(max_size=12), st.integers(0, 6))
def test_a_key_does_not_depend_on_where_the_word_lies(word, behind, before):
    alone = word_key(np.frombuffer(word, np.uint8), 0, len(word))
    inside = word_key(np.frombuffer(b"x" * before + word + behind, np.uint8), before, len(word))
    assert alone == inside
    if len(word) <= 16:
        assert b"".join(int(part).to_bytes(8, "little") for part in alone).rstrip(b"\0") == word.rstrip(b"\0")
