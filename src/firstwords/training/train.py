"""The one training loop, for every objective, on every engine.

A step: the loader gives the micro-batches, the objective the summed loss of each, the engine adds up gradients and
counts over micro-batches and ranks, divides once and updates. Everything random is keyed by (seed, epoch, row) or by
(seed, step, micro-batch), and the state that matters is in the checkpoint; so a run that was killed and continues makes
the same weights, bit for bit, as one that was not (with the same instruction set and number of threads).
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from firstwords.compute.engine import Engine, Replicated, write
from firstwords.compute.engines.single import Single
from firstwords.errors import Interrupted, NumericFailure, RecipeError
from firstwords.model.fusion import is_worth_compiling, set_fusion, usual_tokens
from firstwords.model.precision import set_precision
from firstwords.model.transformer import Model
from firstwords.recipe import configuration
from firstwords.stage import Work
from firstwords.training.ahead import Ahead
from firstwords.training.background import Background
from firstwords.training.batch import Draws, Example, keyed_generator
from firstwords.training.checkpoint import CheckpointStore, Journal
from firstwords.training.cuda_graphs import CudaGraphs, Pass, is_light
from firstwords.training.early_stop import EarlyStop
from firstwords.training.forgetting import ForgettingLimit, Watched
from firstwords.training.held_out import losses, measure
from firstwords.training.history import History
from firstwords.training.interruption import StopRequest
from firstwords.training.kept_weights import KeptWeights
from firstwords.training.lanes import Lanes, num_lanes
from firstwords.training.loader import MicroBatch, validation_batches
from firstwords.training.not_finite import write_rows
from firstwords.training.objective import Objective
from firstwords.training.optimizer import Optimizer, updated_whole
from firstwords.training.reading import make_loader
from firstwords.training.schedule import moments, rate_factor
from firstwords.training.settings import TrainSettings
from firstwords.training.spikes import SpikeJudge
from firstwords.training.touched_rows import mark_tables
from firstwords.training.tracker import Tracker
from firstwords.training.trackers.console import Console
from firstwords.training.trackers.events import Events

TRAIN = "train"  # what lanes are asked for

Sample = Callable[[nn.Module, int], list[dict[str, Any]]]
"""Makes samples of a model after a number of steps; a pure function of both."""

Keep = Callable[[nn.Module, int], None]
"""Stores a model after a number of steps for good."""


def train(
    *,
    model: nn.Module,
    objective: Objective,
    rows: Sequence[Example],
    settings: TrainSettings,
    work: Work,
    validation: Sequence[Example] | None = None,
    bytes_per_token: float | None = None,
    watched: Mapping[str, Watched] | None = None,
    sample: Sample | None = None,
    keep: Keep | None = None,
    engine: Engine | None = None,
    trackers: Sequence[Tracker] = (Console(), Events()),
) -> History:
    """Train a model in place, continuing from the newest good checkpoint if there is one.

    Args:
        model: With a `config`; changed in place.
        objective: Loss and batches.
        rows: Training data, read by index.
        settings: Length, batch, rates.
        work: Its scratch holds the checkpoints.
        validation: Held-out rows; their loss is measured at `settings.num_evaluations` moments, the end included.
        bytes_per_token: Of the held-out text, UTF-8; with it the validation loss is also told in bits per byte.
        watched: Held-out rows of other corpora by name, measured with `validation` and before the first step.
        sample: Called at `settings.num_samples` moments, the end included.
        keep: Called every `settings.keep_every_steps` steps, on the first rank.
        engine: Where to run; one process by default.
        trackers: Told after every step, on the first rank.

    Raises:
        RecipeError: If there are no rows, or the batch does not divide into rows.
        NumericFailure: At a loss or gradient that is not finite, before it reaches the weights.
        Interrupted: After SIGTERM or SIGINT, when a checkpoint is saved.
    """
    if not len(rows):
        raise RecipeError(f"{work.name}: there is nothing to train on")
    run = Run(model=model, objective=objective, rows=rows, settings=settings, work=work, engine=engine or Single())
    if validation is not None and len(validation):
        run.validation = validation_batches(validation, settings.seed, settings.micro_tokens)
    run.bytes_per_token = bytes_per_token
    run.watch(watched or {})
    run.sample = sample
    run.keep = keep
    if run.engine.rank == 0:
        run.followers = [tracker.follow(work, run.loader.num_steps) for tracker in trackers]
    return run.to_the_end()


class Run:
    """The state of a run in this process."""

    def __init__(
        self,
        *,
        model: nn.Module,
        objective: Objective,
        rows: Sequence[Example],
        settings: TrainSettings,
        work: Work,
        engine: Engine,
    ) -> None:
        self.objective = objective
        self.settings = settings
        self.work = work
        self.engine = engine
        self.config: Any = model.config
        self.model = engine.prepare(model)
        set_precision(self.model, settings.precision)
        if isinstance(self.model, Model):
            self.model.backbone.repeatable = engine.repeatable
        usual = usual_tokens(self.config, settings.batch_tokens, settings.micro_tokens, engine.num_ranks)
        compiles = engine.fuses and is_worth_compiling(self.config, settings.tokens)
        set_fusion(self.model, usual if compiles else 0)
        is_same_every_time = objective.is_uniform and not settings.touched_rows
        captures = engine.captures and is_same_every_time and is_light(self.config, usual)
        self.make: Pass = CudaGraphs(self._pass, usual) if captures else self._pass
        if settings.touched_rows:
            mark_tables(self.model, sparse=isinstance(engine, Replicated))
        functions = {TRAIN: self._part} | losses(objective, engine)
        self.lanes = Lanes(self.model, num_lanes(self.model, compiled=bool(engine.compile)), functions)
        shares = engine.shares(self.model, updated_whole(self.model, settings))
        self.optimizer = KeptWeights(
            Optimizer(self.model, settings, shares), shares, settings.average_decay, lambda: engine.publish(self.model)
        )
        self.loader = make_loader(rows, settings, engine)
        self.ahead = Ahead(self.loader, None if engine.device_name() == "cpu" else self._placed)
        self.spikes = SpikeJudge(settings.spikes, settings.spike_deviations)
        self.early_stop = EarlyStop(settings.patience)
        self.forgetting = ForgettingLimit(settings.stop_forgetting)
        self.validation: list[MicroBatch] = []
        self.bytes_per_token: float | None = None
        self.watched: dict[str, tuple[Watched, list[MicroBatch]]] = {}
        self.sample: Sample | None = None
        self.keep: Keep | None = None
        self.followers: list[Callable[[dict[str, Any]], None]] = []
        self.step = 0
        self.tokens = 0
        shapes = {name: list(p.shape) for name, p in self.model.named_parameters()}
        fingerprint = {
            "settings": configuration(settings),
            "objective": configuration(objective),
            "num_rows": len(rows),
            "shapes": shapes,
        }
        self.store = CheckpointStore(
            work.scratch("checkpoints"), fingerprint, work.note, num_kept=settings.checkpoints_kept
        )
        self.journal = Journal(None)
        self.background = Background()
        self.saved_at = time.monotonic()

    def watch(self, watched: Mapping[str, Watched]) -> None:
        """Take note of what else is measured.

        Raises:
            RecipeError: If a limit is set to what may be forgotten, and there is no text to see it on.
        """
        if self.settings.stop_forgetting is not None and not any(each.is_guarded for each in watched.values()):
            raise RecipeError(f"{self.work.name}: stop_forgetting needs general text to measure on: say remember = ...")
        seed, micro_tokens = self.settings.seed, self.settings.micro_tokens
        for name, each in watched.items():
            self.watched[name] = each, validation_batches(each.rows, seed, micro_tokens)

    # --- the whole run ---

    def to_the_end(self) -> History:
        """All remaining steps."""
        self._continue()
        num_steps = self.loader.num_steps
        evaluation_steps = (
            moments(num_steps, self.settings.num_evaluations) if self.validation or self.watched else set()
        )
        sample_steps = moments(num_steps, self.settings.num_samples) if self.sample else set()
        self.model.train()
        if self.watched and not self.step:
            self._look_before_the_first_step()
        gc.collect()
        gc.freeze()  # what lives now lives until the end: the collector need not look at it every few steps
        try:
            with StopRequest() as stop:
                while not self._is_over():
                    wants = {"stop": stop.asked, "save": self._is_time_to_save()}
                    record, shown, agreed = self._one_step(wants)
                    if self.step in evaluation_steps:
                        measured = self._measure()
                        record |= measured
                        shown |= measured
                    if self.step in sample_steps or (self.sample and self._is_over()):
                        record["samples"] = self._samples()
                    self._tell(record, shown)
                    if self.keep and self.step % (self.settings.keep_every_steps or num_steps + 1) == 0:
                        self._keep()
                    if agreed["save"] or agreed["stop"] or self._is_over():
                        self._save()
                    if agreed["stop"] and not self._is_over():
                        raise Interrupted(
                            f"{self.work.name}: stopped after step {self.step:,} of {num_steps:,}; "
                            "the same command continues"
                        )
            self.background.wait()
        finally:
            gc.unfreeze()
            self._finish_writing()
            self.lanes.close()
            self.journal.close()
        self.optimizer.end(with_best=self.settings.patience is not None or self.forgetting.is_over)
        return History.of(self.journal.records)

    def _is_over(self) -> bool:
        return self.step >= self.loader.num_steps or self.early_stop.is_over or self.forgetting.is_over

    def _one_step(self, wants: dict[str, bool]) -> tuple[dict[str, Any], dict[str, Any], dict[str, bool]]:
        """One update.

        Args:
            wants: What this rank would like to do after the step.

        Returns:
            The record of the step; the same with times, for trackers; what all ranks do after the step.
        """
        started = time.monotonic()
        batches = self.ahead.micro_batches(self.step)
        sums = [self._micro_step(number, micro) for number, micro in enumerate(batches)]
        self.ahead.prepare(self.step + 1)
        loss_and_count = torch.stack(sums).sum(0).cpu() if sums else torch.zeros(2, dtype=torch.float64)
        num_tokens = sum(micro.num_tokens for micro in batches)
        # One message carries everything that the ranks must agree on.
        message = torch.tensor([num_tokens, *wants.values()], dtype=torch.float64)
        loss, count, step_tokens, *flags = self.engine.sum(torch.cat([loss_and_count, message])).tolist()
        count = max(count, 1.0)
        spike = self.spikes.is_spike(loss / count)
        if not math.isfinite(loss) and not spike:
            self._fail("loss", batches, sums)
        factor = rate_factor(
            self.step,
            self.loader.num_steps,
            warmup_share=self.settings.warmup_share,
            decay_share=self.settings.decay_share,
            final_rate_share=self.settings.final_rate_share,
        )
        if spike:
            norm = self._leave_out(loss / count)
        else:
            if self.spikes.wants_snapshot(self.step):
                self.optimizer.keep_to_go_back()
            norm = self.engine.step(
                self.model, self.optimizer, count=count, max_norm=self.settings.max_gradient_norm, factor=factor
            )
            if not math.isfinite(norm):
                self._fail("gradient", batches, sums)
        self.step += 1
        self.tokens += int(step_tokens)
        record = {
            "step": self.step,
            "tokens": self.tokens,
            "loss": loss / count,
            "rate": self.settings.matrix_rate * factor,
            "gradient_norm": norm,
        }
        if spike:
            record["skipped"] = 1.0
        shown = record | {"seconds": time.monotonic() - started, "step_tokens": int(step_tokens)}
        return record, shown, {name: flag > 0 for name, flag in zip(wants, flags, strict=True)}

    def _micro_step(self, number: int, micro: MicroBatch) -> Tensor:
        """Loss and backward of one micro-batch: (2,) summed loss and count."""
        # Modules that draw from torch's own generator (dropout of adopted models) start from a known state everywhere.
        place = number * self.engine.num_ranks + self.engine.rank
        torch.manual_seed(int(keyed_generator(self.settings.seed, self.step, place, "torch").integers(2**63)))
        return self.lanes.run(TRAIN, micro)

    def _placed(self, part: MicroBatch) -> Any:
        return self.engine.place(self.objective.collate(part.examples, part.draws, self.config))

    def _part(self, model: nn.Module, part: MicroBatch) -> Tensor:
        batch = self._placed(part) if part.placed is None else part.placed
        if not part.is_idle:
            return self.make(model, batch, part.draws)
        loss, _ = self.objective.loss(model, batch, part.draws)
        self.engine.backward(loss * 0)
        return loss.new_zeros(2, dtype=torch.float64)

    def _pass(self, model: nn.Module, batch: Any, draws: Draws) -> Tensor:
        """Forward and backward: (2,) summed loss and count."""
        loss, count = self.objective.loss(model, batch, draws)
        self.engine.backward(loss)
        return torch.stack([loss.detach().double(), count.double()])

    def _leave_out(self, loss: float) -> float:
        """A spike: no update with this batch, and back to good weights where that is the policy; the gradient is 0."""
        for parameter in self.model.parameters():
            parameter.grad = None
        went_back = self.spikes.policy == "roll_back" and self.optimizer.go_back()
        self.work.note(
            f"{self.work.name}: loss {loss:.3f} at step {self.step + 1:,}, where at most {self.spikes.limit():.3f} was "
            f"to be expected: its batch is left out{', and so are the updates before it' if went_back else ''}"
        )
        if self.spikes.exhausted:
            raise NumericFailure(
                f"{self.work.name}: {self.spikes.in_a_row} batches in a row were left out as spikes; leaving out more "
                'will not help. Try a lower rate or a longer warm-up, or spikes = "keep"'
            )
        return 0.0

    def _fail(self, what: str, batches: list[MicroBatch], sums: list[Tensor]) -> NoReturn:
        """Save the rows of this rank's share of the step, then end."""
        place = self.work.scratch(f"not-finite-rank-{self.engine.rank}.json")
        write_rows(place, what, self.step, self.model, batches, sums)
        raise NumericFailure(
            f"{self.work.name}: the {what} of step {self.step + 1:,} is not finite; the weights were not changed "
            f"by it. The rows are in {place}. A lower rate or a longer warm-up may help."
        )

    # --- looking ---

    def _measure(self) -> dict[str, float]:
        with self.optimizer.averaged():
            found = self._figures(self.validation, self.bytes_per_token) if self.validation else {}
            for name, (watched, batches) in self.watched.items():
                figures = self._figures(batches, watched.bytes_per_token)
                found |= {f"{name}_{figure}": value for figure, value in figures.items()}
                if watched.is_guarded:
                    found["forgetting"] = self.forgetting.rise(figures["bits_per_byte"])
            self._keep_the_best(found)
        return found

    def _figures(self, batches: list[MicroBatch], bytes_per_token: float | None) -> dict[str, float]:
        return measure(
            model=self.model,
            objective=self.objective,
            batches=batches,
            engine=self.engine,
            bytes_per_token=bytes_per_token,
            lanes=self.lanes,
        )

    def _keep_the_best(self, found: Mapping[str, float]) -> None:
        """Remember the weights where the run may have to go back to them: nothing that forgot too much is any good."""
        if self.forgetting.is_over:
            return
        is_best = "validation_loss" in found and self.early_stop.is_best(found["validation_loss"])
        if is_best if self.settings.patience is not None else self.settings.stop_forgetting is not None:
            self.optimizer.keep_as_best()

    def _look_before_the_first_step(self) -> None:
        """What the base knows: the rise of a rate alone makes it forget, so that step 1 would be too late to look."""
        record: dict[str, Any] = {"step": 0, "tokens": 0} | self._measure()
        self._tell(record, record | {"seconds": 0.0, "step_tokens": 0})

    def _samples(self) -> list[dict[str, Any]]:
        assert self.sample is not None
        with self.optimizer.averaged(), torch.no_grad():
            model = self.engine.whole(self.model)
            if model is None:
                return []
            model.eval()
            samples = self.sample(model, self.step)
            model.train()
        return samples

    def _keep(self) -> None:
        assert self.keep is not None
        with self.optimizer.averaged():
            model = self.engine.whole(self.model)
            if model is not None:
                self.keep(model, self.step)

    def _tell(self, record: dict[str, Any], shown: dict[str, Any]) -> None:
        """Write the record down and show it."""
        self.journal.append(record)
        for follower in self.followers:
            follower(shown)

    # --- checkpoints ---

    def _is_time_to_save(self) -> bool:
        every = self.settings.checkpoint_steps
        if every and (self.step + 1) % every == 0:
            return True
        return self.engine.rank == 0 and time.monotonic() - self.saved_at > self.settings.checkpoint_seconds

    def _save(self) -> None:
        """Copy weights and optimizer state, and write them beside training; the last ones are waited for."""
        snapshot = self.engine.snapshot(self.model, self.optimizer)
        self.saved_at = time.monotonic()
        if self.engine.rank:
            return
        state = {
            "tokens": self.tokens,
            "history": self.journal.position(),
            "threads": torch.get_num_threads(),
            "num_updates": self.optimizer.num_updates,
            "spikes": self.spikes.state(),
            "early_stop": self.early_stop.state(),
            "forgetting": self.forgetting.state(),
        }
        step = self.step

        def save() -> None:
            self.journal.sync()
            self.store.save(step, state, lambda folder: write(snapshot, folder))

        self.background.start(save)
        if not self.settings.checkpoint_in_background:
            self.background.wait()

    def _finish_writing(self) -> None:
        """Let a checkpoint that is being written be finished when training ends for another reason."""
        try:
            self.background.wait()
        except OSError as problem:
            self.work.note(f"{self.work.name}: the last checkpoint could not be written: {problem}")

    def _continue(self) -> None:
        """Take over the newest good checkpoint; the first rank chooses."""
        state = self.store.newest() if self.engine.rank == 0 else None
        chosen = int(self.engine.sum(torch.tensor([state["step"] if state else 0], dtype=torch.float64)).item())
        if chosen and state is None:
            state = self.store.read(chosen)
        if state is not None:
            self.engine.load(self.store.place(chosen), self.model, self.optimizer)
            self.step, self.tokens = chosen, state["tokens"]
            self.optimizer.num_updates = state["num_updates"]
            self.spikes.load_state(state["spikes"])
            self.early_stop.load_state(state["early_stop"])
            self.forgetting.load_state(state["forgetting"])
            if state["threads"] != torch.get_num_threads():
                self.work.note(
                    f"{self.work.name}: continued with {torch.get_num_threads()} threads after {state['threads']}: "
                    "roundings may differ from an uninterrupted run"
                )
        if self.engine.rank == 0:
            self.journal = Journal(self.store.history, state["history"] if state else None)
        self.saved_at = time.monotonic()
