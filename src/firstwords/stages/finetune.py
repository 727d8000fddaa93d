"""A pre-trained model and labelled data become a tagger, a classifier, or a model that answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.engine import Engine
from firstwords.compute.engines.single import Single
from firstwords.data.dataset import PARTS, Dataset, TextRecord, label_names, table_of
from firstwords.errors import RecipeError
from firstwords.model.base import Base
from firstwords.model.config import Reason
from firstwords.recipe import Count, Kind, build, kind_of
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus
from firstwords.tokenizer.correction import Correction
from firstwords.training.adapter import Adapter
from firstwords.training.adversary import Adversary, against
from firstwords.training.attacked_text import AttackedText
from firstwords.training.fine_tuning import FineTuneSettings, Pace, derive
from firstwords.training.hard_examples import HardExamples
from firstwords.training.objective import Objective
from firstwords.training.settings import TrainSettings

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.training.batch import Example
    from firstwords.training.seeds import SeedPlace, SeedRun
    from firstwords.training.starting_point import StartingPoint


# Of what is measured on the validation part, in the summary.
SHOWN = (
    "entity_f1",
    "accuracy",
    "micro_f1",
    "macro_f1",
    "bits_per_byte",
    "preference_accuracy",
    "chosen_log_probability",
)


@dataclass(frozen=True, kw_only=True)
class Finetune(Stage):
    """Fine-tune a base model on labelled data.

    Payload: `model/` (a Hugging Face folder), `labels.json`, `curve.parquet` (one row a step), and the examples of each
    part as `train.parquet`, `validation.parquet`, `test.parquet`. The test part is written, never read: evaluation
    does. Of several seeds each has a folder `seeds/<seed>` with its model and curve; `seeds.json` says what each
    reached on the validation part, and what the median one wrote is copied to where that of a single seed would be.

    Attributes:
        base: Full name of the stage whose model is the start, for example `pretrain.masked`, or a Hugging Face folder
            with `config.json`, weights as safetensors and `tokenizer.json`, for example `./all-MiniLM-L6-v2`.
        objective: `token_classification` or `sequence_classification`; for conversations `instruction` or `preference`.
        data: Labelled data.
        epochs: Passes over the training part. What is left out here and below is derived from the number of examples
            and the base, and printed with the reason.
        rate: Of AdamW, for everything but the new head.
        batch_examples: Texts of one update.
        training: Other settings set by hand, by the names of `training.settings.TrainSettings`.
        adapter: Train few parameters beside the base instead of all, for example `{ kind = "lora", rank = 8 }`. They go
            to `adapter/` (PEFT's format) and are part of the weights in `model/`.
        seed: Of the new head, of the order and of what is hidden.
        seeds: Train once for each of these, or for so many from `seed` on; evaluation tells mean, spread and worst.
        engine: Where to run.
        perturb: Show some texts misspelt, in another way in each epoch.
        correct: Read words that neither the base nor the training part knows as the nearest known one, now and later.
        adversary: Learn from embeddings that are displaced to where it hurts, or demand equal answers nearby.
        hard_examples: Show again what an earlier model got wrong.
    """

    version: ClassVar[int] = 3
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    base: Base
    objective: Annotated[Objective, Kind("training.objectives")]
    data: Annotated[Dataset, Kind("data.datasets")]
    epochs: Annotated[float, Field(gt=0)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    batch_examples: Annotated[Count, Field(ge=1)] | None = None
    training: dict[str, Any] = field(default_factory=dict)
    adapter: Annotated[Adapter, Kind("training.adapters")] | None = None
    seed: int = 0
    seeds: Annotated[int, Field(ge=1)] | tuple[int, ...] | None = None
    engine: Annotated[Engine, Kind("compute.engines")] = field(default_factory=Single)
    perturb: AttackedText | None = None
    correct: Correction | None = None
    adversary: Annotated[Adversary, Kind("training.adversaries")] | None = None
    hard_examples: HardExamples | None = None

    def __post_init__(self) -> None:
        build(TrainSettings, {"epochs": 1, "batch_examples": 1} | self.training, "training")
        if self.adapter is not None and kind_of(type(self.engine)) == "fsdp":
            raise RecipeError("adapter: it cannot be trained by the engine 'fsdp'; use 'data_parallel' or 'single'")
        if isinstance(self.seeds, tuple) and (not self.seeds or len(set(self.seeds)) < len(self.seeds)):
            raise RecipeError(f"seeds: {list(self.seeds)} must be different numbers, at least one")
        if self.adversary is not None and self.engine.in_step:
            raise RecipeError(
                "an adversary needs all weights on every rank, which engine 'fsdp' shares out: use 'data_parallel'"
            )
        wanted: Any = type(self.objective).record
        given: Any = self.data.record
        if self.correct is not None and wanted is not TextRecord:
            raise RecipeError(
                f"correct: the words of whole texts are corrected; objective '{kind_of(type(self.objective))}' reads "
                "something else"
            )
        if wanted is None:
            raise RecipeError(f"objective '{kind_of(type(self.objective))}' is for pre-training, not for labelled data")
        if wanted is not given:
            raise RecipeError(
                f"objective '{kind_of(type(self.objective))}' trains on {wanted.in_words}, but the data "
                f"'{kind_of(type(self.data))}' gives {given.in_words}"
            )

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds to train with, one or several."""
        if isinstance(self.seeds, tuple):
            return self.seeds
        return tuple(range(self.seed, self.seed + (self.seeds or 1)))

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The base model; the corpus where the labels are made from it."""
        inputs = self.base.inputs(graph)
        if self.data.needs_documents:
            inputs["documents"] = corpus(graph)
        if self.hard_examples is not None:
            inputs["earlier"] = graph.require(self.hard_examples.model)
        return inputs

    def run(self, work: Work) -> Outcome:
        """Write the examples of each part, train with every seed, write the model."""
        import torch

        from firstwords.artifact import write_json
        from firstwords.data.shards import write_table
        from firstwords.training.seeds import SeedRun, choose, one_of_several

        torch.set_num_threads(work.threads)
        documents = work.inputs["documents"].path("documents") if "documents" in work.inputs else None
        work.progress("reading the labelled data")
        parts = self.data.parts(documents)
        for part in PARTS:
            write_table(work.path(f"{part}.parquet"), table_of(parts[part], self.data.record))
        for note in self.data.notes():
            work.note(f"{work.name}: left out: {note}")
        has_labels = type(self.objective).has_labels
        labels = label_names([*parts["train"], *parts["validation"]]) if has_labels else []
        _check(work.name, parts, labels, type(self.objective))
        write_json(work.path("labels.json"), labels)

        learnt = against(self.objective, self.perturb, self.adversary)
        start = self._start(work, learnt, parts, labels)
        rows = list(start.rows["train"])
        if self.hard_examples is not None:
            rows = self._with_hard_ones(rows, labels, work.inputs["earlier"].path("model"))
        objective, reasons = learnt.settle(rows, labels, start.config)
        runs: list[SeedRun] = []
        for seed in self.all_seeds:
            with one_of_several(work, seed, len(self.all_seeds)) as place:
                if place.run is None:
                    place.run = self._train(work, place, start, rows, objective, reasons, seed)
                if place.run is not None:
                    runs.append(place.run)
        if not runs:
            return Outcome(summary="the first rank writes the result")
        return _outcome(parts, labels, choose(work, runs), len(runs))

    def _start(self, work: Work, objective: Objective, parts: Any, labels: list[str]) -> "StartingPoint":
        """The base and the encoded examples; what the base says of pairs of answers is written down."""
        import pyarrow as pa

        from firstwords.data.shards import write_table
        from firstwords.training import starting_point
        from firstwords.training.language_base import references

        base = self.base.model_folder(work.inputs)
        if type(self.objective).has_labels:
            learnt_from = {part: parts[part] for part in PARTS[:2]}
            data, scratch = kind_of(type(self.data)), work.scratch("tokenizer")
            return starting_point.labelled(base, objective, learnt_from, labels, data, self.correct, scratch)
        start = starting_point.conversations(
            base,
            objective,
            parts,
            scratch=work.scratch("tokenizer"),
            seed=self.seed,
            tell=lambda told: work.note(f"{work.name}: {told}"),
        )
        if compared := references(parts, start.rows):
            write_table(work.path("reference.parquet"), pa.Table.from_pylist(compared))
        return start

    def _train(
        self,
        work: Work,
        place: "SeedPlace",
        start: "StartingPoint",
        rows: "list[Example]",
        objective: Objective,
        reasons: list[Any],
        seed: int,
    ) -> "SeedRun | None":
        """Train with one seed and write what it gives; None on all ranks but the first."""
        from firstwords.data.shards import write_table
        from firstwords.model.hugging_face import save_folder
        from firstwords.training.language_base import bytes_per_label, tell_ends
        from firstwords.training.seeds import SeedRun
        from firstwords.training.train import train

        has_labels = type(self.objective).has_labels
        settings, more = derive(
            num_examples=len(rows),
            num_tokens=sum(len(row) for row in rows),
            config=start.config,
            chosen=FineTuneSettings(self.epochs, self.rate, self.batch_examples, seed, self.training),
            pace=self.pace,
        )
        model = start.make(objective, seed)
        objective.check_start(model, rows)
        if self.adapter is not None:
            if not has_labels:  # it may have got rows for new tokens, which no other folder has
                save_folder(work.path(place.folder, "base"), model, tokenizer_folder=start.tokenizer_folder)
            more.append(Reason("trained parameters", *self.adapter.add(model, seed, train_head=has_labels)))
        validation = start.rows["validation"]
        history = train(
            model=model,
            objective=objective,
            rows=rows,
            settings=settings,
            work=place.work,
            validation=validation,
            bytes_per_token=None if has_labels else bytes_per_label(validation),
            engine=self.engine,
        )
        whole: Any = self.engine.whole(model)
        if whole is None:
            return None
        told = [(reason.name, f"{reason.value:,}", reason.reason) for reason in [*reasons, *more]]
        told += objective.conclude(whole, validation)
        write_table(work.path(place.folder, "curve.parquet"), history.curve())
        if self.adapter is not None:
            self.adapter.save(whole, work.path(place.folder, "adapter"), self.base.path if has_labels else "base")
            self.adapter.merge(whole)
        folder = work.path(place.folder, "model")
        save_folder(folder, whole, start.config, tokenizer_folder=start.tokenizer_folder, labels=whole.head.names)
        if not has_labels:
            tell_ends(folder, start.tokenizer)
        return SeedRun(seed, _scores(history), told)

    @property
    def pace(self) -> Pace:
        """How this kind of training differs from the usual."""
        kind = type(self.objective)
        return Pace(
            rate_share=kind.rate_share * (1.0 if self.adapter is None else self.adapter.rate_share),
            full_updates=kind.full_updates,
            batch_examples=kind.batch_examples,
            updates=kind.own_updates,
            most_passes=kind.own_passes,
            has_adapter=self.adapter is not None,
            learns=" with ".join(f"'{kind_of(type(each))}'" for each in (self.objective, self.adapter) if each),
        )

    def _with_hard_ones(self, rows: "list[Example]", labels: list[str], earlier: Path) -> "list[Example]":
        """The rows, and again those on which the earlier model loses most."""
        from firstwords.model.hugging_face import load_folder
        from firstwords.training.hard_examples import example_losses

        assert self.hard_examples is not None
        model, _, names = load_folder(earlier)
        if list(names) != labels:
            raise RecipeError(
                f"hard_examples: '{self.hard_examples.model}' knows the labels {list(names)}, the data has {labels}"
            )
        return self.hard_examples.repeated(rows, example_losses(self.objective, model, rows))


def _check(name: str, parts: Any, labels: list[str], objective: type[Objective]) -> None:
    if not parts["train"]:
        raise RecipeError(f"{name}: the training part of the data is empty")
    if not parts["test"]:
        raise RecipeError(f"{name}: the test part of the data is empty, so nothing could be evaluated")
    if objective.has_labels and not objective.keeps_head and len(labels) < 2:
        raise RecipeError(f"{name}: the training part has one label only ({', '.join(labels)}): nothing to be learnt")


def _scores(history: Any) -> dict[str, float]:
    return {name: value for name in (*SHOWN, "validation_loss") if (value := history.latest(name)) is not None}


def _outcome(parts: Any, labels: list[str], chosen: "SeedRun", num_seeds: int) -> Outcome:
    scores = {name: value for name, value in chosen.scores.items() if name != "validation_loss"}
    shown = "   ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
    numbers = ", ".join(f"{len(parts[part]):,} {part}" for part in PARTS)
    told = f"   on validation: {shown}" if shown else ""
    labelled = f", {len(labels)} labels" if labels else ""
    seeds = f"   {num_seeds} seeds, the median one is {chosen.seed}" if num_seeds > 1 else ""
    return Outcome(
        summary=f"{numbers} examples{labelled}{told}{seeds}",
        counts={"kept": len(parts["train"])} | {part: len(parts[part]) for part in PARTS} | scores,
        reasons=chosen.reasons,
    )
