"""Misspelt words become what was likely meant; likely ones, short ones and those far from any known one stay."""

import json
import runpy
from math import inf, log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.dataset import TextRecord
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.data.perturbations.swap import Swap
from firstwords.errors import RecipeError
from firstwords.tokenizer.correction import KNOWN_WORDS, Correction, KnownWords, is_one_edit, whole_words
from firstwords.tokenizer.texts import encode_pair, encode_text
from firstwords.tokenizer.tokenizer import Tokenizer, take_over
from firstwords.tokenizer.word_likelihoods import WordLikelihoods, words_in

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
TEXTS = (
    *["what country invented the wonderful letter"] * 5,
    *["how many people wrote the latter half"] * 20,
    *["it may rain in many a country"] * 5,
)


def knowing(texts, vocabulary=(), **options):
    """A lexicon of the words of some texts and others."""
    words = tuple(dict.fromkeys([*(word.lower() for text in texts for word in text.split()), *vocabulary]))
    return KnownWords(words, WordLikelihoods.of(map(words_in, texts), words), **options)


KNOWN = knowing(TEXTS)


@pytest.mark.parametrize("kind", [Swap(), Delete(), Insert(), Keyboard()])
def test_every_slip_in_a_word_that_stands_alone_is_undone(kind):
    for word in ("country", "invented", "wonderful"):
        edits = kind.edits(word)
        assert edits
        assert {KNOWN.corrected(f"the {edited} letter") for edited in edits} == {f"the {word} letter"}


def test_of_two_words_as_near_the_neighbours_take_one():
    assert KNOWN.corrected("the ltter half") == "the latter half"
    assert KNOWN.corrected("wonderful ltter") == "wonderful letter"
    assert KNOWN.corrected("wrote the ltter haf") == "wrote the latter half"  # by what stands before alone


def test_a_slip_that_is_a_word_is_undone_where_another_is_likelier():
    texts = [*["how many people came"] * 300, *["it may rain"] * 3]
    known = knowing(texts)
    assert known.corrected("How may people came") == "How many people came"
    assert known.corrected("it may rain") == "it may rain"
    assert knowing(texts, slips=1e-9).corrected("how may people came") == "how may people came"


def test_what_was_never_met_takes_the_place_of_no_known_word():
    assert knowing(["a wide coat"] * 3, ["coast"]).corrected("a wide coat") == "a wide coat"


def test_what_is_short_far_or_no_word_stays():
    for word in ("latter", "What", "wt", "xyzzy", "contri", "3rd", "countr", "ountry", "wondreufl", "wonder-ful", ""):
        assert KNOWN.corrected(word) == word


def test_no_word_becomes_a_shorter_one_than_is_corrected():
    texts = ["it was cold"] * 9
    assert knowing(texts).corrected("it wias cold") == "it was cold"
    assert knowing(texts, min_letters=4).corrected("it wias cold") == "it wias cold"


def test_texts_keep_signs_spaces_and_capitals():
    assert KNOWN.corrected('  "Waht cuontry\ninventedd  the?"  ') == '  "What country\ninvented  the?"  '
    assert KNOWN.corrected("WONDREFUL (wondreful) Wondreful!") == "WONDERFUL (wonderful) Wonderful!"
    text = "what letter"
    assert KNOWN.corrected(text) is text


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_a_distance_of_one(one, other):
    def edits(word):
        splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
        found = {a + b[1:] for a, b in splits if b} | {a + sign + b for a, b in splits for sign in "abc"}
        found |= {a + sign + b[1:] for a, b in splits if b for sign in "abc"}
        return found | {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}

    assert is_one_edit(one, other) == (one != other and other in edits(one))


