"""A pre-trained model and labelled data become a tagger or a classifier."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.engine import Engine
from firstwords.compute.engines.single import Single
from firstwords.data.dataset import PARTS, Dataset, label_names, table_of
from firstwords.errors import RecipeError
from firstwords.recipe import Count, Kind, build, kind_of
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus
from firstwords.training.fine_tuning import FineTuneSettings, derive
from firstwords.training.objective import Objective
from firstwords.training.settings import TrainSettings

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.training.batch import Example


@dataclass(frozen=True, kw_only=True)
class Finetune(Stage):
    """Fine-tune a base model on labelled data.

    Payload: `model/` (a Hugging Face folder), `labels.json`, `curve.parquet` (one row a step), and the examples of each
    part as `train.parquet`, `validation.parquet`, `test.parquet`. The test part is written, never read: evaluation
    does.

    Attributes:
        base: Full name of the stage whose model is the start, for example `pretrain.masked`.
        objective: `token_classification` or `sequence_classification`.
        data: Labelled data.
        epochs: Passes over the training part. What is left out here and below is derived from the number of examples
            and the base, and printed with the reason.
        rate: Of AdamW, for everything but the new head.
        batch_examples: Texts of one update.
        training: Other settings set by hand, by the names of `training.settings.TrainSettings`.
        seed: Of the new head, of the order and of what is hidden.
        engine: Where to run.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    base: str
    objective: Annotated[Objective, Kind("training.objectives")]
    data: Annotated[Dataset, Kind("data.datasets")]
    epochs: Annotated[float, Field(gt=0)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    batch_examples: Annotated[Count, Field(ge=1)] | None = None
    training: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: Annotated[Engine, Kind("compute.engines")] = field(default_factory=Single)

    def __post_init__(self) -> None:
        build(TrainSettings, {"epochs": 1, "batch_examples": 1} | self.training, "training")
        wanted, given = type(self.objective).record, type(self.data).record
        if wanted is None:
            raise RecipeError(f"objective '{kind_of(type(self.objective))}' is for pre-training, not for labelled data")
        if wanted is not given:
            raise RecipeError(
                f"objective '{kind_of(type(self.objective))}' trains on a {wanted.__name__}, but the data "
                f"'{kind_of(type(self.data))}' gives a {given.__name__}"
            )

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The base model; the corpus where the labels are made from it."""
        inputs = {"base": graph.require(self.base)}
        if type(self.data).needs_documents:
            inputs["documents"] = corpus(graph)
        return inputs

    def run(self, work: Work) -> Outcome:
        """Write the examples of each part, train, write the model."""
        import torch

        from firstwords.artifact import write_json
        from firstwords.data.shards import write_table
        from firstwords.model.hugging_face import save_folder
        from firstwords.tokenizer.tokenizer import Tokenizer
        from firstwords.training.train import train

        torch.set_num_threads(work.threads)
        base = work.inputs["base"].path("model")
        documents = work.inputs["documents"].path("documents") if "documents" in work.inputs else None
        work.progress("reading the labelled data")
        parts = self.data.parts(documents)
        for part in PARTS:
            write_table(work.path(f"{part}.parquet"), table_of(parts[part], type(self.data).record))
        labels = label_names([*parts["train"], *parts["validation"]])
        _check(work.name, parts, labels)

        model, config = _with_new_head(base, self.objective, labels, self.seed)
        tokenizer = Tokenizer.load(base)
        rows = {
            part: self.objective.relate(self._encode(parts[part], tokenizer, labels, config.context))
            for part in PARTS[:2]
        }
        objective, reasons = self.objective.settle(rows["train"], labels, config)
        settings, more = derive(
            num_examples=len(rows["train"]),
            num_tokens=sum(len(row) for row in rows["train"]),
            config=config,
            chosen=FineTuneSettings(self.epochs, self.rate, self.batch_examples, self.seed, self.training),
        )
        history = train(
            model=model,
            objective=objective,
            rows=rows["train"],
            settings=settings,
            work=work,
            validation=rows["validation"],
            engine=self.engine,
        )
        whole: Any = self.engine.whole(model)
        if whole is None:
            return Outcome(summary="the first rank writes the result")
        write_table(work.path("curve.parquet"), history.curve())
        write_json(work.path("labels.json"), labels)
        save_folder(work.path("model"), whole, config, tokenizer_folder=base, labels=whole.head.names)
        outcome = _outcome(parts, labels, history)
        outcome.reasons = [(reason.name, f"{reason.value:,}", reason.reason) for reason in [*reasons, *more]]
        return outcome

    def _encode(self, records: Any, tokenizer: Any, labels: list[str], context: int) -> "list[Example]":
        rows = []
        for row, record in enumerate(records):
            try:
                rows.append(self.objective.encode(record, tokenizer, labels, context, row))
            except ValueError as error:
                raise RecipeError(f"{kind_of(type(self.data))}: {error}") from error
        return rows


def _with_new_head(base: Path, objective: Objective, labels: list[str], seed: int) -> tuple[Any, Any]:
    """The base's backbone under the objective's head."""
    from firstwords.model.hugging_face import load_folder
    from firstwords.model.transformer import Model

    loaded, stored, _ = load_folder(base)
    if objective.keeps_head:
        if not stored.causal or loaded.head.kind != "language_model":
            raise RecipeError(f"objective '{kind_of(type(objective))}' goes on from a causal language model")
        return loaded, stored
    config = stored.for_heads()
    model = Model(config, objective.head(config, labels), seed=seed)  # type: ignore[arg-type]
    model.backbone.load_state_dict(loaded.backbone.state_dict())
    return model, config


def _check(name: str, parts: Any, labels: list[str]) -> None:
    if not parts["train"]:
        raise RecipeError(f"{name}: the training part of the data is empty")
    if not parts["test"]:
        raise RecipeError(f"{name}: the test part of the data is empty, so nothing could be evaluated")
    if len(labels) < 2:
        raise RecipeError(f"{name}: the training part has one label only ({', '.join(labels)}): nothing to be learnt")


def _outcome(parts: Any, labels: list[str], history: Any) -> Outcome:
    scores = {
        name: history.latest(name) for name in ("entity_f1", "accuracy", "macro_f1") if history.latest(name) is not None
    }
    shown = "   ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
    numbers = ", ".join(f"{len(parts[part]):,} {part}" for part in PARTS)
    told = f"   on validation: {shown}" if shown else ""
    return Outcome(
        summary=f"{numbers} examples, {len(labels)} labels{told}",
        counts={"kept": len(parts["train"])} | {part: len(parts[part]) for part in PARTS} | scores,
    )
