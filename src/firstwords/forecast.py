"""What the trainings of a recipe will take, before anything runs: on this machine, or on GPUs that one does not have.

Where a `configure` stage is done, its measured numbers are told. Otherwise its own rules are followed with a guess of
the machine's speed, and what was assumed is said.
"""

from __future__ import annotations

import dataclasses
import json
import math
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from firstwords import machine
from firstwords.compute.accelerators import ACCELERATORS, Accelerator, accelerator
from firstwords.compute.devices import best_device, free_memory_bytes, has_driver
from firstwords.console import duration
from firstwords.errors import CannotFit, RecipeError
from firstwords.graph import Plan
from firstwords.model.config import ModelConfig
from firstwords.model.cost import training_flops_per_token
from firstwords.model.presets import preset
from firstwords.recipe import Component, Size, build
from firstwords.training.cluster import PEAK_SHARE, ClusterPlan, cluster_plan
from firstwords.training.resolution import ON_GPU, ON_PROCESSOR, Corpus, Demand, Limits, Measure, resolve
from firstwords.training.sizing import Speed, optimizer_flops

if TYPE_CHECKING:
    from firstwords.fine_tuning_forecast import FineTuning
    from firstwords.stages.configure import Configure

# What training reaches on a processor, of what a large matrix product does, by the width of the model: the quickstart's
# (two layers x 128) and MiniLM's fine-tuning (384), two cores.
PROCESSOR_SHARES = ((128, 0.5), (384, 0.75))
# On a GPU .19 in a short run that compiles nothing, .34 to .39 in longer ones (docs/log 2026-11-26, gpu).
GPU_SHARES = ((128, 0.3), (384, 0.3))
ASSUMED_VOCABULARY = {"processor": 4096, "gpus": 32_768}
# Of a card that is given by hand: a PCIe 4 slot, and a usual board.
OWN_LINK, OWN_WATTS = 32e9, 350.0
ENDLESS = 10**15  # tokens of a corpus that is not known yet


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """GPUs to plan for."""

    name: str
    card: Accelerator
    num_gpus: int
    peak_share: float


@dataclass(frozen=True, kw_only=True)
class Training:
    """What one pre-training takes.

    Attributes:
        name: Of the stage.
        plan: As in `plan.json`; empty where the model does not fit.
        assumed: What is not known yet and was put in its place.
        cluster: How it would go on GPUs.
        problem: Why the model does not fit.
    """

    name: str
    plan: dict[str, Any]
    assumed: tuple[str, ...]
    cluster: ClusterPlan | None = None
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        if self.problem:
            return {"problem": self.problem, "assumed": list(self.assumed)}
        found: dict[str, Any] = {key: self.plan[key] for key in ("model", "training", "cost", "reasons")}
        found["assumed"] = list(self.assumed)
        if self.cluster is not None:
            found["cluster"] = self.cluster.as_dict()
        return found


def cluster_of(
    num_gpus: int,
    name: str | None,
    peak_share: float | None = None,
    flops: float | None = None,
    memory: str | None = None,
) -> Cluster | None:
    """The GPUs that a person names; None where none are meant.

    Args:
        num_gpus: At least 1.
        name: In the table, or any where `flops` and `memory` are given.
        peak_share: Share of the peak that training reaches.
        flops: Peak a second, instead of the table's.
        memory: Of a card, such as `48GiB`, instead of the table's.

    Raises:
        RecipeError: If a number is impossible or the card unknown.
    """
    if name is None and num_gpus == 1 and peak_share is None and flops is None and memory is None:
        return None
    if num_gpus < 1:
        raise RecipeError(f"--gpus {num_gpus}: at least one card is needed")
    share = PEAK_SHARE if peak_share is None else peak_share
    if not 0 < share <= 1:
        raise RecipeError(f"--peak-share {share}: it is a share of the peak, above 0 and at most 1")
    given: dict[str, Any] = {} if flops is None else {"flops": flops}
    if memory is not None:
        given["memory_bytes"] = build(_Memory, {"gpu_memory": memory}, "--gpu-memory").gpu_memory
    if name is None and len(given) < 2:
        raise RecipeError("--gpus needs --gpu, for example --gpu h100, or both --gpu-flops and --gpu-memory")
    if name is None or (name.lower() not in ACCELERATORS and len(given) == 2):
        card = Accelerator(bandwidth=0, link=OWN_LINK, watts=OWN_WATTS, source="given by hand", **given)
    else:
        card = dataclasses.replace(accelerator(name), **given)
    if card.flops <= 0:
        raise RecipeError(f"--gpu-flops {card.flops:g}: it must be positive, for example 989e12")
    return Cluster(name=name or "own card", card=card, num_gpus=num_gpus, peak_share=share)