@given(
    st.lists(st.text("abcd", min_size=1, max_size=5), min_size=1, max_size=30),
    st.lists(st.text("abcd", min_size=1, max_size=5), max_size=6),
    st.lists(st.text("abcd", min_size=1, max_size=6), min_size=3, max_size=3),
)
def test_the_likeliest_is_what_a_search_through_all_words_finds(met, vocabulary, sentence):
    known = knowing([" ".join(met)], vocabulary, min_letters=3)
    before, word, after = sentence
    places = known.likelihoods.place(before), known.likelihoods.place(after)
    is_known = word in known.words
    found = {word: known.likelihoods.between(word, *places) if is_known else -inf}
    for each in known.words:
        n = len(each)
        edits = (n - 1) * 26 + (n - 2) * 25 + (n - 2) + (n - 3)
        kept = n >= 3 and is_one_edit(each, word) and each[0] == word[0] and each[-1] == word[-1]
        if kept and (each in met or not is_known):
            found[each] = log(0.05 / edits) + known.likelihoods.between(each, *places)
    expected = max(found, key=found.__getitem__) if len(word) >= 3 else word
    meant = known.meant(word, *places)
    assert meant == expected or found[meant] == pytest.approx(found[expected])


def test_known_are_the_words_of_the_texts_and_whole_words_of_the_vocabulary():
    tokenizer = TINY["tokenizer"]()
    records = [TextRecord("a", "a", "One two, two! 3rd b2b", "x", pair="Zebra two")]
    known = Correction().known_words(records, tokenizer)
    assert known.words[:3] == ("two", "one", "zebra")
    assert set(known.words[3:]) == set(whole_words(tokenizer)) - {"two", "one", "zebra"}
    assert whole_words(tokenizer) and all(len(tokenizer.encode(f"a {word}")) == 2 for word in whole_words(tokenizer))
    tokenizer.known_words = knowing([], ["quagga"])
    assert "quagga" in Correction().known_words(records, tokenizer).words


def test_a_folder_keeps_them_and_texts_are_read_by_them(tmp_path):
    (tmp_path / "a").mkdir()
    tokenizer = TINY["tokenizer"]()
    tokenizer.save(tmp_path / "a")
    KNOWN.save(tmp_path / "a")
    (tmp_path / "b").mkdir()
    assert take_over(tmp_path / "a", tmp_path / "b").known_words.words == KNOWN.words
    loaded = Tokenizer.load(tmp_path / "b")
    assert (loaded.known_words.min_letters, loaded.known_words.slips) == (3, 0.05)
    assert loaded.known_words.likelihoods.to_json() == KNOWN.likelihoods.to_json()
    bare, clean = encode_text(tokenizer, "Waht cuontry", 64).input_ids, encode_text(tokenizer, "What country", 64)
    assert encode_text(loaded, "Waht cuontry", 64).input_ids.tolist() == clean.input_ids.tolist() != bare.tolist()
    pair = encode_pair(loaded, "Waht", "cuontry", 64)
    assert pair.input_ids.tolist() == encode_pair(tokenizer, "What", "country", 64).input_ids.tolist()
    assert loaded.encode("Waht") == tokenizer.encode("Waht")  # what is not a text to be labelled stays as it is


GOOD = {"words": ["a"], "min_letters": 3, "slips": 0.1, "counts": [1, 1, 1], "pairs": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ('{"words": []}', "cannot be read: 'min_letters'"),
        (json.dumps(GOOD | {"words": ["a", 1]}), "'words' must be a list of words"),
        (json.dumps(GOOD | {"min_letters": "x"}), "min_letters = 'x' is no number"),
        (json.dumps(GOOD | {"slips": 1}), "slips = 1 is no share"),
        (json.dumps(GOOD | {"counts": [1]}), "do not belong to 1 words"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, message):
    (tmp_path / KNOWN_WORDS).write_text(json.dumps(GOOD))
    assert KnownWords.load(tmp_path).words == ("a",)
    (tmp_path / KNOWN_WORDS).write_text(content)
    with pytest.raises(RecipeError, match=message):
        KnownWords.load(tmp_path)


def test_a_folder_without_them_has_none(tmp_path):
    assert KnownWords.load(tmp_path) is None
