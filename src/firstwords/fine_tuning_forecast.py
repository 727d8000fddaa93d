"""What the fine-tunings of a recipe will take, before anything runs: examples, passes, updates, memory and time.

The labelled data is read, so that what is wrong with it is told now. Tokens are counted where the base is there, and
taken from the length of the texts where it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from firstwords.console import duration
from firstwords.errors import RecipeError
from firstwords.forecast import Guess, Training, count, row, wrapped
from firstwords.graph import Plan
from firstwords.machine import gibibytes
from firstwords.model.base import BaseStage
from firstwords.model.config import ModelConfig
from firstwords.model.cost import training_flops_per_token, training_memory
from firstwords.tokenizer.texts import MAX_DOCUMENTS
from firstwords.training.fine_tuning import FineTuneSettings, derive
from firstwords.training.settings import TrainSettings
from firstwords.training.sizing import scaling_parameters

if TYPE_CHECKING:
    from firstwords.stages.finetune import Finetune

# Texts whose tokens are counted; spread over the whole part.
SAMPLE = 200
# Of English in a vocabulary of some thousand entries; counted where the base is there.
ASSUMED_BYTES_PER_TOKEN = 3.3
# Fields of records that no model is shown.
UNREAD = ("id", "group", "tags", "label", "labels", "task")
# A look at the validation part is a forward pass, one of three parts of a training step.
LOOKING_SHARE = 1 / 3


@dataclass(frozen=True, kw_only=True)
class FineTuning:
    """What one fine-tuning takes.

    Attributes:
        name: Of the stage.
        sizes: Of the base, in words.
        examples: Of the training part; 0 where nothing is known.
        tokens_per_example: On average.
        settings: As they will be derived.
        seeds: How often it is trained.
        parameters: In matrices of the base's layers and in its embedding; a new head has few.
        flops: Of all seeds.
        seconds: Of all seeds.
        memory_bytes: At the peak.
        assumed: What is not known yet and was put in its place.
        problem: Why nothing can be told.
    """

    name: str
    sizes: str = ""
    examples: int = 0
    tokens_per_example: float = 0.0
    settings: TrainSettings | None = None
    seeds: int = 1
    parameters: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    memory_bytes: int = 0
    assumed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def updates(self) -> int:
        """Of one seed."""
        assert self.settings is not None and self.settings.epochs and self.settings.batch_examples
        return max(1, round(self.settings.epochs * self.examples / self.settings.batch_examples))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        if self.settings is None:
            return {"problem": self.problem}
        found = {key: value for key, value in asdict(self).items() if key not in ("name", "sizes", "problem")}
        return found | {"updates": self.updates, "assumed": list(self.assumed)}


def fine_tunings(the_plan: Plan, trainings: Sequence[Training], here: Guess) -> list[FineTuning]:
    """Every fine-tuning of a recipe that is not done.

    Args:
        the_plan: Of the recipe.
        trainings: What its pre-trainings will be.
        here: What training may reach on this machine.

    Raises:
        RecipeError: If labelled data cannot be read.
    """
    known = {each.name: ModelConfig(**each.plan["model"]) for each in trainings if not each.problem}
    found = []
    for name in the_plan.graph.order:
        if not name.startswith("finetune"):
            continue
        config, folder = _base(the_plan, name, known)
        if config is not None:
            known[name] = config
        if the_plan.artifact(name) is None:
            found.append(_fine_tuning(the_plan, name, config, folder, here))
    return found


def lines(found: FineTuning) -> Iterator[str]:
    """A block of at most 80 columns."""
    settings = found.settings
    if settings is None:
        yield f"{found.name:<22} {found.problem}"
        return
    yield f"{found.name:<22} {found.sizes}"
    yield row("parameters", f"{count(found.parameters)}, and the head's")
    yield row("examples", f"{found.examples:,}, about {found.tokens_per_example:,.0f} tokens each")
    yield row(
        "updates", f"{found.updates:,} of {settings.batch_examples} examples: {settings.epochs:g} passes over all"
    )
    yield row("arithmetic", f"{found.flops:.2e} FLOPs")
    yield row("memory", f"{gibibytes(found.memory_bytes)} at the peak")
    yield row("time", f"about {duration(found.seconds)}" + (f", {found.seeds} seeds" if found.seeds > 1 else ""))
    yield from wrapped(found.assumed)


def _base(the_plan: Plan, name: str, known: Mapping[str, ModelConfig]) -> tuple[ModelConfig | None, Path | None]:
    """Sizes of the base, and its folder where it is there."""
    from firstwords.model.hugging_face import config_under

    stage: Finetune = the_plan.graph.stages[name]  # type: ignore[assignment]
    if not isinstance(stage.base, BaseStage):
        return config_under(stage.base.folder), stage.base.folder
    wanted = the_plan.graph.inputs[name]["base"]
    artifact = the_plan.artifact(wanted)
    if artifact is None:
        return known.get(wanted), None
    return config_under(artifact.path("model")), artifact.path("model")


def _fine_tuning(the_plan: Plan, name: str, config: ModelConfig | None, folder: Path | None, here: Guess) -> FineTuning:
    stage: Finetune = the_plan.graph.stages[name]  # type: ignore[assignment]
    if config is None:
        return FineTuning(name=name, problem="its base has no size yet")
    if stage.data.is_remote:
        return FineTuning(name=name, problem="its examples are fetched when it runs")
    documents = None
    if stage.data.needs_documents:
        corpus = the_plan.artifact(the_plan.graph.inputs[name]["documents"])
        if corpus is None:
            return FineTuning(name=name, problem="its examples come from the corpus, which is not made yet")
        documents = corpus.path("documents")
    parts = stage.data.parts(documents)
    train, validation = parts["train"], parts["validation"]
    if not train:
        raise RecipeError(f"{name}: the training part of the data is empty")
    tokens, assumed = _tokens_per_example(train, config, folder)
    if num_examples := getattr(stage.objective, "num_examples", 0):  # a row is an episode
        tokens = min(config.context, tokens * (1 + num_examples))
    settings, _ = derive(
        num_examples=len(train),
        num_tokens=round(tokens * len(train)),
        config=config,
        chosen=FineTuneSettings(stage.epochs, stage.rate, stage.batch_examples, stage.seed, stage.training),
        pace=stage.pace,
    )
    assert settings.epochs and settings.batch_examples
    read = tokens * len(train) * settings.epochs
    looked = tokens * len(validation) * settings.num_evaluations * LOOKING_SHARE
    speaks = not type(stage.objective).has_labels or type(stage.objective).keeps_head
    per_token = training_flops_per_token(
        config, tokens, predicted_share=stage.objective.predicted_share if speaks else 0.0
    )
    whole = per_token * (read + looked) * len(stage.all_seeds)
    if stage.adversary is not None:
        assumed += ("further passes of the adversary are not counted",)
    return FineTuning(
        name=name,
        sizes=f"{config.num_layers} layers x {config.width}, {config.layout}",
        examples=len(train),
        tokens_per_example=tokens,
        settings=settings,
        seeds=len(stage.all_seeds),
        parameters=scaling_parameters(config),
        flops=whole,
        seconds=whole / here.flops(config.width),
        memory_bytes=training_memory(config, round(tokens * settings.batch_examples), 0 if speaks else 2, muon=False),
        assumed=(*assumed, here.how(config.width)),
    )


def _tokens_per_example(
    records: Sequence[Any], config: ModelConfig, folder: Path | None
) -> tuple[float, tuple[str, ...]]:
    texts = [_text(records[place]) for place in range(0, len(records), max(1, len(records) // SAMPLE))]
    if folder is None:
        lengths = [len(text.encode()) / ASSUMED_BYTES_PER_TOKEN for text in texts]
        assumed: tuple[str, ...] = (f"{ASSUMED_BYTES_PER_TOKEN} bytes a token",)
    else:
        from firstwords.tokenizer.tokenizer import Tokenizer

        tokenizer = Tokenizer.load(folder)
        around = sum(map(len, tokenizer.frame))
        lengths, assumed = [float(around + len(tokenizer.encode(text))) for text in texts], ()
    return max(1.0, mean(min(length, MAX_DOCUMENTS * config.context) for length in lengths)), assumed


def _text(record: Any) -> str:
    """All that is read of a record."""
    values = asdict(record)
    return "\n".join(_strings({key: each for key, each in values.items() if key not in UNREAD}))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        if value and all(isinstance(each, str) for each in value):
            yield " ".join(value)
        else:
            for each in value:
                yield from _strings(each)