@dataclass(frozen=True, kw_only=True)
class _Memory(Component):
    gpu_memory: Size


def forecast(the_plan: Plan, cluster: Cluster | None = None) -> list[Training]:
    """Every pre-training of a recipe.

    Args:
        the_plan: Of the recipe.
        cluster: GPUs to plan for; None = this machine.

    Raises:
        RecipeError: If sizes contradict each other.
    """
    names = [name for name in the_plan.graph.order if name.partition(".")[0] == "pretrain"]
    return [_training(the_plan, name, cluster) for name in names]


def _training(the_plan: Plan, name: str, cluster: Cluster | None) -> Training:
    graph = the_plan.graph
    configuration = graph.inputs[name]["configuration"]
    artifact, stage = the_plan.artifact(configuration), graph.stages.get(configuration)
    if artifact is not None and (cluster is None or stage is None):
        measured = json.loads(artifact.path("plan.json").read_text(encoding="utf-8"))
        objective = getattr(graph.stages[name], "objective", None)
        return Training(name=name, plan=measured, assumed=(), cluster=_on(cluster, measured, objective))
    corpus, assumed = _corpus(the_plan, configuration, stage, cluster)  # type: ignore[arg-type]
    demand = _demand(stage)  # type: ignore[arg-type]
    here = this_machine() if cluster is None else _all_cards(cluster, demand)
    try:
        plan = resolve(demand, corpus, _modelled(here.flops, demand), here.memory, limits=here.limits)
        if cluster is None:
            assumed += (here.how(plan["model"]["width"]),)
        return Training(name=name, plan=plan, assumed=assumed, cluster=_on(cluster, plan, demand.objective))
    except CannotFit as error:
        return Training(name=name, plan={}, assumed=assumed, problem=str(error))


def _all_cards(cluster: Cluster, demand: Demand) -> Guess:
    # Whether a fixed size fits is decided by `cluster_plan`, which knows how to shard it.
    memory = ENDLESS if demand.sizes.is_fixed else round(cluster.card.memory_bytes * cluster.num_gpus)
    share = cluster.peak_share
    return Guess(cluster.card.flops * cluster.num_gpus, ((128, share), (384, share)), memory, ON_PROCESSOR, "all cards")


def _demand(stage: Configure) -> Demand:
    return Demand(stage.objective, stage.budget, stage.tokens, stage.model, stage.training, stage.seed, stage.flops)


def _on(cluster: Cluster | None, plan: dict[str, Any], objective: Any) -> ClusterPlan | None:
    if cluster is None:
        return None
    return cluster_plan(
        ModelConfig(**plan["model"]),
        tokens=plan["training"]["tokens"],
        batch_tokens=plan["training"]["batch_tokens"],
        card=cluster.card,
        num_gpus=cluster.num_gpus,
        peak_share=cluster.peak_share,
        predicted_share=float(getattr(objective, "share", 1.0)),
    )


def _modelled(speed: Callable[[int], float], demand: Demand) -> Measure:
    """A machine of so many operations a second, by the width of a model."""
    share = float(getattr(demand.objective, "share", 1.0))

    def measure(config: ModelConfig, seconds: float, precision: str = "float32") -> Speed:
        per_token = training_flops_per_token(config, predicted_share=share)
        flops = speed(config.width)
        return Speed(per_token / flops, optimizer_flops(config) / flops)

    return measure


