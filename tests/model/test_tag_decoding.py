"""Decoded tags are valid, and no valid sequence is better."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from firstwords.metrics.entities import find_entities
from firstwords.model.tag_decoding import allowed_transitions, decode_tags

TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")
ALLOWED = allowed_transitions(TAGS)


def is_valid(path):
    return all(ALLOWED[a, b] for a, b in itertools.pairwise([len(TAGS), *path]))


def test_only_an_inside_tag_is_bound_to_what_stands_before():
    may_follow = {
        b: {a for a, row in zip((*TAGS, "start"), ALLOWED, strict=True) if row[i]} for i, b in enumerate(TAGS)
    }
    assert may_follow["I-X"] == {"B-X", "I-X"}
    assert may_follow["I-Y"] == {"B-Y", "I-Y"}
    assert all(may_follow[tag] == {*TAGS, "start"} for tag in ("O", "B-X", "B-Y"))


def test_no_words_have_no_tags():
    assert decode_tags(np.zeros((0, 5)), ALLOWED).tolist() == []


def test_a_broken_entity_is_mended_where_it_costs_least():
    scores = np.array([[1.0, 0.9, 0, 0, 0], [0, 0, 5.0, 0, 0]])  # argmax: O, I-X
    assert decode_tags(scores, ALLOWED).tolist() == [1, 2]


@settings(max_examples=200)
@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.just(5)), elements=st.floats(-4, 4, width=32)))
def test_the_path_is_valid_and_the_best_of_all_valid_ones(scores):
    path = decode_tags(scores, ALLOWED)
    assert is_valid(path)
    words = np.arange(len(scores))
    best = max(
        scores[words, list(other)].sum(dtype=np.float64)
        for other in itertools.product(range(5), repeat=len(scores))
        if is_valid(other)
    )
    assert np.isclose(scores[words, path].sum(dtype=np.float64), best, atol=1e-6)
    tags = [TAGS[tag] for tag in path]
    assert find_entities(tags, "strict") == find_entities(tags, "default")
