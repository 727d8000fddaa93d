"""Train a language model on the token store."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.engine import Engine
from firstwords.compute.engines.single import Single
from firstwords.corpora import TEXT_FIELDS, OnCorpora, with_texts_of
from firstwords.errors import RecipeError
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import Count, Duration, Kind, runtime
from firstwords.stage import Outcome, Work
from firstwords.training.objective import Objective
from firstwords.training.tracker import Tracker

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.model.config import ModelConfig
    from firstwords.model.transformer import Model
    from firstwords.stages.configure import Configure
    from firstwords.tokenizer.word_joints import WordJoints
    from firstwords.training.batch import Example
    from firstwords.training.forgetting import Watched
    from firstwords.training.history import History

HYBRID_SIDES = (
    "  model/ continues texts (a Llama for transformers), encoder/ is the backbone for heads (a EuroBERT); "
    "masks are filled in by firstwords alone"
)
# Fields that are handed on to the stage that derives all numbers.
HANDED_ON = ("objective", "budget", "tokens", "flops", "model", "training", "seed", *TEXT_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Pretrain(OnCorpora):
    """Pre-train a model with the numbers that a `configure` stage derived.

    Payload: `model/` (a Hugging Face folder), `curve.parquet` (one row a step), `samples.jsonl`; for a hybrid model
    also `encoder/`, the same backbone as one that reads in both directions; with `training.keep_every_steps` also
    `steps/step-.../`, the model as it was then.

    Attributes:
        objective: `causal_lm`, `masked_lm` or `hybrid_lm`.
        configuration: A `configure` stage of the recipe. By default the one of the same name, or a plain one; if there
            is none, one is made from the fields of texts and the six below, which are explained there.
        budget: Time that training may take.
        tokens: Tokens to train on, instead of a budget.
        flops: Arithmetic to spend, instead of a budget.
        model: Sizes: `{ preset = "124M" }`, `{ parameters = "124M" }`, `{ depth = 6 }`, or any of them by hand.
        training: Settings of training set by hand.
        seed: Of weights, order and masks.
        base, corpus, mixture, final_mixture, final_share, replay, remember, extend_vocabulary: Texts and what is known
            already, see `OnCorpora`.
        engine: Where to run.
        trackers: Followers beside the terminal and `events.jsonl`, for example `[{ kind = "tensorboard" }]`.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    objective: Annotated[Objective, Kind("training.objectives")]
    configuration: str | None = None
    budget: Annotated[Duration, Field(gt=0)] | None = None
    tokens: Annotated[Count, Field(gt=0)] | None = None
    flops: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    model: ModelSizes = field(default_factory=ModelSizes)
    training: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: Annotated[Engine, Kind("compute.engines")] = field(default_factory=Single)
    trackers: tuple[Annotated[Tracker, Kind("training.trackers")], ...] = runtime(())

    def completed(self, graph: "Graph") -> "Pretrain":
        """With the texts of the section that sets its numbers, and the mixture and the general corpus written out."""
        made = with_texts_of(self, graph.stage(self._own_configuration(graph)))
        mixture, general = made.weights(graph), made.general_corpus(graph)
        return dataclasses.replace(made, mixture=mixture, replay=0.0, remember=general)  # type: ignore[return-value]

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The numbers, the token stores, the vocabulary, the base."""
        return {"configuration": self._configuration(graph)} | self.text_inputs(graph)

    def _own_configuration(self, graph: "Graph") -> str:
        part = graph.name.partition(".")[2]
        own = f"configure.{part}" if part else "configure"
        return self.configuration or (own if graph.stage(own) or not graph.stage("configure") else "configure")

    def _configuration(self, graph: "Graph") -> str:
        name, implied = self._own_configuration(graph), self._implied()
        if graph.stage(name) not in (None, implied) or self.configuration:
            given = [each for each in HANDED_ON[1:] if getattr(self, each) != _default(each)]
            if isinstance(graph.stage(name), OnCorpora):
                given = [each for each in given if each not in TEXT_FIELDS]
            if given:
                raise RecipeError(f"{', '.join(given)}: write it in [{name}], which sets the numbers of this stage")
        return graph.require(name, None if self.configuration else lambda: implied)

    def _implied(self) -> "Configure":
        from firstwords.stages.configure import Configure

        return Configure(**{name: getattr(self, name) for name in HANDED_ON})

    def run(self, work: Work) -> Outcome:
        """Train, continuing from a checkpoint if there is one; write the payload."""
        import json

        import torch

        from firstwords.artifact import atomic_write
        from firstwords.data.shards import write_table
        from firstwords.model.config import ModelConfig
        from firstwords.model.hugging_face import save_encoder, save_folder
        from firstwords.recipe import build
        from firstwords.tokenizer.tokenizer import Tokenizer
        from firstwords.tokenizer.word_joints import word_joints
        from firstwords.training.forgetting import WATCHED_TOKENS, Thinned
        from firstwords.training.packed_examples import PackedExamples
        from firstwords.training.samples import sampler
        from firstwords.training.settings import TrainSettings
        from firstwords.training.trackers.console import Console
        from firstwords.training.trackers.events import Events
        from firstwords.training.trackers.load import Load
        from firstwords.training.train import train

        torch.set_num_threads(work.threads)
        plan = json.loads(work.inputs["configuration"].path("plan.json").read_text(encoding="utf-8"))
        config = ModelConfig(**plan["model"])
        settings = build(TrainSettings, plan["training"], f"{work.inputs['configuration'].name}: plan.json")
        store, tokenizer_folder = work.inputs["tokens"].folder, work.inputs["tokenizer"].folder
        joints = word_joints(tokenizer_folder) if self.objective.needs_words else None
        held_out = PackedExamples(store, "validation", config.context)
        model, stored = self._model(config, settings.seed, work)
        meter = _Meter()
        peak = {
            "flops_per_token": plan.get("cost", {}).get("flops_per_token"),
            "peak_flops": plan.get("probe", {}).get("peak_flops"),
        }

        def store_model(place: str, model: Any) -> None:
            save_folder(work.path(place), model, stored, tokenizer_folder)

        history = train(
            model=model,
            objective=self.objective,
            rows=self._rows(work, config.context, joints),
            validation=Thinned(held_out, WATCHED_TOKENS) if self.base is not None or self.mixture else held_out,
            bytes_per_token=held_out.bytes_per_token if len(held_out) else None,
            watched=self._watched(work, config.context),
            settings=settings,
            work=work,
            sample=sampler(Tokenizer.load(tokenizer_folder), held_out, config=config, seed=settings.seed),
            keep=lambda model, step: store_model(f"steps/step-{step:09d}", model),
            engine=self.engine,
            trackers=(Console(**peak), Events(**peak), Load(), meter, *self.trackers),
        )
        whole: Any = self.engine.whole(model)
        if whole is None:
            return Outcome(summary="the first rank writes the result")
        write_table(work.path("curve.parquet"), history.curve())
        with atomic_write(work.path("samples.jsonl")) as temporary:
            lines = (json.dumps(sample, ensure_ascii=False) + "\n" for sample in history.samples)
            temporary.write_text("".join(lines), encoding="utf-8")
        store_model("model", whole)
        if config.hybrid:
            save_encoder(work.path("encoder"), whole, tokenizer_folder)
        return _outcome(history, meter, config.hybrid, settings.stop_forgetting)

    def _rows(self, work: Work, context: int, joints: "WordJoints | None") -> "Sequence[Example]":
        """What is learnt from: one corpus, or several by their weights."""
        from firstwords.training.mixed_rows import MixedRows
        from firstwords.training.packed_examples import PackedExamples

        own = PackedExamples(work.inputs["tokens"].folder, "train", context, joints)
        if not self.mixture:
            return own
        places = {name: work.inputs.get(f"tokens.{name}") for name in {**self.mixture, **self.final_mixture}}
        parts = {
            name: own if place is None else PackedExamples(place.folder, "train", context, joints)
            for name, place in places.items()
        }
        for name, part in parts.items():
            if not len(part):
                raise RecipeError(f"{work.name}: the corpus '{name}' has nothing to learn from")
        return MixedRows(parts, self.mixture, self.final_mixture, self.final_share)

    def _watched(self, work: Work, context: int) -> "dict[str, Watched]":
        """Held-out text of the other corpora."""
        from firstwords.training.forgetting import WATCHED_TOKENS, Thinned, Watched
        from firstwords.training.packed_examples import PackedExamples

        found = {}
        for role, artifact in work.inputs.items():
            kind, _, name = role.partition(".")
            rows = PackedExamples(artifact.folder, "validation", context) if kind == "tokens" and name else []
            if isinstance(rows, PackedExamples) and len(rows):
                thinned, is_guarded = Thinned(rows, WATCHED_TOKENS), name == self.remember
                found[name] = Watched(thinned, rows.bytes_per_token, is_guarded=is_guarded)
        if self.remember is not None and self.remember not in found:
            raise RecipeError(f"{work.name}: the corpus '{self.remember}' has no held-out text to judge by")
        return found

    def _model(self, config: "ModelConfig", seed: int, work: Work) -> "tuple[Model, ModelConfig]":
        """The model to train, and the configuration it is stored with: a base keeps its longest context."""
        from firstwords.model.hugging_face import load_folder
        from firstwords.model.transformer import Model
        from firstwords.model.vocabulary import add_merged
        from firstwords.tokenizer.extension import Extension

        if self.base is None:
            return Model(config, self.objective.head(config, None), seed=seed), config  # type: ignore[arg-type]
        model, stored, _ = load_folder(self.base.model_folder(work.inputs), "language_model")
        added = Extension.read(work.inputs["tokenizer"].folder)
        if added is not None:
            add_merged(model, added.first, added.pieces)
            stored = model.config
        if dataclasses.replace(stored, context=config.context) != config:
            raise RecipeError(f"base = {self.base.path!r} is not the model that `configure` looked at")
        return model, stored


def _default(name: str) -> Any:
    """Default of one of the fields of `Pretrain`."""
    found = next(each for each in dataclasses.fields(Pretrain) if each.name == name)
    return found.default if found.default_factory is dataclasses.MISSING else found.default_factory()


@dataclass(frozen=True, kw_only=True)
class _Meter(Tracker):
    """Measures the speed of the steps that this process made."""

    totals: dict[str, float] = field(default_factory=lambda: {"tokens": 0.0, "seconds": 0.0})

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that adds up."""

        def add(record: dict[str, Any]) -> None:
            self.totals["tokens"] += record["step_tokens"]
            self.totals["seconds"] += record["seconds"]

        return add


