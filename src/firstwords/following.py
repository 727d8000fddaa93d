"""What a process does that was started beside others, while the first of them runs a recipe.

Data stages run once, on the first rank; the others wait until their artifact is there. A stage that trains on several
ranks runs on all of them: the others see its inputs and its checkpoints, and what they would write goes nowhere. All
ranks see one file system.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from firstwords.artifact import Artifact
from firstwords.compute.pool import Pool
from firstwords.console import SilentConsole
from firstwords.errors import RecipeError
from firstwords.graph import Plan
from firstwords.recipe import kind_of
from firstwords.recipe_file import Recipe
from firstwords.stage import Stage, Work

# A file system over a network may show a file late; looking more often would only burden it.
LOOK_SECONDS = 0.5


def check_engines(recipe: Recipe) -> None:
    """Refuse a recipe that would use one of several processes only.

    Raises:
        RecipeError: If no stage has an engine for several ranks.
    """
    training = {name: stage for name, stage in recipe.stages.items() if hasattr(stage, "engine")}
    alone = [name for name, stage in training.items() if kind_of(type(stage.engine)) == "single"]
    if len(alone) == len(training):
        example = alone[0] if alone else "pretrain"
        raise RecipeError(
            f'{recipe.path}: no stage trains on several ranks: write engine = "fsdp" (or "data_parallel", for models '
            f"that fit one device) in [{example}], or give {example}.engine=fsdp here"
        )


def takes_part(stage: Stage) -> bool:
    """Whether a stage runs on every rank."""
    engine = getattr(stage, "engine", None)
    return engine is not None and engine.num_ranks > 1


def follow(plan: Plan, pool: Pool, *, workers: int, threads: int) -> dict[str, Artifact]:
    """Take part in the run of the first rank, to its end.

    There is no limit to waiting: a first rank that ends in an error ends this process too, by `torchrun`.

    Args:
        plan: The same as the first rank's.
        pool: For stages that take part.
        workers: As on the first rank.
        threads: As on the first rank.

    Returns:
        Full stage name to the artifact that the first rank made.
    """
    found = {}
    for name in plan.graph.order:
        stage = plan.graph.stages[name]
        artifact = plan.artifact(name)
        if artifact is None and takes_part(stage):
            _take_part(plan, name, pool, workers, threads)
        while artifact is None:
            time.sleep(LOOK_SECONDS)
            artifact = plan.artifact(name)
        found[name] = artifact
    return found


def _take_part(plan: Plan, name: str, pool: Pool, workers: int, threads: int) -> None:
    folder = plan.folder(name)
    assert folder is not None, f"{name} runs before its inputs are measured"
    inputs = {role: plan.artifact(needed) for role, needed in plan.graph.inputs[name].items()}
    with tempfile.TemporaryDirectory(prefix="firstwords-") as nowhere:
        work = Work(
            name=name,
            folder=Path(nowhere),
            inputs={role: artifact for role, artifact in inputs.items() if artifact is not None},
            pool=pool,
            console=SilentConsole(),
            workers=workers,
            threads=threads,
            scratch=folder / "scratch",
        )
        plan.graph.stages[name].run(work)
