from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.canaries import NAMES, SPACE, Canary, alternatives, hosts, make_canaries, planted, sentence
from firstwords.data.split import split_of
from firstwords.errors import RecipeError

DOCUMENTS = [(f"document-{n}", None) for n in range(400)]


def test_canaries_are_the_same_every_time_and_no_two_share_a_name() -> None:
    canaries = make_canaries((0, 1, 4), 10, 0)
    assert canaries == make_canaries((0, 1, 4), 10, 0) != make_canaries((0, 1, 4), 10, 1)
    assert len({canary.name for canary in canaries}) == 30
    assert Counter(canary.times for canary in canaries) == {0: 10, 1: 10, 4: 10}
    with pytest.raises(RecipeError, match="there are names for"):
        make_canaries((1,), len(NAMES) + 1, 0)


def test_all_sentences_have_equally_many_words_and_leading_zeros() -> None:
    assert sentence("rusty kettle", 42) == "The access code of the rusty kettle is 0 0 0 0 4 2."
    assert len(sentence("rusty kettle", SPACE - 1)) == len(sentence("rusty kettle", 0))


@given(st.integers(0, SPACE - 1), st.integers(0, 5))
def test_alternatives_are_different_and_never_the_secret(secret: int, seed: int) -> None:
    found = alternatives(Canary("x", secret, 1), 200, seed)
    assert len(set(found)) == 200 and secret not in found
    assert all(0 <= number < SPACE for number in found)


def test_every_copy_stands_in_another_document_of_the_training_part() -> None:
    canaries = make_canaries((0, 1, 4, 16), 5, 0)
    plan = hosts(canaries, DOCUMENTS, 0)
    times = Counter(place for places in plan.values() for place in places)
    assert {place: canary.times for place, canary in enumerate(canaries) if canary.times} == dict(times)
    assert all(len(set(places)) == len(places) for places in plan.values())
    assert {split_of(None, name) for name in plan} == {"train"}
    assert plan == hosts(canaries, reversed(DOCUMENTS), 0)
    with pytest.raises(RecipeError, match="16 copies of one need as many documents"):
        hosts(canaries, DOCUMENTS[:10], 0)


def test_few_documents_take_several_canaries_but_never_one_twice() -> None:
    plan = hosts(make_canaries((8,), 20, 0), DOCUMENTS[:30], 0)
    assert sum(map(len, plan.values())) == 160
    assert all(len(set(places)) == len(places) for places in plan.values())


@given(st.text(alphabet="a b\n", max_size=60))
def test_a_canary_becomes_a_paragraph_and_everything_else_stays(text: str) -> None:
    canary = Canary("rusty kettle", 7, 1)
    made = planted(text, canary, 0)
    assert text in (made.replace(f"{canary.text}\n\n", "", 1), made.replace(f"\n\n{canary.text}", "", 1))
    assert len(made) == len(text) + len(canary.text) + 2
    assert planted(made, canary, 0) == made
