"""The word patterns, and cutting long texts at places that change no token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer.patterns import PATTERNS, pattern_of, pieces, pre_tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

# Much white space, line ends, quotes and digits: where the patterns are delicate.
tricky = st.text(st.sampled_from("ab Z.,'\"s\n\r\t 12\u00e9\u3042\u00a0\u2028\x1c-|"), max_size=60)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("gpt2", ["I", "'ll", " pay", " 12345", "  ", " \u20ac", "\n", "\n", "now"]),
        ("llama3", ["I", "'ll", " pay", " ", "123", "45", "  ", " \u20ac\n\n", "now"]),
    ],
)
def test_words_of_a_sentence(pattern, words):
    cut = pre_tokenizer(pattern).pre_tokenize_str("I'll pay 12345   \u20ac\n\nnow")
    assert ["I'll pay 12345   \u20ac\n\nnow"[start:end] for _, (start, end) in cut] == words


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_pattern_of_a_tokenizer_is_recognised(pattern):
    from tokenizers import Tokenizer, models

    backend = Tokenizer(models.BPE())
    assert pattern_of(backend) is None
    backend.pre_tokenizer = pre_tokenizer(pattern)
    assert pattern_of(backend) == pattern


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.lists(st.one_of(tricky, st.just("end.\nBegin")), max_size=8).map("".join), limit=st.integers(1, 12))
def test_words_of_the_pieces_are_the_words_of_the_whole(pattern, text, limit):
    cut = pre_tokenizer(pattern)
    parts = list(pieces(text, limit))
    assert "".join(parts) == text
    separate = [word for part in parts for word, _ in cut.pre_tokenize_str(part)]
    assert separate == [word for word, _ in cut.pre_tokenize_str(text)]


def test_long_texts_are_cut_and_have_the_tokens_of_the_whole(monkeypatch):
    text = "One line of it.\nAnd the next, with 12 things\n  indented\n" * 200
    whole = ByteBPE(vocab_size=300).train([[text]], 300)
    expected = whole.encode(text)
    assert len(list(pieces(text, 1000))) > 5
    monkeypatch.setattr("firstwords.tokenizer.tokenizer.PIECE_CHARACTERS", 1000)
    monkeypatch.setattr("firstwords.tokenizer.tokenizer.BATCH_CHARACTERS", 3000)
    assert whole.encode(text) == expected
    assert whole.encode_batch(["a", text, "", text, "b"]) == [
        whole.encode("a"), expected, [], expected, whole.encode("b"),
    ]  # fmt: skip
