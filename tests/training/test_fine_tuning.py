from dataclasses import replace

import pytest

from firstwords.model.config import ModelConfig
from firstwords.training.fine_tuning import MAX_EPOCHS, MIN_EPOCHS, FineTuneSettings, Pace, derive

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


PREFERENCE = Pace(rate_share=0.05, full_updates=500, batch_examples=8, learns="'preference'")


def paced(pace: Pace, num_examples: int = 1_000, config: ModelConfig = CONFIG, **chosen):
    found, reasons = derive(
        num_examples=num_examples, num_tokens=1, config=config, chosen=FineTuneSettings(**chosen), pace=pace
    )
    return found, {reason.name: reason.reason for reason in reasons}


def test_other_kinds_of_training_take_a_share_of_the_rate() -> None:
    found, told = paced(PREFERENCE)  # 3 passes, 375 updates are fewer than 500
    assert found.batch_examples == 8
    found, told = paced(PREFERENCE, 2_000)  # 3 passes, 750 updates
    assert (found.matrix_rate, found.head_rate) == pytest.approx((7.8e-5, 1.56e-4))
    assert told["rate"] == "0.05 times the usual, for 'preference'"
    assert paced(PREFERENCE, rate=1e-3)[0].matrix_rate == 1e-3


def test_a_short_run_goes_as_far_by_a_higher_rate_and_leaves_the_layers_alone() -> None:
    found, told = paced(PREFERENCE)
    assert (found.matrix_rate, found.vector_rate) == (0, 0)
    assert found.embedding_rate == found.head_rate == pytest.approx(7.8e-5 * 500 / 375)
    assert told["rate"].endswith("1.3 times that in 375 updates, where 500 are usual")
    assert "layers" in told["matrix_rate"] and "layers" in told["vector_rate"]
    shortest = paced(PREFERENCE, 10)[0]
    assert shortest.embedding_rate == pytest.approx(4 * 7.8e-5)  # and no further


def test_layers_are_trained_where_they_are_all_there_is_or_the_recipe_says_how_fast() -> None:
    assert paced(replace(PREFERENCE, has_adapter=True))[0].matrix_rate > 0
    assert paced(PREFERENCE, rate=1e-4)[0].matrix_rate == 1e-4
    found, told = paced(PREFERENCE, training={"matrix_rate": 1e-5})
    assert found.matrix_rate == 1e-5 and "matrix_rate" not in told
    assert paced(PREFERENCE, config=replace(CONFIG, layout="bert"))[0].matrix_rate > 0
    assert paced(Pace())[0].matrix_rate > 0


def test_wider_models_are_tuned_at_lower_rates() -> None:
    narrow = settings(1_900)[0]
    assert narrow.matrix_rate == narrow.embedding_rate == narrow.vector_rate == 1.56e-3  # 0.2 / 128, three digits
    assert narrow.head_rate == 2 * narrow.matrix_rate
    config = ModelConfig.from_depth(12, layout="eurobert", vocab_size=64, mask_id=2)
    wide = derive(num_examples=1_900, num_tokens=1, config=config, chosen=FineTuneSettings())[0]
    assert (config.width, wide.matrix_rate) == (768, 2.6e-4)


def test_a_kind_of_training_may_want_more_passes_over_a_base_of_ours() -> None:
    more = Pace(updates=1_000, most_passes=12)
    assert paced(more, 2_700)[0].epochs == 12  # 1,012 updates of 32
    assert paced(more, 100)[0].epochs == 12
    assert paced(more, 50_000)[0].epochs == 3
    assert paced(more, 5_000)[1]["epochs"] == "1000 updates, 3 to 12 passes"
    adopted = replace(CONFIG, layout="bert")  # it knows its language
    assert paced(more, 5_000, config=adopted)[0].epochs == paced(Pace(), 5_000, config=adopted)[0].epochs