@dataclass(frozen=True)
class Guess:
    """What training may reach on a machine that was not measured.

    Attributes:
        peak: Operations a second of a large matrix product.
        shares: Of that, by the width of the model: two points, level on both sides.
        memory: Bytes.
        limits: Of its kind.
        what: In words.
    """

    peak: float
    shares: tuple[tuple[int, float], tuple[int, float]]
    memory: int
    limits: Limits
    what: str

    def share(self, width: int) -> float:
        """What a model of this width reaches of the peak; even steps of it for each doubling."""
        (narrow, low), (wide, high) = self.shares
        place = math.log(width / narrow) / math.log(wide / narrow)
        return low + (high - low) * min(1.0, max(0.0, place))

    def flops(self, width: int) -> float:
        """Operations a second of a model's training."""
        return self.peak * self.share(width)

    def how(self, width: int) -> str:
        """Where that number comes from."""
        rate = f"{self.peak / 1e9:,.0f} GFLOP/s" if self.peak < 1e13 else f"{self.peak / 1e12:,.0f} TFLOP/s"
        return f"{self.share(width):.0%} of {self.what}'s {rate} in matrix products, until it is measured"


@cache
def this_machine() -> Guess:
    """A guess from a matrix product, made now."""
    if has_driver() and (device := best_device()) != "cpu":
        from firstwords.training.probe import matrix_peak

        return Guess(matrix_peak(device, "bfloat16"), GPU_SHARES, free_memory_bytes(device), ON_GPU, "this GPU")
    return Guess(_product_on_the_processor(), PROCESSOR_SHARES, machine.memory_bytes(), ON_PROCESSOR, "this machine")


def _product_on_the_processor() -> float:
    import numpy as np

    size, best = 1024, float("inf")
    generator = np.random.default_rng(0)
    a, b = (generator.random((size, size), dtype=np.float32) for _ in range(2))
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def _corpus(
    the_plan: Plan, configuration: str, stage: Configure, cluster: Cluster | None
) -> tuple[Corpus, tuple[str, ...]]:
    from firstwords.data.token_store import read_store_index

    inputs = the_plan.graph.inputs.get(configuration, {})
    store = the_plan.artifact(inputs["tokens"]) if "tokens" in inputs else None
    ids = {"end_of_text": 0, "pad": 1, "mask": 2}
    most = type(stage.objective).max_epochs
    if store is not None:
        index = read_store_index(store.folder)
        sizes = {split: counts["tokens"] for split, counts in index["splits"].items()}
        known = Corpus(
            vocab_size=index["vocab_size"],
            train_tokens=sizes["train"],
            validation_tokens=sizes.get("validation", 0),
            max_epochs=most,
            **ids,
        )
        return known, ()
    tokenizer = getattr(the_plan.graph.stages.get(inputs.get("tokenizer", "")), "tokenizer", None)
    vocab_size = getattr(tokenizer, "vocab_size", None)
    assumed: tuple[str, ...] = ("enough text that none is read twice",)
    if vocab_size is None:
        vocab_size = ASSUMED_VOCABULARY["processor" if cluster is None else "gpus"]
        if stage.model.preset:
            vocab_size = preset(stage.model.preset).vocab_size
        assumed = (f"a vocabulary of {vocab_size:,}", *assumed)
    return Corpus(vocab_size=vocab_size, train_tokens=ENDLESS, validation_tokens=0, max_epochs=most, **ids), assumed


# --- In words ---------------------------------------------------------------------------------------------------------


