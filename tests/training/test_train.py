"""The loop: it learns, its mean is exact, and it can be killed at any moment without leaving a trace."""

import json
import math
import os
import random
import runpy
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from firstwords.errors import Interrupted, NumericFailure, OutOfResources, RecipeError
from firstwords.training import lanes
from firstwords.training.lane_process import can_fork

SCRIPT = Path(__file__).parent / "tiny_run.py"
TINY = runpy.run_path(str(SCRIPT))
run_tiny, digest, make_rows, DieAfter = TINY["run_tiny"], TINY["digest"], TINY["make_rows"], TINY["DieAfter"]
Seen = TINY["Seen"]
KINDS = ["causal_lm", "masked_lm", "hybrid_lm"]


@pytest.fixture(scope="module", params=KINDS)
def uninterrupted(request, tmp_path_factory):
    """Kind, digest of the weights, history."""
    model, history = run_tiny(tmp_path_factory.mktemp(request.param), request.param)
    return request.param, digest(model), history


def test_it_learns(uninterrupted):
    _, _, history = uninterrupted
    assert history.records[0]["loss"] == pytest.approx(math.log(64), abs=0.1)  # 64 words, all alike before training
    assert history.records[-1]["loss"] < 0.75 * history.records[0]["loss"]
    assert history.latest("validation_loss") < 0.75 * math.log(64)


def test_bits_per_byte_are_nats_by_bytes(uninterrupted):
    _, _, history = uninterrupted
    expected = history.latest("validation_loss") / math.log(2) / 3.0
    assert history.latest("bits_per_byte") == pytest.approx(expected, rel=1e-12)


def test_records_and_samples_come_at_fixed_steps(uninterrupted):
    _, _, history = uninterrupted
    assert [record["step"] for record in history.records] == list(range(1, 51))
    assert [record["tokens"] for record in history.records] == list(range(256, 50 * 256 + 1, 256))
    assert [r["step"] for r in history.records if "validation_loss" in r] == [6, 12, 19, 25, 31, 38, 44, 50]
    assert [(sample["step"], sample["text"]) for sample in history.samples][-1] == (50, "after 50")
    curve = history.curve()
    assert curve.num_rows == 50
    assert curve["bits_per_byte"].null_count == 42


def test_stopped_at_random_steps_it_makes_the_same_bytes(uninterrupted, tmp_path):
    kind, expected_digest, expected = uninterrupted
    for step in sorted(random.Random(kind).sample(range(1, 50), 5)):
        with pytest.raises(RuntimeError):
            run_tiny(tmp_path, kind, trackers=(DieAfter(step=step, how="raise"),), checkpoint_steps=4)
    model, history = run_tiny(tmp_path, kind, checkpoint_steps=4)
    assert history == expected  # every number of every step, exactly
    assert digest(model) == expected_digest


@pytest.mark.parametrize(
    "kind", ["hybrid_words", *(pytest.param(each, marks=pytest.mark.slow) for each in ("infilling", "spans"))]
)
def test_options_make_the_same_bytes_too(kind, tmp_path):
    settings = {"tokens": 20 * 8 * TINY["ROW_TOKENS"], "checkpoint_steps": 3}
    model, expected = run_tiny(tmp_path / "whole", kind, **settings)
    for step in sorted(random.Random(kind).sample(range(1, 20), 5)):
        with pytest.raises(RuntimeError):
            run_tiny(tmp_path / "cut", kind, trackers=(DieAfter(step=step, how="raise"),), **settings)
    again, history = run_tiny(tmp_path / "cut", kind, **settings)
    assert history == expected
    assert digest(again) == digest(model)


def test_half_precision_makes_the_same_bytes_too(tmp_path):
    settings = {"tokens": 20 * 8 * TINY["ROW_TOKENS"], "checkpoint_steps": 3, "precision": "bfloat16"}
    model, expected = run_tiny(tmp_path / "whole", "causal_lm", dtype=torch.float32, **settings)
    for step in (4, 11):
        with pytest.raises(RuntimeError):
            trackers = (DieAfter(step=step, how="raise"),)
            run_tiny(tmp_path / "cut", "causal_lm", dtype=torch.float32, trackers=trackers, **settings)
    again, history = run_tiny(tmp_path / "cut", "causal_lm", dtype=torch.float32, **settings)
    assert history == expected
    assert digest(again) == digest(model)
    single = settings | {"precision": "float32"}
    assert run_tiny(tmp_path / "single", "causal_lm", dtype=torch.float32, **single)[1] != expected