def _outcome(history: "History", meter: _Meter, is_hybrid: bool, most: float | None = None) -> Outcome:
    bits, last = history.latest("bits_per_byte"), history.records[-1]
    quality = f"{bits:.3f} bits/byte on validation" if bits is not None else f"loss {last['loss']:.3f}"
    masked = history.latest("masked_validation_loss")
    quality += f", {masked:.3f} nats per masked token" if masked is not None else ""
    speed = meter.totals["tokens"] / meter.totals["seconds"] if meter.totals["seconds"] else None
    parts = [quality, f"{last['step']:,} steps", *([f"{speed:,.0f} tokens/s"] if speed else [])]
    told, is_over = _forgotten(history, most)
    parts[:1] = [told, *parts[1:]] if is_over else [*parts[:1], *([told] if told else [])]
    tables = [HYBRID_SIDES] if is_hybrid else []
    return Outcome(summary=", ".join(parts), counts={"steps": last["step"], "tokens": last["tokens"]}, tables=tables)


def _forgotten(history: "History", most: float | None) -> tuple[str, bool]:
    """What became of the general text, in words, and whether training ended because of it."""
    seen = [record for record in history.records if "forgetting" in record]
    if not seen:
        return "", False
    last = seen[-1]
    if most is None or last["forgetting"] <= most:
        return f"general text {last['forgetting']:+.1%}", False
    kept = [record for record in seen if record["forgetting"] <= most][-1]
    return (
        f"stopped: general text {last['forgetting']:+.1%} at step {last['step']:,}, more than {most:.1%}; back to step "
        f"{kept['step']:,} ({kept['forgetting']:+.1%})"
        + (f", {kept['bits_per_byte']:.3f} bits/byte" if "bits_per_byte" in kept else "")
    ), True
