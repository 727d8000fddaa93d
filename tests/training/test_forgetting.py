"""General text is watched from before the first step, and what forgets too much ends with the weights before."""

import runpy
from pathlib import Path

import pytest
import torch

from firstwords.errors import Interrupted, RecipeError
from firstwords.training.forgetting import ForgettingLimit, Watched

RUN = runpy.run_path(str(Path(__file__).parent / "tiny_run.py"))


def test_the_rise_is_against_the_first_figure():
    limit = ForgettingLimit(0.05)
    assert limit.rise(2.0) == 0 and not limit.is_over
    assert limit.rise(2.08) == pytest.approx(0.04) and not limit.is_over
    again = ForgettingLimit(0.05)
    again.load_state(limit.state())
    assert again.rise(2.2) == pytest.approx(0.1) and again.is_over


def test_without_a_limit_it_is_only_told():
    limit = ForgettingLimit(None)
    limit.rise(1.0)
    assert limit.rise(9.0) == pytest.approx(8.0) and not limit.is_over


def watched(**more):
    """Text that the model does not learn: words that count upwards from other places."""
    return {"old": Watched(RUN["make_rows"](6, seed=77), 3.0, is_guarded=True, **more)}


def mixed_rows():
    """Eight rows in ten count upwards in other steps than the watched text does."""
    import numpy as np

    from firstwords.training.batch import Example
    from firstwords.training.mixed_rows import MixedRows

    new = [Example(row.input_ids, np.roll(row.labels, 5), row.bounds, row.row) for row in RUN["make_rows"](20, seed=5)]
    return MixedRows({"new": new, "old": RUN["make_rows"](10, seed=6)}, {"new": 0.8, "old": 0.2})


def test_it_is_measured_from_before_the_first_step(tmp_path):
    _, history = RUN["run_tiny"](tmp_path, watched=watched(), num_evaluations=3)
    seen = [record for record in history.records if "old_bits_per_byte" in record]
    assert [record["step"] for record in seen] == [0, 17, 33, 50]
    assert seen[0]["forgetting"] == 0 and "loss" not in seen[0] and "bits_per_byte" in seen[0]
    for record in seen:
        assert record["forgetting"] == pytest.approx(record["old_bits_per_byte"] / seen[0]["old_bits_per_byte"] - 1)
    assert history.curve()["loss"].to_pylist()[0] is None


def test_a_limit_needs_something_to_be_seen_on(tmp_path):
    with pytest.raises(RecipeError, match="stop_forgetting needs general text"):
        RUN["run_tiny"](tmp_path, stop_forgetting=0.1)


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def forgetful(folder, **more):
    """Learns one text until the other is forgotten: its words are predicted five places off."""
    rows = mixed_rows().parts[0]
    settings = {"num_evaluations": 10, "stop_forgetting": 0.02, "matrix_rate": 0.1, "embedding_rate": 0.3}
    return RUN["run_tiny"](folder, rows=rows, watched=watched(), **settings, **more)


def test_too_much_forgetting_ends_the_run_with_the_last_weights_within(tmp_path):
    model, history = forgetful(tmp_path / "one")
    seen = [record for record in history.records if "forgetting" in record]
    assert seen[-1]["forgetting"] > 0.02 >= seen[-2]["forgetting"]
    assert history.records[-1]["step"] < 50
    kept = seen[-2]["step"]
    if kept == 0:
        torch.manual_seed(0)
        assert torch.equal(weights(model), weights(RUN["make_model"](RUN["make_objective"]("causal_lm"))))
    free, _ = RUN["run_tiny"](
        tmp_path / "free", rows=mixed_rows().parts[0], matrix_rate=0.1, embedding_rate=0.3, num_evaluations=10
    )
    assert not torch.equal(weights(free), weights(model))


@pytest.mark.parametrize("death", [3, 27])
def test_a_run_that_died_watches_on_as_if_it_had_not(tmp_path, death):
    die = RUN["DieAfter"](step=death, how="raise")
    options = {"watched": watched(), "rows": mixed_rows(), "num_evaluations": 5, "checkpoint_steps": 2}
    model, history = RUN["run_tiny"](tmp_path / "whole", **options)
    with pytest.raises(RuntimeError, match="as if the process had died"):
        RUN["run_tiny"](tmp_path / "parts", trackers=(die,), **options)
    again, continued = RUN["run_tiny"](tmp_path / "parts", **options)
    assert continued == history
    assert torch.equal(weights(again), weights(model))


def test_a_stopped_run_stays_stopped(tmp_path):
    model, history = forgetful(tmp_path, checkpoint_steps=1)
    again, repeated = forgetful(tmp_path, checkpoint_steps=1)
    assert repeated == history
    assert torch.equal(weights(again), weights(model))


def test_a_polite_stop_between_two_looks(tmp_path):
    die = RUN["DieAfter"](step=2, how="stop")
    model, history = forgetful(tmp_path / "whole")
    if history.records[-1]["step"] <= 2:
        pytest.skip("it ended before")
    with pytest.raises(Interrupted):
        forgetful(tmp_path / "parts", trackers=(die,))
    again, continued = forgetful(tmp_path / "parts")
    assert continued == history and torch.equal(weights(again), weights(model))