def test_killed_it_makes_the_same_bytes(uninterrupted, tmp_path):
    kind, expected_digest, expected = uninterrupted
    death = "--kill-after-step" if kind == "causal_lm" else "--kill-while-saving"
    command = [sys.executable, str(SCRIPT), str(tmp_path), kind, death, "28"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    steps = sorted(p.name for p in (tmp_path / "scratch/checkpoints").glob("step-*"))
    assert steps == [
        "step-000000014",
        "step-000000021",
    ]  # 28 was not reached, or is half written and so not there
    seen = Seen(steps=[])
    model, history = run_tiny(tmp_path, kind, trackers=(seen,))
    assert seen.steps == list(range(22, 51))
    assert history == expected
    assert digest(model) == expected_digest


def test_a_polite_signal_saves_and_ends_with_its_own_error(tmp_path):
    before = signal.getsignal(signal.SIGTERM)  # a library of another test may have set one
    with pytest.raises(Interrupted, match="step 9 of 50"):
        run_tiny(tmp_path, trackers=(DieAfter(step=8, how="stop"),))
    assert (tmp_path / "scratch/checkpoints/step-000000009").is_dir()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture
def one_thread_afterwards():
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize("kind", [*KINDS, "freelb"])
def test_lanes_make_the_same_bytes_in_processes_and_in_threads(kind, tmp_path, monkeypatch, one_thread_afterwards):
    settings = {"threads": 2, "tokens": 12 * 8 * TINY["ROW_TOKENS"]}
    model, expected = run_tiny(tmp_path / "processes", kind, **settings)
    monkeypatch.setattr(lanes, "can_fork", lambda: False)
    other, history = run_tiny(tmp_path / "threads", kind, **settings)
    assert history == expected
    assert digest(other) == digest(model)
    one, alone = run_tiny(tmp_path / "one", kind, **(settings | {"threads": 1}))
    assert alone.latest("validation_loss") == pytest.approx(expected.latest("validation_loss"), rel=1e-3)
    assert digest(one) != digest(model)  # sums are rounded in another order: it was no single lane


@pytest.mark.skipif(not can_fork(), reason="no process can be forked here")
def test_killed_with_lanes_it_makes_the_same_bytes(tmp_path, one_thread_afterwards):
    settings = {"threads": 2, "checkpoint_steps": 7}
    model, expected = run_tiny(tmp_path / "whole", **settings)
    command = [
        sys.executable,
        str(SCRIPT),
        str(tmp_path / "cut"),
        "causal_lm",
        "--kill-after-step",
        "17",
        "--threads",
        "2",
    ]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    again, history = run_tiny(tmp_path / "cut", **settings)
    assert history == expected
    assert digest(again) == digest(model)


@pytest.mark.skipif(not can_fork(), reason="no process can be forked here")
def test_a_killed_lane_ends_the_run_and_the_same_command_continues(tmp_path, monkeypatch, one_thread_afterwards):
    settings = {"threads": 2, "checkpoint_steps": 7}
    model, expected = run_tiny(tmp_path / "whole", **settings)
    pids = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: pids.append(fork()) or pids[-1])

    class Kill(DieAfter):
        def follow(self, work, num_steps):
            return lambda record: record["step"] == self.step and os.kill(pids[-1], signal.SIGKILL)

    with pytest.raises(OutOfResources, match="The same command continues"):
        run_tiny(tmp_path / "cut", trackers=(Kill(step=17, how="kill"),), **settings)
    again, history = run_tiny(tmp_path / "cut", **settings)
    assert history == expected
    assert digest(again) == digest(model)


POLICIES = {
    "first_batch_share": 0.25,
    "first_context": 8,
    "order": "simple_first",
    "average_decay": 0.9,
    "spikes": "roll_back",
}


def spoil(monkeypatch, rows):
    """Make the loss of some (epoch, row) a hundred times what it is."""
    objective_class = type(TINY["make_objective"]("causal_lm"))
    loss = objective_class.loss

    def spoiled(self, model, batch, draws):
        total, count = loss(self, model, batch, draws)
        return total * (100 if not draws.evaluating and rows & set(draws.keys) else 1), count

    monkeypatch.setattr(objective_class, "loss", spoiled)


def test_policies_leave_no_trace_of_a_stop(tmp_path, monkeypatch):
    spoil(monkeypatch, {(4, 7), (6, 3)})
    model, expected = run_tiny(tmp_path / "straight", **POLICIES)
    skipped = [record["step"] for record in expected.records if "skipped" in record]
    assert len(skipped) == 2
    # In order: a run that went on from a later checkpoint would not come by an earlier step.
    for step in sorted({*random.Random(5).sample(range(4, len(expected.records)), 4), skipped[0] - 1}):
        with pytest.raises(RuntimeError):
            run_tiny(tmp_path / "stopped", trackers=(DieAfter(step=step, how="raise"),), checkpoint_steps=3, **POLICIES)
    again, history = run_tiny(tmp_path / "stopped", checkpoint_steps=3, **POLICIES)
    assert history == expected
    assert digest(again) == digest(model)