def lines(training: Training, cluster: Cluster | None = None) -> Iterator[str]:
    """A block of at most 80 columns."""
    if training.problem:
        yield from textwrap.wrap(f"{training.name:<22} {training.problem}", 80, subsequent_indent=" " * 23)
        yield from wrapped(training.assumed)
        return
    model, cost, settings = training.plan["model"], training.plan["cost"], training.plan["training"]
    heads = f"{model['num_heads']} heads"
    if model["num_kv_heads"] != model["num_heads"]:
        heads = f"{model['num_heads']}/{model['num_kv_heads']} heads"
    yield (
        f"{training.name:<22} {model['num_layers']} layers x {model['width']}, {heads}, {model['layout']}, "
        f"context {model['context']:,}"
    )
    inner = cost["parameters"] - cost["layer_parameters"]
    yield row("parameters", f"{count(cost['parameters'])}, of these {count(inner)} outside the layers' matrices")
    ratio = settings["tokens"] / cost["parameters"]
    yield row("tokens", f"{count(settings['tokens'])}, {ratio:.1f} a parameter")
    yield row("arithmetic", f"{cost['flops']:.2e} FLOPs, {count(cost['flops_per_token'])} a token")
    yield row("disk", machine.gibibytes(cost["disk_bytes"]))
    if cluster is None or training.cluster is None:
        yield row("memory", f"{machine.gibibytes(cost['memory_bytes'])} at the peak")
        guess = "about " if training.assumed else ""
        rate = f"{cost['tokens_per_second']:,.0f} tokens/s"
        yield row("time", f"{guess}{duration(cost['seconds'])} at {rate}{'' if training.assumed else ' measured'}")
    else:
        yield from _cluster_lines(training.cluster, cluster)
    yield from wrapped(training.assumed)


def _cluster_lines(found: ClusterPlan, cluster: Cluster) -> Iterator[str]:
    card, memory = cluster.card, found.memory
    yield row(
        "cards",
        f"{found.num_gpus} x {cluster.name}: {card.flops / 1e12:,.0f} TFLOP/s, {machine.gibibytes(card.memory_bytes)}",
    )
    sharding = "weights, gradients and moments (FSDP)" if found.sharding == "fsdp" else "nothing"
    yield row("sharded", sharding if found.num_gpus > 1 else "nothing, one card")
    yield row("kept for backward", "the input of each layer" if found.checkpointing else "all activations")
    yield row(
        "an update",
        f"{found.micro_tokens:,} tokens x {found.num_gpus} cards x {found.accumulation} = {found.batch_tokens:,}",
    )
    yield row("memory a card", machine.gibibytes(memory.total))
    for pair in (("weights", "gradients"), ("optimizer", "activations")):
        yield row("", "   ".join(f"{part:<11} {machine.gibibytes(getattr(memory, part)):>8}" for part in pair))
    reached = f"{found.peak_share:.0%} of the peak" if found.limit == "arithmetic" else "limited by the links"
    yield row("speed", f"{found.tokens_per_second:,.0f} tokens/s, {reached}")
    yield row("time", f"{_long(found.seconds)}, {found.gpu_hours:,.1f} GPU-hours")
    yield row("energy", f"{found.kilowatt_hours:,.1f} kWh at {card.watts:.0f} W a card, hosts and cooling apart")


def row(name: str, text: str) -> str:
    """A line of a block."""
    return f"  {name:<20} {text}"


def wrapped(assumed: tuple[str, ...]) -> Iterator[str]:
    """What was assumed, as the end of a block."""
    for number, each in enumerate(assumed):
        head = row("assumed" if not number else "", "")
        yield from textwrap.wrap(each, 80, initial_indent=head, subsequent_indent=" " * len(head))


def _long(seconds: float) -> str:
    return f"{seconds / 86_400:,.1f} days" if seconds > 2 * 86_400 else duration(seconds)


def count(number: float) -> str:
    """A number for people: `812`, `3.1M`, `8.0B`."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:,.1f}{unit}"
    return f"{number:,.0f}"


def as_json(
    steps: list[Any], trainings: list[Training], cluster: Cluster | None, tunings: list[FineTuning] | None = None
) -> list[dict[str, Any]]:
    """The steps of a plan, each training with what it takes."""
    by_name = {each.name: each.as_dict() for each in (*trainings, *(tunings or ()))}
    cards = {} if cluster is None else {"card": asdict(cluster.card) | {"name": cluster.name}}
    return [
        {key: None if value is None else str(value) if key == "folder" else value for key, value in vars(step).items()}
        | ({"training": by_name[step.name] | cards} if step.name in by_name else {})
        for step in steps
    ]
