"""The process in which a run is rehearsed: `python -m firstwords.training.rehearsing FOLDER`; `rehearsal` starts it."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from firstwords.compute.engines.single import Single
from firstwords.console import SilentConsole
from firstwords.model.transformer import Model
from firstwords.stage import Work
from firstwords.tokenizer.word_joints import word_joints
from firstwords.training.batch import Example
from firstwords.training.loader import validation_batches
from firstwords.training.packed_examples import PackedExamples
from firstwords.training.rehearsal import ANSWERED, ASKED, MICRO_BATCHES, Rehearsal, Taken
from firstwords.training.settings import TrainSettings
from firstwords.training.train import Run

# No further step begins when so many seconds are over, or so many were timed at each context.
SECONDS, FEWEST, MOST = 2.0, 2, 12
# Where parts of a model are compiled: for the second size of a batch that comes they are compiled anew, for all sizes,
# and a step then takes a hundred times as long (docs/log 2026-11-26, gpu). The median of five is none of those.
FEWEST_COMPILED = 5
RATES = ("matrix_rate", "embedding_rate", "head_rate", "vector_rate")
RATE_SHARE = 1e-3
# What else the run's process has loaded, for its memory.
HELD = ("firstwords.cli", "firstwords.stages.pretrain", "firstwords.data.shards", "firstwords.training.samples")


def perform(rehearsal: Rehearsal, folder: Path) -> Taken:
    """Rehearse in this process, whose peak of memory then is the rehearsal's.

    Args:
        rehearsal: What is to be trained.
        folder: For a checkpoint.
    """
    for name in HELD:
        importlib.import_module(name)
    torch.set_num_threads(rehearsal.threads)
    config, settings = rehearsal.config, _shortened(rehearsal.settings, rehearsal.config.context)
    joints = word_joints(rehearsal.tokenizer) if rehearsal.objective.needs_words else None
    run = _Rehearsed(
        model=Model(config, rehearsal.objective.head(config, None), seed=settings.seed),  # type: ignore[arg-type]
        objective=rehearsal.objective,
        rows=PackedExamples(rehearsal.store, "train", config.context, joints),
        settings=settings,
        work=Work(name="rehearsal", folder=folder, inputs={}, pool=None, console=SilentConsole()),  # type: ignore[arg-type]
        engine=Single(),
    )
    try:
        seconds = run.seconds_per_token(config.context)
        held_out = PackedExamples(rehearsal.store, "validation", config.context)
        number = min(len(held_out), max(1, settings.micro_tokens // config.context))
        looking = run.looking_seconds_per_token([held_out[row] for row in range(number)]) if number else None
        peak = run.lanes.peak_bytes(run.engine.device_name())
    finally:
        run.close()
    assert settings.batch_tokens is not None
    return Taken(
        seconds_per_token=seconds,
        looking_seconds_per_token=looking,
        micro_tokens=settings.micro_tokens,
        update_tokens=settings.batch_tokens,
        peak_bytes=peak,
    )


def _shortened(settings: TrainSettings, context: int) -> TrainSettings:
    """The run with updates of at most two micro-batches, which are too short to break what is made out of turn."""
    assert settings.batch_tokens is not None
    rows = max(1, MICRO_BATCHES * settings.micro_tokens // context)
    rates = {name: RATE_SHARE * getattr(settings, name) for name in RATES}
    return dataclasses.replace(settings, batch_tokens=min(settings.batch_tokens, rows * context), **rates)


class _Rehearsed(Run):
    """A run whose steps are made out of turn."""

    def seconds_per_token(self, context: int) -> float:
        """Of whole updates, averaged over the contexts of the run.

        Args:
            context: Tokens of a row.
        """
        self.model.train()
        num_steps, context_at = self.loader.num_steps, self.loader.context or (lambda _: context)
        contexts = [context_at(step / num_steps) for step in range(num_steps)]
        shortest, longest = min(contexts), max(contexts)
        ends = [shortest, longest] if shortest < longest else [longest]
        steps = {end: _spread([step for step in range(num_steps) if contexts[step] == end]) for end in ends}
        self._timed(next(steps[longest]))  # the first step makes buffers, moments and kernels
        on_cpu = self.engine.device_name() == "cpu"
        fewest = FEWEST if on_cpu else FEWEST_COMPILED
        found: dict[int, list[float]] = {end: [] for end in ends}
        begin = time.monotonic()
        for number in range(MOST):
            if number >= fewest and time.monotonic() - begin > SECONDS:
                break
            if number == fewest - 1:
                self._save()  # weights and moments are copied and written beside training, as in the run
            for end in ends:
                found[end].append(self._timed(next(steps[end])))
        if self.settings.precision == "bfloat16" and on_cpu:
            self._meet_all_lengths(next(steps[longest]))
        times = {end: statistics.median(each) for end, each in found.items()}
        # A token looks back at most so far; what that costs is proportional to it.
        share = 0.0 if shortest == longest else (statistics.mean(contexts) - shortest) / (longest - shortest)
        return times[shortest] + share * (times[longest] - times[shortest])

    def _timed(self, step: int) -> float:
        self.step = step
        _, shown, _ = self._one_step({})
        return float(shown["seconds"] / shown["step_tokens"])

    def _meet_all_lengths(self, step: int) -> None:
        """One step's rows, cut into documents of all lengths: oneDNN keeps kernels for each, as many as it may.

        The run meets them one after the other; here they must come at once.
        """
        lengths = itertools.count(1)
        micro = self.loader.micro_batches(step)[0]
        examples = [_cut(example, lengths) for example in micro.examples]
        self._micro_step(0, dataclasses.replace(micro, examples=examples))
        self.model.zero_grad(set_to_none=True)

    def looking_seconds_per_token(self, rows: Sequence[Example]) -> float:
        """Of an evaluation.

        Args:
            rows: Held-out ones.
        """
        batches = validation_batches(rows, self.settings.seed, self.settings.micro_tokens)
        self._figures(validation_batches(rows[:1], self.settings.seed, self.settings.micro_tokens), None)  # kernels
        begin = time.perf_counter()
        self._figures(batches, None)
        return (time.perf_counter() - begin) / sum(batch.num_tokens for batch in batches)

    def close(self) -> None:
        """Wait for the checkpoint, end the threads."""
        self._finish_writing()
        self.lanes.close()


def _cut(example: Example, lengths: Iterator[int]) -> Example:
    """The same tokens in documents of the next lengths that fit, and one of what is left."""
    bounds = [0]
    while (end := bounds[-1] + next(lengths)) < len(example):
        bounds.append(end)
    return dataclasses.replace(example, bounds=np.array([*bounds, len(example)], dtype=np.int64))


def _spread(steps: list[int]) -> Iterator[int]:
    """Steps of a list without end, each far from those before it: by the golden section of the list."""
    golden = (5**0.5 - 1) / 2
    return (steps[int(number * golden % 1 * len(steps))] for number in itertools.count())


def main(place: str) -> None:
    """Read what is asked, write what was found.

    Args:
        place: A folder.
    """
    rehearsal = Rehearsal.from_json(Path(place, ASKED).read_text(encoding="utf-8"))
    taken = perform(rehearsal, Path(place, "work"))
    Path(place, ANSWERED).write_text(json.dumps(dataclasses.asdict(taken)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
