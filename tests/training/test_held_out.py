"""The loss on held-out rows is the mean over all of them, however they are cut and shared."""

import math
import runpy
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from firstwords.compute.engines.single import Single
from firstwords.training import lanes as lanes_module
from firstwords.training.held_out import losses, measure
from firstwords.training.lanes import Lanes
from firstwords.training.loader import validation_batches
from firstwords.training.objectives.causal_lm import CausalLM

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_run.py"))
ROWS = TINY["make_rows"](7)


@dataclass(frozen=True, kw_only=True)
class Counting(CausalLM):
    """Predicts the length of an example."""

    def decode(self, model, batch):
        assert not model.training
        return batch.lengths.tolist()

    def metrics(self, gold, predicted):
        return {"number": float(len(predicted)), "gold": float(len(gold))}


def measured(objective, micro_tokens=64, bytes_per_token=None):
    model = TINY["make_model"](objective, torch.float64)
    batches = validation_batches(ROWS, 0, micro_tokens)
    found = measure(
        model=model,
        objective=objective,
        batches=batches,
        engine=Single(device="cpu"),
        bytes_per_token=bytes_per_token,
    )
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    return found


def test_the_cut_does_not_matter():
    losses = [measured(CausalLM(), micro)["validation_loss"] for micro in (32, 64, 10_000)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-12)


def test_there_is_no_regularisation_in_it():
    assert measured(CausalLM(z_loss=1.0)) == measured(CausalLM(z_loss=0.0))


def test_bits_per_byte():
    found = measured(CausalLM(), bytes_per_token=4.0)
    assert found["bits_per_byte"] == pytest.approx(found["validation_loss"] / math.log(2) / 4)
    assert "bits_per_byte" not in measured(CausalLM())


def test_scores_come_from_decoded_predictions():
    found = measured(Counting())
    assert found["gold"] == 7
    assert found["number"] == 14  # two documents a row


def test_lanes_find_the_same_loss_and_build_no_graph(monkeypatch):
    objective = CausalLM()
    model = TINY["make_model"](objective, torch.float64)
    graphs = []

    class Watching(CausalLM):
        def loss(self, model, batch, draws):
            loss, count = super().loss(model, batch, draws)
            graphs.append((loss.requires_grad, model.training))
            return loss, count

    monkeypatch.setattr(lanes_module, "can_fork", lambda: False)  # what a process sees, it keeps
    watching, engine = Watching(), Single(device="cpu")
    lanes = Lanes(model, 2, losses(watching, engine))
    try:
        found = measure(
            model=model,
            objective=watching,
            batches=validation_batches(ROWS, 0, 64),
            engine=engine,
            bytes_per_token=None,
            lanes=lanes,
        )
    finally:
        lanes.close()
    assert found["validation_loss"] == pytest.approx(measured(objective)["validation_loss"], rel=1e-12)
    assert len(graphs) > len(validation_batches(ROWS, 0, 64))
    assert set(graphs) == {(False, False)}
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
