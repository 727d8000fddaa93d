import pytest

from firstwords.model.config import ModelConfig
from firstwords.training.fine_tuning import MAX_EPOCHS, MIN_EPOCHS, FineTuneSettings, derive

CONFIG = ModelConfig.from_depth(2, layout="eurobert", vocab_size=64, mask_id=2)


def settings(num_examples: int, **chosen):
    return derive(
        num_examples=num_examples, num_tokens=40 * num_examples, config=CONFIG, chosen=FineTuneSettings(**chosen)
    )


@pytest.mark.parametrize(("num_examples", "epochs"), [(1, MAX_EPOCHS), (1_900, 6), (2_800, 4), (100_000, MIN_EPOCHS)])
def test_few_examples_are_read_more_often(num_examples: int, epochs: int) -> None:
    assert settings(num_examples)[0].epochs == epochs


def test_what_the_recipe_says_goes_first_and_is_told_so() -> None:
    found, reasons = settings(1_900, epochs=2, rate=1e-4, training={"weight_decay": 0.5})
    assert (found.epochs, found.matrix_rate, found.weight_decay) == (2, 1e-4, 0.5)
    told = {reason.name: reason.reason for reason in reasons}
    assert told["epochs"] == told["rate"] == "the recipe says so"
    assert told["batch_examples"] != "the recipe says so"


def test_other_kinds_of_training_take_a_share_of_the_rate() -> None:
    given = {"num_examples": 1_900, "num_tokens": 1, "config": CONFIG, "rate_share": 0.05, "learns": "'preference'"}
    found, reasons = derive(chosen=FineTuneSettings(), **given)
    assert (found.matrix_rate, found.head_rate) == pytest.approx((7.8e-5, 1.56e-4))
    assert {r.name: r.reason for r in reasons}["rate"] == "0.05 times the usual, for 'preference'"
    assert derive(chosen=FineTuneSettings(rate=1e-3), **given)[0].matrix_rate == 1e-3


def test_wider_models_are_tuned_at_lower_rates() -> None:
    narrow = settings(1_900)[0]
    assert narrow.matrix_rate == narrow.embedding_rate == narrow.vector_rate == 1.56e-3  # 0.2 / 128, three digits
    assert narrow.head_rate == 2 * narrow.matrix_rate
    config = ModelConfig.from_depth(12, layout="eurobert", vocab_size=64, mask_id=2)
    wide = derive(num_examples=1_900, num_tokens=1, config=config, chosen=FineTuneSettings())[0]
    assert (config.width, wide.matrix_rate) == (768, 2.6e-4)
