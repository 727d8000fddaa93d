"""Likelihoods are probabilities, counted right, and come back from a file; what is no such file is refused."""

import json
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.tokenizer import word_likelihoods
from firstwords.tokenizer.word_likelihoods import EDGE, OTHER, WordLikelihoods, words_in

WORDS = ("a", "rose", "is", "red")
TEXTS = ("A rose is a rose, is 12", "Red!")


def counted(texts=TEXTS, words=WORDS):
    return WordLikelihoods.of(map(words_in, texts), words)


def test_words_and_neighbours_are_counted():
    found = counted()
    assert found.counts == (2, 1, 2, 2, 2, 1)
    assert found.pairs == {(2, 3): 2, (3, 4): 2, (4, 2): 1, (4, OTHER): 1, (EDGE, 2): 1, (OTHER, EDGE): 1} | {
        (EDGE, 5): 1,
        (5, EDGE): 1,
    }
    assert [found.place(each) for each in (None, "ROSE", "12", "lily")] == [EDGE, 3, OTHER, OTHER]
    assert found.was_met("red") and not counted(TEXTS[:1]).was_met("red")


@given(
    st.lists(st.lists(st.sampled_from([*WORDS, "12", "?"]), max_size=8), max_size=5), st.sampled_from([*WORDS, None])
)
def test_what_may_stand_behind_a_word_adds_to_one(sentences, before):
    found = counted([" ".join(sentence) for sentence in sentences])
    number = found.place(before)
    assert sum(found._given(each, number) for each in range(len(WORDS) + 2)) == pytest.approx(1)


def test_a_word_is_likelier_where_it_was_met():
    found = counted()
    assert found.between("rose", found.place("a"), found.place("is")) > found.between("rose", EDGE, found.place("is"))
    assert found.between("rose", found.place("a"), found.place("is")) > found.between("rose", found.place("a"), EDGE)
    assert exp(found.between("rose", found.place("a"), found.place("is"))) < 1


def test_of_many_pairs_the_most_frequent_are_kept(monkeypatch):
    monkeypatch.setattr(word_likelihoods, "MAX_PAIRS", 2)
    assert counted().pairs == {(2, 3): 2, (3, 4): 2}


@given(st.lists(st.text("ab c", max_size=12), max_size=5))
def test_a_file_gives_them_back(texts):
    words = tuple(dict.fromkeys(word for text in texts for word in text.split()))
    found = counted(texts, words)
    loaded = WordLikelihoods.from_json(words, json.loads(json.dumps(found.to_json())))
    assert loaded.to_json() == found.to_json()
    assert all(loaded.between(word, EDGE, OTHER) == found.between(word, EDGE, OTHER) for word in words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": [1, 1]}, "do not belong to 4 words"),
        ({"counts": [1, 1, 1, 1, 1, -1]}, "whole numbers"),
        ({"pairs": [[0, 6, 1]]}, "do not belong"),
        ({"pairs": [[0, 1.0, 1]]}, "whole numbers"),
        ({"pairs": [[0, 1]]}, "not enough values"),
    ],
)
def test_other_files_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        WordLikelihoods.from_json(WORDS, counted().to_json() | change)
