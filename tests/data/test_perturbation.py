import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.perturbation import Limits, misspelt, moved, rewritten, word_places
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.swap import Swap
from firstwords.find import catalogue, find

KINDS = [find("data.perturbations", kind)() for kind in catalogue("data.perturbations")]
TEXTS = st.text(st.sampled_from('abcdXYZ .,!"é\n'), max_size=60)


@given(st.text(st.sampled_from("abcdexyzABCé"), min_size=4, max_size=14), st.sampled_from(KINDS), st.integers(0, 9))
def test_a_slip_changes_a_word_and_keeps_its_ends(word, kind, seed):
    for edited in kind.edits(word):
        assert edited != word
        assert (edited[0].lower(), edited[-1].lower()) == (word[0].lower(), word[-1].lower())
        assert not any(sign.isspace() for sign in edited)
        assert abs(len(edited) - len(word)) <= 1
    drawn = kind.draw(word, 3, np.random.default_rng(seed))
    assert drawn == kind.draw(word, 3, np.random.default_rng(seed))
    assert len(drawn) == len(set(drawn)) == min(3, len(set(kind.edits(word))))


@given(TEXTS)
def test_words_are_white_space_tokens_without_the_signs_around_them(text):
    places = word_places(text)
    assert len(places) == len(text.split())
    assert all(text[a:b].strip() == text[a:b] and a < b for a, b in places)
    assert rewritten(text, places, {}) == text
    assert rewritten(text, places, {n: text[a:b] for n, (a, b) in enumerate(places)}) == text


@given(TEXTS, st.data())
def test_spans_of_words_move_along(text, data):
    places = word_places(text)
    numbers = data.draw(st.sets(st.integers(0, max(0, len(places) - 1)))) if places else set()
    changes = {number: "q" * (number % 5 + 1) for number in numbers}
    changed = rewritten(text, places, changes)
    for number, place in enumerate(places):
        start, end = moved(place, places, changes)
        assert changed[start:end] == changes.get(number, text[place.start : place.end])
        if place.end - place.start > 1 and number in changes:
            assert moved((place.start + 1, place.end), places, changes) == (start, end)


def test_only_allowed_words_change_and_as_many_as_asked_for():
    words = ["the", "wonderful", "acting", "was", "almost", "1234", "x-ray", "as", "good"]
    limits = Limits()
    for seed in range(30):
        changes = misspelt(words, [Swap(), Insert(), Delete()], limits, 0.25, np.random.default_rng(seed))
        assert len(changes) == 2
        assert set(changes) <= {1, 2, 4, 8}
    assert misspelt(["a", "the"], [Swap()], limits, 1.0, np.random.default_rng(0)) == {}


def test_the_budget_is_a_share_rounded_down_but_at_least_one():
    assert [Limits().most(number) for number in (1, 6, 13, 14, 20)] == [1, 1, 1, 2, 3]
