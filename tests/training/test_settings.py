"""Settings that contradict each other are refused with the next thing to do."""

import pytest

from firstwords.errors import RecipeError
from firstwords.recipe import build, configuration
from firstwords.training.settings import TrainSettings


def test_units_are_read():
    settings = build(TrainSettings, {"tokens": "5M", "batch_tokens": 4096, "checkpoint_seconds": "2min"})
    assert settings.tokens == 5_000_000
    assert settings.checkpoint_seconds == 120


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_tokens": 512},
        {"tokens": 1, "epochs": 1, "batch_tokens": 512},
        {"tokens": 1},
        {"tokens": 1, "batch_tokens": 512, "batch_examples": 8},
        {"tokens": 1, "batch_tokens": 512, "warmup_share": 0.5, "decay_share": 0.6},
    ],
)
def test_contradictions_are_refused(wrong):
    with pytest.raises(RecipeError):
        build(TrainSettings, wrong)


def test_a_batch_that_does_not_divide_into_rows_names_the_nearest_that_do():
    with pytest.raises(RecipeError, match=r"10,000 is not a multiple of 512.*9,728 or 10,240"):
        TrainSettings(tokens=1, batch_tokens=10_000).rows_per_step(512)
    assert TrainSettings(tokens=1, batch_tokens=10_240).rows_per_step(512) == 20


def test_length_in_tokens_or_epochs():
    assert TrainSettings(tokens=1_000_000, batch_tokens=512).num_positions(17, 256) == 3906
    assert TrainSettings(epochs=2.5, batch_examples=4).num_positions(17, 99) == 42


def test_when_checkpoints_are_made_does_not_count_for_identity():
    one, other = (TrainSettings(tokens=1, batch_tokens=1, checkpoint_steps=n) for n in (None, 5))
    assert configuration(one) == configuration(other)
