"""An exact number of tokens is hidden, whole words and spans stay whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.masking import hidden_tokens


@st.composite
def rows(draw):
    length = draw(st.integers(1, 80))
    allowed = np.array(draw(st.lists(st.booleans(), min_size=length, max_size=length)))
    starts = np.array(draw(st.lists(st.booleans(), min_size=length, max_size=length)))
    candidates = np.flatnonzero(allowed)
    number = draw(st.integers(0, len(candidates)))
    return candidates, starts, number, draw(st.integers(0, 2**30))


def words_of(candidates, starts):
    """Word number of each candidate, by walking."""
    found, word = {}, -1
    for place in candidates.tolist():
        if place - 1 not in found or starts[place]:
            word += 1
        found[place] = word
    return found


@given(rows(), st.sampled_from(["token", "word", "span"]))
def test_what_is_chosen_is_allowed_distinct_and_never_too_much(row, unit):
    candidates, starts, number, seed = row
    chosen, owners = hidden_tokens(np.random.default_rng(seed), candidates, starts, number, unit)
    assert len(set(chosen.tolist())) == len(chosen) == len(owners) <= number
    assert set(chosen.tolist()) <= set(candidates.tolist())
    again, _ = hidden_tokens(np.random.default_rng(seed), candidates, starts, number, unit)
    assert (again == chosen).all()
    if unit == "token":
        assert len(chosen) == number
        return
    words = words_of(candidates, starts)
    taken = {words[place] for place in chosen.tolist()}
    assert {place for place in words if words[place] in taken} == set(chosen.tolist())  # whole words
    missing = number - len(chosen)
    sizes = np.bincount([words[place] for place in words]) if words else np.zeros(0, int)
    if missing and unit == "word":
        assert all(sizes[word] > missing for word in range(len(sizes)) if word not in taken)


def test_spans_have_geometric_lengths_and_hang_together():
    candidates, starts = np.arange(200_000), np.ones(200_000, dtype=bool)
    chosen, owners = hidden_tokens(np.random.default_rng(0), candidates, starts, 20_000, "span")
    lengths = np.bincount(owners)[np.unique(owners)]
    # SpanBERT: p = 0.2 cut at 10 has a mean of 3.8; spans that meet are a little shorter.
    assert abs(lengths.mean() - 3.8) < 0.25
    assert lengths.max() == 10
    for owner in np.unique(owners)[:50]:
        assert (np.diff(chosen[owners == owner]) == 1).all()


def test_a_span_ends_where_tokens_may_not_be_hidden():
    candidates = np.array([0, 1, 2, 10, 11, 12])
    starts = np.ones(13, dtype=bool)
    for seed in range(20):
        chosen, owners = hidden_tokens(np.random.default_rng(seed), candidates, starts, 4, "span", span_stop=0.01)
        for owner in np.unique(owners):
            places = chosen[owners == owner]
            assert (places < 5).all() or (places > 5).all()
