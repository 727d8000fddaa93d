"""Unknown words become the nearest known one; known ones, short ones and those far from any stay."""

import json
import runpy
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

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
WORDS = ("what", "country", "invented", "letter", "latter", "wonderful")
KNOWN = KnownWords(WORDS, 3)


@pytest.mark.parametrize("kind", [Swap(), Delete(), Insert(), Keyboard()])
def test_every_slip_in_a_word_that_stands_alone_is_undone(kind):
    for word in ("country", "invented", "wonderful"):
        edits = kind.edits(word)
        assert edits
        assert {KNOWN.nearest(edited) for edited in edits} == {word}


def test_the_likelier_word_is_taken_where_two_are_as_near():
    assert KNOWN.nearest("ltter") == "letter"
    assert KnownWords(("latter", "letter"), 3).nearest("ltter") == "latter"


def test_what_is_known_short_far_or_no_word_stays():
    for word in ("latter", "What", "wt", "xyzzy", "contri", "3rd", "countr", "ountry", "wondreufl", "wonder-ful", ""):
        assert KNOWN.nearest(word) == word


def test_no_word_becomes_a_shorter_one_than_is_corrected():
    assert KnownWords(("was", "wears"), 4).nearest("wias") == "wias"


def test_texts_keep_signs_spaces_and_capitals():
    assert KNOWN.corrected('  "Waht cuontry\ninventedd  it?"  ') == '  "What country\ninvented  it?"  '
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


@given(st.lists(st.text("abcd", min_size=1, max_size=6), unique=True, max_size=12), st.text("abcd", max_size=7))
def test_the_nearest_is_what_a_search_through_all_words_finds(words, word):
    known = KnownWords(words, 3)
    near = [w for w in words if len(w) >= 3 and is_one_edit(w, word) and w[0] == word[0] and w[-1] == word[-1]]
    expected = near[0] if near and len(word) >= 3 and word not in words else word
    assert known.nearest(word) == expected


def test_known_are_the_words_of_the_texts_and_whole_words_of_the_vocabulary():
    tokenizer = TINY["tokenizer"]()
    records = [TextRecord("a", "a", "One two, two! 3rd b2b", "x", pair="Zebra two")]
    known = Correction().known_words(records, tokenizer)
    assert known.words[:3] == ("two", "one", "zebra")
    assert set(known.words[3:]) == set(whole_words(tokenizer)) - {"two", "one", "zebra"}
    assert whole_words(tokenizer) and all(len(tokenizer.encode(f"a {word}")) == 2 for word in whole_words(tokenizer))
    tokenizer.known_words = KnownWords(("quagga",), 3)
    assert "quagga" in Correction().known_words(records, tokenizer).words


def test_a_folder_keeps_them_and_texts_are_read_by_them(tmp_path):
    (tmp_path / "a").mkdir()
    tokenizer = TINY["tokenizer"]()
    tokenizer.save(tmp_path / "a")
    KNOWN.save(tmp_path / "a")
    (tmp_path / "b").mkdir()
    assert take_over(tmp_path / "a", tmp_path / "b").known_words.words == WORDS
    loaded = Tokenizer.load(tmp_path / "b")
    assert loaded.known_words.min_letters == 3
    bare, clean = encode_text(tokenizer, "Waht cuontry", 64).input_ids, encode_text(tokenizer, "What country", 64)
    assert encode_text(loaded, "Waht cuontry", 64).input_ids.tolist() == clean.input_ids.tolist() != bare.tolist()
    pair = encode_pair(loaded, "Waht", "cuontry", 64)
    assert pair.input_ids.tolist() == encode_pair(tokenizer, "What", "country", 64).input_ids.tolist()
    assert loaded.encode("Waht") == tokenizer.encode("Waht")  # what is not a text to be labelled stays as it is


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ('{"words": []}', "cannot be read: 'min_letters'"),
        (json.dumps({"words": ["a", 1], "min_letters": 3}), "'words' must be a list of words"),
        (json.dumps({"words": ["a"], "min_letters": "x"}), "min_letters = 'x' is no number"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, message):
    (tmp_path / KNOWN_WORDS).write_text(content)
    with pytest.raises(RecipeError, match=message):
        KnownWords.load(tmp_path)


def test_a_folder_without_them_has_none(tmp_path):
    assert KnownWords.load(tmp_path) is None
