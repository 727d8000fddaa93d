"""Words become the ids they have in running text, in windows that lose none of them."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.words import split_words
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.words import EncodedWords, encode_sentence, encode_words, windows

TEXTS = ["the value (or os.path.join) is 3.14, never more; call json.dumps() now!"] * 20


@functools.cache
def tokenizer():
    return ByteBPE().train([TEXTS], 300)


def words_of(text):
    return [span.word for span in split_words(text)]


def test_dotted_names_and_numbers_are_words_other_signs_stand_alone():
    assert words_of("Use os.path.join(a, 'b').") == ["Use", "os.path.join", "(", "a", ",", "'", "b", "'", ")", "."]
    assert words_of("3.14 or 1,000 e.g. x_1") == ["3.14", "or", "1,000", "e.g", ".", "x_1"]
    assert words_of("don't...") == ["don", "'", "t", ".", ".", "."]


@given(st.text())
def test_every_character_is_in_one_word_or_is_white_space(text):
    spans = split_words(text)
    covered = np.zeros(len(text), dtype=int)
    for span in spans:
        assert text[span.start : span.end] == span.word
        covered[span.start : span.end] += 1
    assert all(count == (not sign.isspace()) for count, sign in zip(covered, text, strict=True))


def test_ids_are_those_of_running_text():
    text = " the value (or os.path.join) is 3.14, never more;"
    encoded = encode_words(tokenizer(), words_of(text), 64)
    assert tokenizer().decode(encoded.input_ids) == text
    assert encoded.starts[0] == 0


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), min_size=1, max_size=8))
def test_every_word_begins_at_its_start(words):
    encoded = encode_words(tokenizer(), words, 10_000)
    assert len(encoded.starts) == len(words)
    pieces = np.split(encoded.input_ids, encoded.starts[1:])
    for word, piece in zip(words, pieces, strict=True):
        assert tokenizer().decode(piece) in (word, " " + word)


def test_long_words_are_shortened_not_lost():
    encoded = encode_words(tokenizer(), ["the", "~" * 100, "value"], 4)
    assert np.diff(encoded.starts).max() == 4
    assert tokenizer().decode(encoded.input_ids[encoded.starts[2] :]) == " value"


def test_words_that_would_lose_their_label_are_refused():
    with pytest.raises(ValueError, match="word 1 of 'a ' is empty"):
        encode_words(tokenizer(), ["a", ""], 4)
    with pytest.raises(ValueError, match="at least one word"):
        encode_sentence(tokenizer(), [], 16)


def made_up(lengths):
    """Words of so many sub-words each; every sub-word is its own number."""
    lengths = np.array(lengths)
    return EncodedWords(np.arange(lengths.sum(), dtype=np.int32), np.cumsum(lengths) - lengths)


def test_a_short_sentence_is_one_window():
    assert windows(made_up([2, 3]), 5) == [(0, 2, 0, 2)]


@settings(max_examples=300)
@given(
    st.integers(4, 40).flatmap(lambda c: st.tuples(st.just(c), st.lists(st.integers(1, max(1, c // 8)), min_size=1)))
)
def test_windows_fit_keep_every_word_once_and_show_its_neighbours(case):
    context, lengths = case
    encoded = made_up(lengths)
    ends = np.cumsum(lengths)
    kept = []
    found = windows(encoded, context)
    for window in found:
        assert window.first_word <= window.first_kept <= window.end_kept <= window.end_word
        assert ends[window.end_word - 1] - encoded.starts[window.first_word] <= context
        kept += range(window.first_kept, window.end_kept)
    assert kept == list(range(len(lengths)))
    # Away from the ends of the sentence: windows share 3/8 of a context or more, so half of that, less a word, is
    # there.
    for before, after in itertools.pairwise(found):
        border = encoded.starts[after.first_kept]
        assert border - encoded.starts[after.first_word] >= context // 16 - 1
        assert ends[before.end_word - 1] - border >= context // 16 - 1


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["value", "json.dumps", "(", "x", "~~~~~~~~~"]), min_size=1, max_size=60))
def test_a_sentence_has_one_place_for_every_word(words):
    context = 16
    whole = encode_words(tokenizer(), words, context // 4)
    encoded = encode_sentence(tokenizer(), words, context)
    assert np.diff(encoded.bounds).max() <= context
    assert encoded.bounds[0] == 0
    assert encoded.bounds[-1] == len(encoded.input_ids)
    assert encoded.input_ids[encoded.places].tolist() == whole.input_ids[whole.starts].tolist()
    assert (np.diff(encoded.places) > 0).all()
