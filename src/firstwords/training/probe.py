"""A few real training steps, timed and their memory measured: what a configuration costs on this machine."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from firstwords.compute.allocator import keep_freed_memory
from firstwords.compute.devices import wait
from firstwords.model.config import ModelConfig
from firstwords.model.cost import ACTIVATIONS_HELD, BYTES_PER_NUMBER, activation_numbers_per_token
from firstwords.model.precision import set_precision
from firstwords.model.transformer import Model
from firstwords.tokenizer.word_joints import WordJoints
from firstwords.training.batch import Draws, Example
from firstwords.training.footprint import footprint
from firstwords.training.lanes import Lanes, num_lanes
from firstwords.training.loader import MicroBatch
from firstwords.training.objective import Objective
from firstwords.training.optimizer import Optimizer
from firstwords.training.packed_examples import PackedExamples
from firstwords.training.settings import TrainSettings
from firstwords.training.sizing import Speed

PART = "part"  # what lanes are asked for
# At once: a GPU is busy only with many.
PROBE_TOKENS, PROBE_TOKENS_GPU = 4096, 32768
FEWEST_STEPS, MOST_STEPS = 4, 8
# Processor seconds of each thread, beyond the time given, where that does not reach for several rows.
MEMORY_SECONDS = 2.0
# Time of an update counts where batches are small, so it is timed as it is there.
SETTINGS = TrainSettings(tokens=1, batch_tokens=1, matrix_iterations=3)


class _Peaks:
    """Peaks of memory up to the end of a backward pass, by the tokens of it, and over whole steps.

    They are kept apart because an update has a peak of its own, which does not grow with the tokens and hides how the
    other does.
    """

    def __init__(self, lanes: Lanes, device: str) -> None:
        self.backward: dict[int, int] = {}
        self.update = 0
        self._lanes = lanes
        self._device = device
        self._counting = lanes.restart_peak(give_back=True, device=device)

    def begin(self) -> None:
        self._counting = self._lanes.restart_peak(device=self._device)

    def after_backward(self, num_tokens: int) -> None:
        peak = self._peak()
        if peak is not None:
            self.backward[num_tokens] = max(peak, self.backward.get(num_tokens, 0))

    def after_update(self) -> None:
        self.update = max(self.update, self._peak() or 0)

    def _peak(self) -> int | None:
        return self._lanes.peak_bytes(self._device) if self._counting else None


class Stopwatch:
    """Times training on rows of the real corpus, whose documents decide what attention costs.

    Args:
        objective: Whose batches and loss are timed.
        store: Folder of the token store; its training split is read.
        joints: Where words begin, if the objective needs it.
        device: That is to be timed.
    """

    def __init__(
        self, objective: Objective, store: Path, joints: WordJoints | None = None, device: str = "cpu"
    ) -> None:
        self._device = device
        self._objective = objective
        self._store = store
        self._joints = joints

    def __call__(self, config: ModelConfig, seconds: float, precision: str = "float32") -> Speed:
        """Time forward, backward and update of a model with random weights.

        The fastest of several steps counts: another process that takes a core for a moment can make a step ten times
        slower, and the training that follows will not have it beside it all the time.

        Args:
            config: Of the model.
            seconds: When so many are over, after a first step that loads kernels and makes buffers, no further step
                begins; at least one is timed.
            precision: Of matrix products, as in `TrainSettings`.
        """
        keep_freed_memory()  # as an engine does
        model = Model(config, self._objective.head(config, None))  # type: ignore[arg-type]
        model.to(self._device)
        set_precision(model, precision)
        model.train()
        lanes = Lanes(model, num_lanes(model), {PART: self._part})
        optimizer = Optimizer(model, SETTINGS)
        try:
            return self._timed(lanes, optimizer, config, seconds)
        finally:
            lanes.close()

    def _timed(self, lanes: Lanes, optimizer: Optimizer, config: ModelConfig, seconds: float) -> Speed:
        rows = self._rows(config.context, 1)
        self._step(lanes, optimizer, rows)  # the first step loads kernels, makes buffers and moments
        end = time.perf_counter() + seconds
        peaks = _Peaks(lanes, self._device)
        busy = time.process_time()
        best = guess = self._step(lanes, optimizer, rows, peaks)
        busy = (time.process_time() - busy) / torch.get_num_threads()
        left = end - time.perf_counter()
        fitting = (left / FEWEST_STEPS - guess.seconds_per_update) / (guess.seconds_per_token * config.context)
        most = max(1, (PROBE_TOKENS if self._device == "cpu" else PROBE_TOKENS_GPU) // config.context)
        if fitting >= 2:
            # A single row is slower a token than many; where there is time, only many count.
            rows = self._rows(config.context, min(most, int(fitting)))
            best = self._step(lanes, optimizer, rows)
        elif (few := min(most, int(MEMORY_SECONDS / busy))) >= 2:
            # Memory does not need a quiet moment: one step tells how it grows.
            rows = self._rows(config.context, few)
            best = best.best(self._step(lanes, optimizer, rows, peaks))
        for _ in range(MOST_STEPS):
            if time.perf_counter() > end:
                break
            best = best.best(self._step(lanes, optimizer, rows, peaks))
        usual = BYTES_PER_NUMBER * ACTIVATIONS_HELD * activation_numbers_per_token(config)
        return dataclasses.replace(best, footprint=footprint(peaks.backward, peaks.update, usual))

    def _step(self, lanes: Lanes, optimizer: Optimizer, rows: list[Example], peaks: _Peaks | None = None) -> Speed:
        micro = MicroBatch(rows, Draws(0, tuple((0, row.row) for row in rows)))
        model = lanes.model
        if peaks is not None:
            peaks.begin()
        begin = time.perf_counter()
        lanes.run(PART, micro)
        wait(self._device)
        middle = time.perf_counter()
        if peaks is not None:
            peaks.after_backward(micro.num_tokens)
        resumed = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS.max_gradient_norm)
        optimizer.step(1.0)
        model.zero_grad(set_to_none=True)
        wait(self._device)
        seconds = time.perf_counter() - resumed
        if peaks is not None:
            peaks.after_update()
        return Speed((middle - begin) / micro.num_tokens, seconds)

    def _part(self, model: nn.Module, part: MicroBatch) -> Tensor:
        batch = self._objective.collate(part.examples, part.draws, cast(Model, model).config).to(self._device)
        loss, _ = self._objective.loss(model, batch, part.draws)
        loss.backward()
        return loss.detach()

    def _rows(self, context: int, number: int) -> list[Example]:
        """Rows spread over the corpus."""
        packed = PackedExamples(self._store, "train", context, self._joints)
        number = min(number, len(packed))
        return [packed[row * len(packed) // number] for row in range(number)]


def matrix_peak(device: str = "cpu", precision: str = "float32") -> float:
    """Operations a second of large matrix products: what training is compared to.

    About a tenth of a second. On a processor always in float32, with the threads that are set.

    Args:
        device: Where.
        precision: That training has on a GPU.
    """
    on_processor = device == "cpu"
    size, best = (1024 if on_processor else 8192), float("inf")
    dtype = torch.float32 if on_processor else getattr(torch, precision)
    generator = torch.Generator(device).manual_seed(0)
    a, b = (torch.randn(size, size, generator=generator, device=device).to(dtype) for _ in range(2))
    for _ in range(6):
        wait(device)
        begin = time.perf_counter()
        torch.mm(a, b)
        wait(device)
        best = min(best, time.perf_counter() - begin)
    return 2 * size**3 / best
