"""Train a language model on the token store."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.engine import Engine
from firstwords.compute.engines.single import Single
from firstwords.errors import RecipeError
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import Count, Duration, Kind
from firstwords.stage import Outcome, Stage, Work
from firstwords.training.objective import Objective
from firstwords.training.tracker import Tracker

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.stages.configure import Configure
    from firstwords.training.train import History

# Fields that are handed on to the stage that derives all numbers.
HANDED_ON = ("objective", "budget", "tokens", "model", "training", "seed")


@dataclass(frozen=True, kw_only=True)
class Pretrain(Stage):
    """Pre-train a model with the numbers that a `configure` stage derived.

    Payload: `model/` (a Hugging Face folder), `curve.parquet` (one row a step), `samples.jsonl`.

    Attributes:
        objective: `causal_lm` or `masked_lm`.
        configuration: A `configure` stage of the recipe. By default the one of the same name, or a plain one; if there
            is none, one is made from the five fields below, which are explained there.
        budget: Time that training may take.
        tokens: Tokens to train on, instead of a budget.
        model: Sizes set by hand, for example `{ depth = 6 }`.
        training: Settings of training set by hand.
        seed: Of weights, order and masks.
        engine: Where to run.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    objective: Annotated[Objective, Kind("training.objectives")]
    configuration: str | None = None
    budget: Annotated[Duration, Field(gt=0)] | None = None
    tokens: Annotated[Count, Field(gt=0)] | None = None
    model: ModelSizes = field(default_factory=ModelSizes)
    training: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: Annotated[Engine, Kind("compute.engines")] = field(default_factory=Single)

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The numbers, the token store, the vocabulary."""
        return {
            "configuration": self._configuration(graph),
            "tokens": graph.require("tokenize"),
            "tokenizer": graph.require("train_tokenizer"),
        }

    def _configuration(self, graph: "Graph") -> str:
        part = graph.name.partition(".")[2]
        own = f"configure.{part}" if part else "configure"
        implied = self._implied()
        name = self.configuration or (own if graph.stage(own) or not graph.stage("configure") else "configure")
        if graph.stage(name) not in (None, implied) or self.configuration:
            given = [each for each in HANDED_ON[1:] if getattr(self, each) != _default(each)]
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
        from firstwords.model.hugging_face import save_folder
        from firstwords.model.transformer import Model
        from firstwords.recipe import build
        from firstwords.tokenizer.tokenizer import Tokenizer
        from firstwords.training.packed_examples import PackedExamples
        from firstwords.training.samples import sampler
        from firstwords.training.settings import TrainSettings
        from firstwords.training.trackers.console import Console
        from firstwords.training.trackers.events import Events
        from firstwords.training.train import train

        torch.set_num_threads(work.threads)
        plan = json.loads(work.inputs["configuration"].path("plan.json").read_text(encoding="utf-8"))
        config = ModelConfig(**plan["model"])
        settings = build(TrainSettings, plan["training"], f"{work.inputs['configuration'].name}: plan.json")
        store, tokenizer_folder = work.inputs["tokens"].folder, work.inputs["tokenizer"].folder
        rows = PackedExamples(store, "train", config.context)
        held_out = PackedExamples(store, "validation", config.context)
        model = Model(config, self.objective.head(config, None), seed=settings.seed)  # type: ignore[arg-type]
        meter = _Meter()
        history = train(
            model=model,
            objective=self.objective,
            rows=rows,
            validation=held_out,
            bytes_per_token=held_out.bytes_per_token if len(held_out) else None,
            settings=settings,
            work=work,
            sample=sampler(Tokenizer.load(tokenizer_folder), held_out, causal=config.causal, seed=settings.seed),
            engine=self.engine,
            trackers=(Console(), Events(), meter),
        )
        write_table(work.path("curve.parquet"), history.curve())
        with atomic_write(work.path("samples.jsonl")) as temporary:
            lines = (json.dumps(sample, ensure_ascii=False) + "\n" for sample in history.samples)
            temporary.write_text("".join(lines), encoding="utf-8")
        save_folder(work.path("model"), model, config, tokenizer_folder)
        return _outcome(history, meter)


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


def _outcome(history: "History", meter: _Meter) -> Outcome:
    bits, last = history.latest("bits_per_byte"), history.records[-1]
    quality = f"{bits:.3f} bits/byte on validation" if bits is not None else f"loss {last['loss']:.3f}"
    speed = meter.totals["tokens"] / meter.totals["seconds"] if meter.totals["seconds"] else None
    parts = [quality, f"{last['step']:,} steps", *([f"{speed:,.0f} tokens/s"] if speed else [])]
    return Outcome(summary=", ".join(parts), counts={"steps": last["step"], "tokens": last["tokens"]})
