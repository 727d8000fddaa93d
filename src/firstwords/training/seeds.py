"""One training for each of several seeds, of which the median one is kept as the model.

A score of one seed says little on small data (Dodge et al. 2020): the spread over seeds is often larger than what two
methods differ by. Which seed is kept is decided on the validation part, and never by taking the best.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from firstwords.artifact import atomic_write, remove_tree, write_json
from firstwords.compute import ranks
from firstwords.stage import Work

# The first of these that was measured orders the seeds; the loss where nothing was decoded.
ORDERED_BY = ("entity_f1", "micro_f1", "accuracy")


@dataclass
class SeedRun:
    """What one seed reached.

    Attributes:
        seed: Its number.
        scores: On the validation part, at the end.
        reasons: Derived numbers, as `Outcome.reasons`.
    """

    seed: int
    scores: dict[str, float] = field(default_factory=dict)
    reasons: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def score(self) -> float:
        """What seeds are ordered by; higher is better. 0 without a validation part."""
        found = next((self.scores[name] for name in ORDERED_BY if name in self.scores), None)
        return -self.scores.get("validation_loss", 0.0) if found is None else found


@dataclass
class SeedPlace:
    """Where a seed works and writes; `run` is set when it is done, by an earlier attempt or by the caller."""

    work: Work
    folder: str
    run: SeedRun | None = None


@contextmanager
def one_of_several(work: Work, seed: int, num_seeds: int) -> Iterator[SeedPlace]:
    """The place of one seed, with a receipt when it is done, so that a killed stage goes on with the seed under way.

    Args:
        work: Of the stage.
        seed: The number.
        num_seeds: Where it is 1, the place is that of the stage.
    """
    if num_seeds == 1:
        yield SeedPlace(work, "")
        return
    key, folder = f"seed-{seed}", f"seeds/{seed}"
    receipt = work.receipt(key)
    place = SeedPlace(work.part(key), folder)
    if receipt is not None:
        told = [(name, value, reason) for name, value, reason in receipt["run"]["reasons"]]
        place.run = SeedRun(seed, receipt["run"]["scores"], told)
        yield place
        return
    yield place
    if place.run is not None:
        files = [str(p.relative_to(work.folder)) for p in (work.folder / folder).rglob("*") if p.is_file()]
        work.finish(key, files, run=asdict(place.run))
        remove_tree(work.scratch(key))


def median(runs: Sequence[SeedRun]) -> SeedRun:
    """The run in the middle by its score, the worse one of the two where there is none; ties by the seed."""
    return sorted(runs, key=lambda run: (run.score, -run.seed))[(len(runs) - 1) // 2]


def choose(work: Work, runs: Sequence[SeedRun]) -> SeedRun:
    """Put what the median seed wrote where the stage's results belong, and write `seeds.json`; the run of that seed."""
    chosen = median(runs)
    if len(runs) > 1 and not ranks.rank():
        folder = work.folder / "seeds" / str(chosen.seed)
        for written in sorted(folder.iterdir()):  # model, curve, and what an adapter adds
            with atomic_write(work.path(written.name)) as temporary:
                copy = shutil.copytree if written.is_dir() else shutil.copyfile
                copy(written, temporary)
        table = [{"seed": run.seed, "validation": run.scores} for run in runs]
        write_json(work.path("seeds.json"), {"median": chosen.seed, "seeds": table})
    return chosen