@pytest.mark.parametrize("policy", ["skip", "roll_back"])
def test_a_spoiled_batch_changes_the_weights_only_where_it_is_kept(tmp_path, monkeypatch, policy):
    spoil(monkeypatch, {(4, 7)})
    console = TINY["Silent"]()
    _, kept = run_tiny(tmp_path / "keep")
    _, history = run_tiny(tmp_path / policy, console=console, spikes=policy)
    skipped = [record["step"] for record in history.records if "skipped" in record]
    assert len(skipped) == 1
    assert [r["loss"] for r in history.records[: skipped[0]]] == [r["loss"] for r in kept.records[: skipped[0]]]
    assert history.records[skipped[0] - 1]["gradient_norm"] == 0.0
    assert ("updates before it" in "".join(console.notes)) == (policy == "roll_back")
    assert history.latest("validation_loss") < 0.75 * math.log(64)


def test_spikes_without_end_are_an_error_of_their_own(tmp_path, monkeypatch):
    spoil(monkeypatch, {(epoch, row) for epoch in range(4, 20) for row in range(40)})
    objective_class = type(TINY["make_objective"]("causal_lm"))
    loss = objective_class.loss
    monkeypatch.setattr(
        objective_class,
        "loss",
        lambda self, model, batch, draws: (
            loss(self, model, batch, draws)[0] * (math.inf if draws.keys[0][0] > 4 and not draws.evaluating else 1),
            loss(self, model, batch, draws)[1],
        ),
    )
    with pytest.raises(NumericFailure, match="batches in a row"):
        run_tiny(tmp_path, spikes="skip")


def test_patience_ends_the_run_and_gives_back_the_best_weights(tmp_path, monkeypatch):
    measured = iter([3.0, 2.0, 2.5, 2.4, 1.0])
    monkeypatch.setattr("firstwords.training.train.measure", lambda **_: {"validation_loss": next(measured)})
    model, history = run_tiny(tmp_path, patience=2)
    assert len(history.records) == 25  # evaluated after 6, 12 (the best), 19 and 25 steps
    assert history.samples[-1]["step"] == 25
    again, same = run_tiny(tmp_path, patience=2)
    assert same == history
    assert digest(again) == digest(model)
    with pytest.raises(RuntimeError):
        run_tiny(tmp_path / "best", trackers=(DieAfter(step=13, how="raise"),), num_evaluations=0, checkpoint_steps=12)
    best = load_file(tmp_path / "best/scratch/checkpoints/step-000000012/model.safetensors")
    assert all(torch.equal(best[name], p) for name, p in model.named_parameters())


def test_accumulation_gives_the_exact_mean(tmp_path):
    """Masked rows have unequal numbers of predicted tokens, so a mean of means would differ."""
    rows = [replace(r, input_ids=r.input_ids[: 12 + 5 * (r.row % 5)], bounds=None) for r in make_rows()]
    runs = [
        run_tiny(
            tmp_path / str(micro),
            "masked_lm",
            dtype=torch.float64,
            rows=rows,
            micro_tokens=micro,
            batch_tokens=None,
            batch_examples=8,
            tokens=None,
            epochs=2,
        )[1]
        for micro in (10_000, 40, 1)
    ]
    losses = np.array([[record["loss"] for record in history.records] for history in runs])
    assert len(losses[0]) == 10
    assert np.abs(losses - losses[0]).max() < 1e-12  # roundings of float64 only
    assert runs[1].records[-1]["tokens"] == 2 * sum(map(len, rows))


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_never_reaches_the_weights(tmp_path, what, monkeypatch):
    objective_class = type(TINY["make_objective"]("causal_lm"))
    loss = objective_class.loss
    models = []

    def poisoned(self, model, batch, draws):
        total, count = loss(self, model, batch, draws)
        if model.training:
            models.append(model)
        if model.training and len(models) == 9:  # two micro-batches a step: the first of step 5
            models.append({name: p.detach().clone() for name, p in model.named_parameters()})
            if what == "loss":
                return total * math.inf, count
            total.register_hook(lambda gradient: gradient * math.nan)
        return total, count

    monkeypatch.setattr(objective_class, "loss", poisoned)
    with pytest.raises(NumericFailure, match=f"the {what} of step 5 is not finite"):
        run_tiny(tmp_path)
    before = models[9]
    assert all(torch.equal(before[name], p) for name, p in models[0].named_parameters())
    saved = json.loads((tmp_path / "scratch/not-finite-rank-0.json").read_text())
    assert saved["step"] == 4
    assert len(saved["rows"]) == (4 if what == "loss" else 8)  # the micro-batch, or the whole step
    rows = {r.row: r.input_ids.tolist() for r in make_rows()}
    assert all(rows[entry["row"]] == entry["input_ids"] for entry in saved["rows"])


def test_another_data_set_does_not_continue_from_an_old_checkpoint(tmp_path):
    console = TINY["Silent"]()
    run_tiny(tmp_path)
    _, history = run_tiny(tmp_path, console=console, rows=make_rows(41))
    assert len(history.records) == 50
    assert any("belongs to another" in note for note in console.notes)


def test_nothing_to_train_on_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="nothing to train on"):
        TINY["train"](
            model=None,
            objective=None,
            rows=[],
            settings=TINY["TrainSettings"](epochs=1, batch_examples=1),
            work=TINY["make_work"](tmp_path),
        )
