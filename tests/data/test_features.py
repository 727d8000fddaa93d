"""The kernels against a plain statement, in ordinary Python, of what words and lines are."""

import re
import unicodedata
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE, SYMBOL, tables
from firstwords.data.features import Features, hash_words
from firstwords.data.kernels import ENDS_IN_ELLIPSIS, IS_BULLET, OPENS_PARAGRAPH

MASK = 2**64 - 1
ALPHABET = "abcXYZ019_ .,#-*'\n\n\t\u00a0\u2003…•é\u0301ÉßЖ中文カ한กี“\U0001f600\U00020000𐍈"
TEXTS = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters(exclude_categories=["Cs"])), max_size=120)


def hash_of(text: str) -> int:
    """FNV-1a over characters, then MurmurHash3's finalizer."""
    value = 0xCBF29CE484222325
    for character in text:
        value = (value ^ ord(character)) * 0x100000001B3 & MASK
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & MASK
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def kind_of(character: str) -> int:
    code = ord(character)
    if code > 0xFFFF:
        return IDEOGRAPH if code >= 0x20000 else SYMBOL if code >= 0x1D000 else LETTER
    return int(tables()[0][code])


def lower_of(character: str) -> str:
    return chr(tables()[1][ord(character)]) if ord(character) <= 0xFFFF else character


def collapse(text: str) -> str:
    """Runs of white space as one space, none at the ends."""
    spaced = "".join(" " if kind_of(character) == SPACE else character for character in text)
    return re.sub(" +", " ", spaced).strip(" ")


def words_of(text: str) -> list[tuple[int, str]]:
    """(position in the collapsed text, lower-cased word) of each word."""
    found: list[tuple[int, str]] = []
    open_word = False
    for position, character in enumerate(collapse(text)):
        kind = kind_of(character)
        if kind == IDEOGRAPH or (kind in (LETTER, NUMBER) and not open_word):
            found.append((position, lower_of(character)))
            open_word = True
            single = kind == IDEOGRAPH
        elif (kind in (LETTER, NUMBER) or kind == MARK) and open_word:
            if single and kind != MARK:
                found.append((position, lower_of(character)))
                single = False
            else:
                found[-1] = (found[-1][0], found[-1][1] + lower_of(character))
        else:
            open_word = False
    return found


def lines_of(text: str) -> list[tuple[str, int]]:
    """(collapsed line, flags) of each line that is not blank."""
    found, opens = [], True
    for raw in text.split("\n"):
        line = collapse(raw)
        if not line:
            opens = True
            continue
        flags = OPENS_PARAGRAPH if opens else 0
        # A lone hyphen has white space, the end of the line, behind it.
        if line[0] in "•‣◦▪" or (line[0] in "-*" and line[1:2] in ("", " ")):
            flags |= IS_BULLET
        if line.endswith(("...", "…")):
            flags |= ENDS_IN_ELLIPSIS
        found.append((line, flags))
        opens = False
    return found


def counts_of(text: str) -> list[int]:
    """Characters, characters in words, tokens, tokens with a letter, number signs, ellipses."""
    flat = collapse(text)
    tokens = flat.split(" ") if flat else []
    lettered = sum(any(kind_of(c) in (LETTER, IDEOGRAPH) for c in token) for token in tokens)
    ellipses = len(re.findall(r"\.{3,}", flat)) + flat.count("…")
    return [len(flat), sum(len(word) for _, word in words_of(text)), len(tokens), lettered, flat.count("#"), ellipses]


@given(st.lists(TEXTS, max_size=4))
@example(["", "a", "A b—C", "3.14", "日本語 ok", "e\u0301é", "...x", "wait....", "…", "\u0301", "語\u0301x"])
@example(["- item\n-5\n* x\n-\n\n•y", "a...\nb…  \n", "one\n \t\n\n two"])
@settings(max_examples=150, deadline=None)
def test_words_lines_and_counts_are_as_stated(texts: list[str]) -> None:
    features = Features(pa.array(texts, pa.string()))
    words, lines = features.words, features.lines
    assert len(features) == len(words.num_words) == len(lines.num_lines) == len(texts)
    for row, (text, (first, last)) in enumerate(zip(texts, pairwise(words.offsets), strict=True)):
        expected = words_of(text)
        assert words.starts[first:last].tolist() == [position for position, _ in expected]
        assert words.lengths[first:last].tolist() == [len(word) for _, word in expected]
        assert words.hashes[first:last].tolist() == [hash_of(word) for _, word in expected]
        assert words.counts[row].tolist() == counts_of(text)
    for text, (first, last) in zip(texts, pairwise(lines.offsets), strict=True):
        expected_lines = lines_of(text)
        assert lines.hashes[first:last].tolist() == [hash_of(line) for line, _ in expected_lines]
        assert lines.lengths[first:last].tolist() == [len(line) for line, _ in expected_lines]
        assert lines.flags[first:last].tolist() == [flags for _, flags in expected_lines]


def same(left: Features, right: Features) -> bool:
    parts = [(left.words, right.words), (left.lines, right.lines)]
    return all(
        np.array_equal(a, b) for one, two in parts for a, b in zip(vars(one).values(), vars(two).values(), strict=True)
    )


@given(st.lists(st.tuples(TEXTS, TEXTS, st.booleans(), st.booleans()), max_size=5))
@settings(max_examples=50, deadline=None)
def test_replaced_and_selected_rows_have_the_features_of_new_texts(rows: list[tuple[str, str, bool, bool]]) -> None:
    before = Features(pa.array([old for old, _, _, _ in rows], pa.string()))
    assert before.words is before.words and before.lines is before.lines
    texts = pa.array([new if change else old for old, new, change, _ in rows], pa.string())
    after = before.replaced(texts, np.array([change for _, _, change, _ in rows], bool))
    assert same(after, Features(texts))
    keep = np.flatnonzero([keep for _, _, _, keep in rows])
    assert same(after.select(keep), Features(texts.take(pa.array(keep))))


def test_features_asked_for_before_a_change_are_not_split_again(monkeypatch) -> None:
    before = Features(pa.array(["one two", "three"]))
    words = before.words
    monkeypatch.setattr("firstwords.data.features.split_words", None)
    assert before.replaced(before.texts, np.zeros(2, bool)).words is words
    assert before.select(np.array([1])).words.hashes.tolist() == words.hashes[2:].tolist()


def test_slices_and_large_strings_give_the_same_words() -> None:
    texts = ["one two", "three", "four five six"]
    whole = Features(pa.array(texts)).words
    assert Features(pa.array(texts, pa.large_string())).words.hashes.tolist() == whole.hashes.tolist()
    assert Features(pa.array(texts).slice(1, 1)).words.hashes.tolist() == whole.hashes[2:3].tolist()
    assert Features(pa.array(texts).slice(3)).words.offsets.tolist() == [0]


def test_nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="1 texts are null"):
        _ = Features(pa.array(["a", None])).words


def test_hash_words_takes_single_words_only() -> None:
    assert hash_words(["The", "the"]).tolist() == [hash_of("the")] * 2
    with pytest.raises(ValueError, match="'two words' is 2 words"):
        hash_words(["two words"])


def test_marks_normal_form_matters_to_words() -> None:
    """The splitter does not normalize: the transform `unicode` does, once, before it."""
    one, two = hash_words(["é"]), hash_words([unicodedata.normalize("NFD", "é")])
    assert one != two
