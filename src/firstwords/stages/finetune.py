"""A pre-trained model and labelled data become a tagger, a classifier, or a model that answers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.engine import Engine
from firstwords.compute.engines.single import Single
from firstwords.data.dataset import PARTS, Dataset, label_names, table_of
from firstwords.errors import RecipeError
from firstwords.model.base_folder import BaseFolder, StageOrBase
from firstwords.recipe import Count, Kind, build, kind_of
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus
from firstwords.training.adapter import Adapter
from firstwords.training.fine_tuning import FineTuneSettings, derive
from firstwords.training.objective import Objective
from firstwords.training.settings import TrainSettings

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.training.batch import Example


# Of what is measured on the validation part, in the summary.
SHOWN = ("entity_f1", "accuracy", "macro_f1", "bits_per_byte", "preference_accuracy", "chosen_log_probability")


@dataclass(frozen=True, kw_only=True)
class Finetune(Stage):
    """Fine-tune a base model on labelled data.

    Payload: `model/` (a Hugging Face folder), `labels.json`, `curve.parquet` (one row a step), and the examples of each
    part as `train.parquet`, `validation.parquet`, `test.parquet`. The test part is written, never read: evaluation
    does.

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
        engine: Where to run.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    base: StageOrBase
    objective: Annotated[Objective, Kind("training.objectives")]
    data: Annotated[Dataset, Kind("data.datasets")]
    epochs: Annotated[float, Field(gt=0)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    batch_examples: Annotated[Count, Field(ge=1)] | None = None
    training: dict[str, Any] = field(default_factory=dict)
    adapter: Annotated[Adapter, Kind("training.adapters")] | None = None
    seed: int = 0
    engine: Annotated[Engine, Kind("compute.engines")] = field(default_factory=Single)

    def __post_init__(self) -> None:
        build(TrainSettings, {"epochs": 1, "batch_examples": 1} | self.training, "training")
        if self.adapter is not None and kind_of(type(self.engine)) == "fsdp":
            raise RecipeError("adapter: it cannot be trained by the engine 'fsdp'; use 'data_parallel' or 'single'")
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
        inputs = {} if isinstance(self.base, BaseFolder) else {"base": graph.require(self.base)}
        if type(self.data).needs_documents:
            inputs["documents"] = corpus(graph)
        return inputs

    def run(self, work: Work) -> Outcome:
        """Write the examples of each part, train, write the model."""
        import pyarrow as pa
        import torch

        from firstwords.artifact import write_json
        from firstwords.data.shards import write_table
        from firstwords.model.hugging_face import load_under, save_folder
        from firstwords.tokenizer.tokenizer import Tokenizer
        from firstwords.training.language_base import (
            bytes_per_label,
            encode_parts,
            language_base,
            references,
            tell_ends,
        )
        from firstwords.training.train import train

        torch.set_num_threads(work.threads)
        base = self.base.folder if isinstance(self.base, BaseFolder) else work.inputs["base"].path("model")
        documents = work.inputs["documents"].path("documents") if "documents" in work.inputs else None
        work.progress("reading the labelled data")
        parts = self.data.parts(documents)
        for part in PARTS:
            write_table(work.path(f"{part}.parquet"), table_of(parts[part], type(self.data).record))
        for note in self.data.notes():
            work.note(f"{work.name}: left out: {note}")
        has_labels = type(self.objective).has_labels
        labels = label_names([*parts["train"], *parts["validation"]]) if has_labels else []
        _check(work.name, parts, labels, has_labels)

        if has_labels:
            model = load_under(base, lambda config: self.objective.head(config, labels), self.seed)  # type: ignore[arg-type, return-value]
            config = model.config
            tokenizer, tokenizer_folder = Tokenizer.load(base), base
            rows = {part: self._encode(parts[part], tokenizer, labels, config.context) for part in PARTS[:2]}
        else:
            start = language_base(base, work.scratch("tokenizer"), self.seed)
            model, config, tokenizer, tokenizer_folder, _ = start
            rows = encode_parts(self.objective, parts, start, lambda told: work.note(f"{work.name}: {told}"))
            if compared := references(parts, rows):
                write_table(work.path("reference.parquet"), pa.Table.from_pylist(compared))
        objective, reasons = self.objective.settle(rows["train"], labels, config)
        settings, more = derive(
            num_examples=len(rows["train"]),
            num_tokens=sum(len(row) for row in rows["train"]),
            config=config,
            chosen=FineTuneSettings(self.epochs, self.rate, self.batch_examples, self.seed, self.training),
        )
        settings, more = self._with_rate(settings, more)
        if self.adapter is not None:
            more.append(self._add_adapter(work, model, None if has_labels else tokenizer_folder))
        history = train(
            model=model,
            objective=objective,
            rows=rows["train"],
            settings=settings,
            work=work,
            validation=rows["validation"],
            bytes_per_token=None if has_labels else bytes_per_label(rows["validation"]),
            engine=self.engine,
        )
        whole: Any = self.engine.whole(model)
        if whole is None:
            return Outcome(summary="the first rank writes the result")
        write_table(work.path("curve.parquet"), history.curve())
        write_json(work.path("labels.json"), labels)
        if self.adapter is not None:
            self.adapter.save(whole, work.path("adapter"), self._base_in_words() if has_labels else "base")
            self.adapter.merge(whole)
        save_folder(work.path("model"), whole, config, tokenizer_folder=tokenizer_folder, labels=labels)
        if not has_labels:
            tell_ends(work.path("model"), tokenizer)
        outcome = _outcome(parts, labels, history)
        outcome.reasons = [(reason.name, f"{reason.value:,}", reason.reason) for reason in [*reasons, *more]]
        return outcome

    def _base_in_words(self) -> str:
        return self.base.path if isinstance(self.base, BaseFolder) else self.base

    def _add_adapter(self, work: Work, model: Any, tokenizer_folder: Path | None) -> Any:
        """Make the model trainable in few parameters; how many, as a reason.

        A language model may have got rows for new tokens, which no other folder has: it is stored as what the adapter
        belongs to.
        """
        from firstwords.model.config import Reason
        from firstwords.model.hugging_face import save_folder

        assert self.adapter is not None
        if tokenizer_folder is not None:
            save_folder(work.path("base"), model, tokenizer_folder=tokenizer_folder)
        number, which = self.adapter.add(model, self.seed, train_head=tokenizer_folder is None)
        return Reason("trained parameters", number, which)

    def _with_rate(self, settings: TrainSettings, reasons: list[Any]) -> tuple[TrainSettings, list[Any]]:
        """The objective's share of the derived rate, unless the recipe says one."""
        from firstwords.model.config import Reason
        from firstwords.training.language_base import slowed

        share = type(self.objective).rate_share * (1 if self.adapter is None else self.adapter.rate_share)
        if share == 1 or self.rate is not None:
            return settings, reasons
        settings = replace(slowed(settings, share), **self.training)
        adapted = "" if self.adapter is None else f" with the adapter '{kind_of(type(self.adapter))}'"
        told = f"{share:g} times the usual, for '{kind_of(type(self.objective))}'{adapted}"
        return settings, [r if r.name != "rate" else Reason("rate", settings.matrix_rate, told) for r in reasons]

    def _encode(self, records: Any, tokenizer: Any, labels: list[str], context: int) -> "list[Example]":
        rows = []
        for row, record in enumerate(records):
            try:
                rows.append(self.objective.encode(record, tokenizer, labels, context, row))
            except ValueError as error:
                raise RecipeError(f"{kind_of(type(self.data))}: {error}") from error
        return rows


def _check(name: str, parts: Any, labels: list[str], has_labels: bool) -> None:
    if not parts["train"]:
        raise RecipeError(f"{name}: the training part of the data is empty")
    if not parts["test"]:
        raise RecipeError(f"{name}: the test part of the data is empty, so nothing could be evaluated")
    if has_labels and len(labels) < 2:
        raise RecipeError(f"{name}: the training part has one label only ({', '.join(labels)}): nothing to be learnt")


def _outcome(parts: Any, labels: list[str], history: Any) -> Outcome:
    scores = {name: history.latest(name) for name in SHOWN if history.latest(name) is not None}
    shown = "   ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
    numbers = ", ".join(f"{len(parts[part]):,} {part}" for part in PARTS)
    told = f"   on validation: {shown}" if shown else ""
    labelled = f", {len(labels)} labels" if labels else ""
    return Outcome(
        summary=f"{numbers} examples{labelled}{told}",
        counts={"kept": len(parts["train"])} | {part: len(parts[part]) for part in PARTS} | scores,
    )
