"""Clean documents: judge and rewrite them, in one ordered list of steps."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from firstwords.data.filter import Filter
from firstwords.data.filters.gopher_quality import GopherQuality
from firstwords.data.filters.gopher_repetition import GopherRepetition
from firstwords.data.filters.harmful_words import HarmfulWords
from firstwords.data.filters.language import Language
from firstwords.data.transform import Transform
from firstwords.data.transforms.personal_data import PersonalData
from firstwords.data.transforms.unicode import Unicode
from firstwords.find import catalogue
from firstwords.recipe import Kind
from firstwords.stage import Outcome, Stage, Work

if TYPE_CHECKING:
    from firstwords.graph import Graph

Step = Annotated[Filter | Transform, Kind("data.filters", "data.transforms")]

# Compressed bytes that one process cleans in the seconds that worker processes take to start.
SMALL_BYTES = 4 * 2**20


@dataclass(frozen=True, kw_only=True)
class Clean(Stage):
    """Runs the steps over every document. Payload: `documents/`, `scores/` of all rows, `dropped/` with step, rule
    and score.
    """

    steps: tuple[Step, ...] = (
        Unicode(),
        Language(),
        GopherQuality(),
        GopherRepetition(),
        PersonalData(),
        HarmfulWords(),
    )
    """Filters and transforms in the order in which they run."""
    score_all: bool = False
    """Score also rows that an earlier filter has rejected, to see the distribution of every score."""

    def preloads(self) -> tuple[str, ...]:
        """The kernels of the filters."""
        return ("firstwords.data.warm_kernels",)

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The extracted documents, and what steps ask for, such as a trained classifier."""
        asked = {role: graph.require(name) for role, (_, _, name) in self._asked().items()}
        return {"documents": graph.require("extract")} | asked

    def _asked(self) -> dict[str, tuple[int, str, str]]:
        """Role of an input to the step, field and stage that it stands for."""
        return {
            f"step_{index}.{field}": (index, field, name)
            for index, step in enumerate(self.steps)
            for field in type(step).artifacts
            if (name := getattr(step, field)) is not None and _is_stage(name)
        }

    def _ready_steps(self, work: Work) -> tuple[Filter | Transform, ...]:
        """The steps, with the folders of artifacts, or the models in them, in place of the names of their stages."""
        from firstwords.inference.entity_finder import EntityFinder

        steps = list(self.steps)
        for role, (index, field, _) in self._asked().items():
            step, artifact = steps[index], work.inputs[role]
            is_model = isinstance(step, Transform) and field in step.entity_models
            given = EntityFinder(str(artifact.path("model"))) if is_model else str(artifact.folder)
            steps[index] = replace(step, **{field: given})
        return tuple(steps)

    def run(self, work: Work) -> Outcome:
        """Clean all shards."""
        from firstwords.data.cleaning import CleanShard
        from firstwords.data.shards import shard_files

        shards = shard_files(work.inputs["documents"].path("documents"))
        sizes = {key: path.stat().st_size for key, path in shards.items()}
        receipts = work.map(
            CleanShard(self._ready_steps(work), self.score_all),
            {key: (key, str(path)) for key, path in shards.items()},
            workers=1 if sum(sizes.values()) < SMALL_BYTES else None,
            text="cleaning",
            sizes=sizes,
        )
        total = sum(receipt["rows_in"] for receipt in receipts)
        kept = sum(receipt["rows_out"] for receipt in receipts)
        dropped: Counter[str] = Counter()
        changed: Counter[str] = Counter()
        for receipt in receipts:
            dropped.update(receipt["dropped"])
            changed.update(receipt["changed"])
        done = +changed  # only what was done at all
        return Outcome(
            summary="   ".join([f"kept {kept:,} of {total:,} documents", *shares_by_step(dropped, total)]),
            counts={
                "kept": kept,
                "dropped": dict(sorted(dropped.items())),
                "changed": dict(sorted(done.items())),
            },
        )


def _is_stage(name: str) -> bool:
    """Whether a name is that of a stage, plain or with a name of its own; others are the step's own business."""
    return "." in name or name in catalogue("stages")


def shares_by_step(dropped: dict[str, int], total: int) -> list[str]:
    """What each step took out, the greatest first: `gopher_quality -5.2%`."""
    steps: Counter[str] = Counter()
    for rule, number in dropped.items():
        steps[rule.partition(".")[0]] += number
    ordered = sorted(steps.items(), key=lambda item: (-item[1], item[0]))
    return [f"{step} -{100 * number / total:.1f}%" for step, number in ordered]
