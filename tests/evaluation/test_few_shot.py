"""Refused overlaps, balanced draws, prompts, scores and calibration, against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from firstwords.data.dataset import TextRecord
from firstwords.evaluation import few_shot

WORDS = st.lists(st.sampled_from(["where", "is", "my", "card", "new", "lost", "the", "bank"]), min_size=1, max_size=12)


def record(text: str, label: str = "a") -> TextRecord:
    return TextRecord(f"{label}/{text}", text, text, label)


def pool(**labels: int):
    return {label: [record(f"{label} {n}", label) for n in range(number)] for label, number in labels.items()}


# --- overlap ---


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Where is my new card?", True),
        ("  where IS my, new card", True),
        ("where is my new card please", True),
        ("please block the card that I lost", False),
        ("card", False),
    ],
)
def test_texts_that_overlap_are_refused_by_content(text, refused) -> None:
    kept, number = few_shot.without_overlap([record(text)], ["Where is my new card?", "hello"])
    assert (not kept, number) == (refused, int(refused))


@settings(max_examples=80, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_the_index_finds_what_comparing_all_finds(asked, words) -> None:
    texts = [" ".join(each) for each in asked]
    own = few_shot.word_runs(" ".join(words))
    expected = set()
    for place, text in enumerate(texts):
        theirs = few_shot.word_runs(text)
        if len(own & theirs) >= few_shot.OVERLAP_SHARE * len(own | theirs):
            expected.add(place)
    assert few_shot.OverlapIndex(texts).overlapping(" ".join(words)) == expected


def test_short_texts_are_compared_as_a_whole() -> None:
    index = few_shot.OverlapIndex(["lost card", ""])
    assert index.overlapping("Lost card!") == {0}
    assert index.overlapping("new card") == set()
    assert index.overlapping("...") == {1}


# --- choosing ---


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.integers(2, 4), st.integers(0, 50), st.integers(0, 9))
def test_random_examples_are_balanced_and_repeatable(num_examples, ways, seed, draw) -> None:
    from_pool = pool(**{f"label{n}": 12 for n in range(ways)})
    chosen = few_shot.random_examples(from_pool, num_examples, seed, draw)
    counts = [sum(each.label == label for each in chosen) for label in from_pool]
    assert len(chosen) == num_examples == len(set(chosen))
    assert max(counts) - min(counts) <= 1
    assert chosen == few_shot.random_examples(from_pool, num_examples, seed, draw)


def test_draws_differ() -> None:
    from_pool = pool(a=50, b=50)
    assert len({tuple(few_shot.random_examples(from_pool, 8, 0, draw)) for draw in range(10)}) == 10


def states(texts):
    """The number at the end of a text turns a point on a circle."""
    angles = [0.1 * int(text.split()[-1]) for text in texts]
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles])


def test_similar_examples_are_the_nearest_of_each_label_nearest_last(monkeypatch) -> None:
    monkeypatch.setattr(few_shot, "_unit", lambda texts, of: of(texts))
    found = few_shot.similar_examples(pool(a=20, b=20), 4, 0, 0, states, ["x 5", "x 15"])
    assert [sorted(int(each.text.split()[-1]) for each in row if each.label == "a") for row in found] == [
        [4, 5],
        [14, 15],
    ] or [sorted(int(each.text.split()[-1]) for each in row if each.label == "a") for row in found] == [
        [5, 6],
        [15, 16],
    ]
    assert all(row[-1].text.split()[-1] == asked for row, asked in zip(found, ("5", "15"), strict=True))


def test_diverse_examples_are_far_apart(monkeypatch) -> None:
    monkeypatch.setattr(few_shot, "_unit", lambda texts, of: of(texts))
    for draw in range(5):
        chosen = few_shot.diverse_examples(pool(a=30, b=30), 4, 0, draw, states)
        for label in "ab":
            first, second = (int(each.text.split()[-1]) for each in chosen if each.label == label)
            assert abs(first - second) >= 15 or {first, second} & {0, 29}


# --- prompts ---


def test_both_directions_are_written_out() -> None:
    examples = [record("my card  is\nlost", "lost_card")]
    direct = few_shot.prompt_pairs(examples, "where is it", ["lost_card", "new"], "direct", 48)
    assert direct == [
        ("my card is lost\nLabel: lost card\nwhere is it\nLabel:", " lost card\n"),
        ("my card is lost\nLabel: lost card\nwhere is it\nLabel:", " new\n"),
    ]
    channel = few_shot.prompt_pairs(examples, "where is it", ["new"], "channel", 48)
    assert channel == [("Label: lost card\nmy card is lost\nLabel: new\n", "where is it\n")]


# --- scores ---


def test_scores_are_sums_means_and_differences() -> None:
    answered = few_shot.Answered(np.array([-1.0, -2.0, -3.0]), 12)
    found = {each: few_shot.score(answered, each, -4.0) for each in ("direct", "per_token", "per_byte", "pmi")}
    assert found == {"direct": -6.0, "per_token": -2.0, "per_byte": -0.5, "pmi": -2.0}
    assert few_shot.score(answered, "channel", -4.0) == -6.0


def test_contextual_calibration_divides_by_the_mean_prior() -> None:
    scores, free = np.log([[0.9, 0.1], [0.6, 0.4]]), np.log([[0.8, 0.2], [0.6, 0.4]])
    found = np.exp(few_shot.contextually_calibrated(scores, free))
    expected = np.array([[0.9 / 0.7, 0.1 / 0.3], [0.6 / 0.7, 0.4 / 0.3]])
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True))
    assert found.argmax(axis=1).tolist() == [0, 1]


NATS = st.floats(-50, 0)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (5, 3), elements=NATS), arrays(np.float64, 3, elements=NATS))
def test_batch_calibration_undoes_a_bias_towards_labels(scores, bias) -> None:
    fair, biased = few_shot.batch_calibrated(scores), few_shot.batch_calibrated(scores + bias)
    np.testing.assert_allclose(fair, biased, atol=1e-9)
    np.testing.assert_allclose(np.exp(fair).sum(axis=1), 1.0)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (4, 3), elements=NATS))
def test_calibration_by_an_even_prior_changes_nothing(scores) -> None:
    found = few_shot.contextually_calibrated(scores, np.zeros((3, 3)))
    np.testing.assert_allclose(found, few_shot.log_softmax(scores), atol=1e-9)
