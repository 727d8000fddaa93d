"""Episodes are balanced, never hold the question's own text, and are a pure function of the row's random numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.training.batch import keyed_generator
from firstwords.training.episodes import Question, balanced_counts, draw_episode, related

END = 1


def question(row: int, text: list[int], label: int, task: str = "t") -> Question:
    answer = np.array([50 + label, END], np.int32)
    return Question(np.array(text, np.int32), 0, None, row, task_name=task, answer=answer)


def rows(num_classes: int = 4, texts: int = 5, task: str = "t", first: int = 0) -> list[Question]:
    return [question(first + n, [2 + n % 40, 3 + first % 7], n % num_classes, task) for n in range(num_classes * texts)]


@given(st.integers(0, 40), st.integers(1, 12), st.integers(0, 1000))
def test_counts_are_balanced(num_examples, ways, seed) -> None:
    counts = balanced_counts(num_examples, ways, np.random.default_rng(seed))
    assert counts.sum() == num_examples
    assert counts.max() - counts.min() <= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 19), st.integers(0, 10_000), st.integers(1, 8), st.integers(2, 4))
def test_an_episode_holds_its_question_last_and_no_other_time(place, epoch, num_examples, ways) -> None:
    asked = related(rows(), 8)[place]
    episode = draw_episode(asked, keyed_generator(0, epoch, asked.row, "e"), num_examples=num_examples, ways=(2, ways))
    assert np.array_equal(episode.texts[-1], asked.input_ids)
    assert all(not np.array_equal(each, asked.input_ids) for each in episode.texts[:-1])
    assert len(episode.texts) == num_examples + 1
    name = episode.candidates[episode.classes[-1]]
    assert np.array_equal(name, asked.answer)
    counts = np.bincount(episode.classes[:-1], minlength=len(episode.candidates))
    assert counts.max() - counts.min() <= 1


def test_the_same_numbers_make_the_same_episode_and_other_epochs_other_ones() -> None:
    asked = related(rows(), 8)[3]

    def drawn(epoch):
        episode = draw_episode(
            asked, keyed_generator(0, epoch, 3, "e"), num_examples=6, ways=(2, 4), permuted_share=0.5
        )
        return [each.tolist() for each in [*episode.texts, *episode.candidates]]

    assert drawn(1) == drawn(1)
    assert len({str(drawn(epoch)) for epoch in range(6)}) > 1


def test_equal_texts_are_not_examples_of_each_other() -> None:
    twice = [question(0, [9, 9], 0), question(1, [9, 9], 0), question(2, [8, 8], 0), question(3, [7, 7], 1)]
    asked = related(twice, 2)[0]
    for epoch in range(20):
        episode = draw_episode(asked, keyed_generator(0, epoch, 0, "e"), num_examples=2, ways=(2, 2))
        assert sorted(each[0] for each in episode.texts[:-1]) == [7, 8]


@pytest.mark.parametrize("shares", [(1.0, 0.0), (0.0, 1.0)])
def test_changed_names_stay_distinct_and_are_not_told(shares) -> None:
    both = [*rows(), *rows(3, 4, "u", 20)]
    asked = related(both, 8)[0]
    changed = 0
    for epoch in range(20):
        generator = keyed_generator(0, epoch, 0, "e")
        episode = draw_episode(
            asked, generator, num_examples=6, ways=(3, 3), permuted_share=shares[0], arbitrary_share=shares[1]
        )
        assert not episode.is_told
        assert len({name.tobytes() for name in episode.candidates}) == 3
        changed += not np.array_equal(episode.candidates[episode.classes[-1]], asked.answer)
    assert changed > 5


def test_a_task_of_one_label_is_refused() -> None:
    with pytest.raises(RecipeError, match="task 't' has one label only"):
        related([question(0, [3], 0), question(1, [4], 0)], 2)


def test_a_repeated_text_shares_words_with_its_own_class_alone() -> None:
    texts = [question(n, [*range(10 * n + 10, 10 * n + 20), 3, 4], n % 2) for n in range(6)]
    asked = related(texts, 4)[2]
    assert asked.pool is not None and asked.pool.num_last == 2
    own, damaged = 0, 0
    for epoch in range(40):
        episode = draw_episode(
            asked, keyed_generator(0, epoch, 2, "e"), num_examples=4, ways=(2, 3), repeated_share=1.0
        )
        assert not episode.is_told and len({name.tobytes() for name in episode.candidates}) == len(episode.candidates)
        assert len(episode.texts) == 5 and all(text[-2:].tolist() == [3, 4] for text in episode.texts)
        tens = [[int(token) // 10 - 1 for token in text[:-2]] for text in episode.texts]
        numbers = {way: max(set(all_of), key=all_of.count) for way, all_of in _by_way(episode.classes, tens).items()}
        assert len(set(numbers.values())) == len(numbers)
        own += 2 in numbers.values()
        damaged += any(len(set(each)) > 1 for each in tens)
    assert own > 30 and 5 < damaged < 40


def _by_way(classes, tens) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for way, each in zip(classes.tolist(), tens, strict=True):
        found.setdefault(way, []).extend(each)
    return found
