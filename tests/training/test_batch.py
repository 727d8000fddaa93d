"""Random numbers depend on nothing but their key; examples lie in a batch as they are."""

import subprocess
import sys

import numpy as np

from firstwords.training.batch import Draws, Example, flat_batch, keyed_generator


def numbers(draws, index, purpose="mask"):
    return draws.generator(index, purpose).random(4).tolist()


def test_a_row_draws_the_same_wherever_it_stands():
    together = Draws(7, ((0, 4), (2, 9)))
    alone = Draws(7, ((2, 9),))
    assert numbers(together, 1) == numbers(alone, 0)


def test_everything_in_the_key_counts():
    base = numbers(Draws(7, ((2, 9),)), 0)
    others = [
        numbers(Draws(8, ((2, 9),)), 0),
        numbers(Draws(7, ((3, 9),)), 0),
        numbers(Draws(7, ((2, 8),)), 0),
        numbers(Draws(7, ((2, 9),)), 0, "drop"),
        numbers(Draws(7, ((2, 9),), evaluating=True), 0),
    ]
    assert all(other != base for other in others)
    assert len({tuple(other) for other in others}) == len(others)


def test_when_evaluating_the_epoch_does_not_count():
    first, second = (Draws(7, ((epoch, 9),), evaluating=True) for epoch in (0, 5))
    assert numbers(first, 0) == numbers(second, 0)


def test_streams_are_fixed_for_ever():
    """These numbers decide which tokens were masked in every model trained so far."""
    assert keyed_generator(1, 2, 3, "mask").integers(1000, size=4).tolist() == [692, 639, 374, 275]


def test_examples_lie_one_after_another():
    batch = flat_batch(
        [
            Example(np.array([5, 6, 7], np.int32), bounds=np.array([0, 1, 3])),
            Example(np.array([8, 9], np.int32)),
        ]
    )
    assert batch.input_ids.tolist() == [5, 6, 7, 8, 9]
    assert batch.bounds.tolist() == [0, 1, 3, 5]
    assert batch.max_length == 2
    assert batch.labels is None


def test_importing_it_does_not_load_torch():
    code = """
import sys
import firstwords.training.batch as batch
assert "torch" not in sys.modules
batch.Batch
assert "torch" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
