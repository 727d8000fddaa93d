"""The plan of a pre-training: every number of model and training, resolved from what a recipe asks for.

No torch here; the machine's speed comes in as a function.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from firstwords.errors import CannotFit, RecipeError
from firstwords.machine import gibibytes
from firstwords.model.config import ModelConfig, Reason
from firstwords.model.cost import training_cost, training_flops_per_token, training_memory
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import build, kind_of
from firstwords.training import sizing
from firstwords.training.footprint import Footprint
from firstwords.training.objective import Objective
from firstwords.training.rehearsal import MICRO_BATCHES, Taken
from firstwords.training.settings import TrainSettings
from firstwords.training.sizing import Candidate, Choice, Corpus, Speed
from firstwords.training.speeds import LEAST_PRODUCT_GAIN, Measure, Speeds

__all__ = ["Corpus", "Demand", "resolve"]

DEFAULT_BUDGET = 180.0
MIN_DEPTH, MAX_DEPTH = 2, 48
# Of the budget: loading torch and the data, the first step, samples, writing the checkpoint.
START_SECONDS = 3.0
# A run is rehearsed where so many steps take no longer than that, or than a twentieth of the run.
REHEARSED_STEPS, REHEARSED_SECONDS = 5, 8.0
# All timed steps together, whatever the machine; less where only the predicted time depends on them.
PROBE_SECONDS = 4.5
SHORT_PROBE_SECONDS = 2.0
# What a whole run holds beyond its steps: the tokenizer, samples, the learning curve.
RUN_BYTES = 10 * 2**20
# In bfloat16 memory grows over a run's first steps, with kernels and gaps of the allocator: by 64 to 151 MiB after a
# rehearsal in five configurations (docs/log 2026-11-26, kernels that are kept).
HALF_BYTES = 80 * 2**20
# Of the memory that is free now; other processes may want some too.
MEMORY_SHARE = 0.8


@dataclass(frozen=True)
class Limits:
    """What is different on a processor and on a GPU.

    Attributes:
        micro_tokens: The most that go through the model at once, if they fit.
        rehearsed_from: Seconds of a run that is long enough to be rehearsed. On a processor that takes some five
            seconds; on a GPU a process takes longer to begin, and parts of the model may be compiled in it.
    """

    micro_tokens: int
    rehearsed_from: float


ON_PROCESSOR, ON_GPU = Limits(4096, 30.0), Limits(65536, 300.0)
MOST_MICRO = f"at most {ON_PROCESSOR.micro_tokens:,} on a processor, {ON_GPU.micro_tokens:,} on a GPU"
MICRO_REASON = f"go through the model at once; as many as fit, {MOST_MICRO}"


@dataclass(frozen=True)
class Demand:
    """What a recipe asks for; `stages.configure` explains the fields."""

    objective: Objective
    budget: float | None
    tokens: int | None
    sizes: ModelSizes
    training: Mapping[str, Any]
    seed: int
    flops: float | None = None

    @property
    def by_clock(self) -> bool:
        """Whether the time decides how many tokens are learnt."""
        if self.tokens is not None or self.flops is not None:
            return False
        return self.budget is not None or not self.sizes.is_fixed


Rehearse = Callable[[ModelConfig, TrainSettings], Taken]
"""Makes a few steps of a run as it would be."""


def resolve(
    demand: Demand,
    corpus: Corpus,
    measure: Measure,
    memory: int,
    half_gain: float = 0.0,
    limits: Limits = ON_PROCESSOR,
    rehearse: Rehearse | None = None,
) -> dict[str, Any]:
    """Everything that pre-training needs to know.

    Args:
        demand: From the recipe.
        corpus: What there is to learn from.
        measure: The machine.
        memory: Free bytes.
        half_gain: How many times as fast matrix products are in bfloat16 (`model.precision`); whether training is
            faster by it is measured where they are.
        limits: Of a processor, or of a GPU.
        rehearse: Where it is given, what was chosen is rehearsed if the run is long enough to pay for it.

    Returns:
        `plan.json`: `model` (fields of `ModelConfig`), `training` (fields of `TrainSettings`), `reasons` (name, value,
        reason), `probe` (what was measured), `cost` (parameters, FLOPs, bytes, seconds).

    Raises:
        CannotFit: If the model does not fit into memory, or the budget is too short for any.
        RecipeError: If sizes or settings contradict each other.
    """
    case = _Case(demand, corpus, memory, limits, rehearse)
    # What the size does not depend on is rehearsed anyhow.
    is_rough = not demand.by_clock or (rehearse is not None and demand.sizes.is_fixed)
    seconds = SHORT_PROBE_SECONDS if is_rough else PROBE_SECONDS
    by_hand = demand.training.get("precision")
    machine = Speeds(measure, demand.objective.predicted_share, seconds, by_hand or "float32")
    candidates = _candidates(demand, corpus, memory, limits.micro_tokens)
    demand.objective.check(candidates[0][0])
    choice, reason = _choose(demand, corpus, candidates, machine)
    precision = None
    if by_hand is None and half_gain >= LEAST_PRODUCT_GAIN:
        both = partial(case.rehearsed, machine, choice) if case.is_worth_rehearsing(choice) else None
        machine, precision = machine.in_half_precision(choice.config, both)
        if precision.value == "bfloat16":
            choice, reason = _choose(demand, corpus, candidates, machine)
    elif by_hand is None and half_gain:
        told = f"single products are {half_gain:.2f} times as fast in bfloat16 here"
        precision = Reason("precision", "float32", f"{told}; steps are compared from {LEAST_PRODUCT_GAIN} on")
    if case.is_worth_rehearsing(choice):
        if not machine.is_rehearsed(choice.config):
            machine.learn(choice.config, case.rehearsed(machine, choice, machine.precision))
        choice = _at_speed(demand, corpus, choice, machine.speed(choice.config))
    settings, reasons = case.training(choice, precision)
    first = choice.reasons[0]
    if not (demand.sizes.preset or demand.sizes.parameters):
        first = dataclasses.replace(first, reason=reason)  # the number of layers is the dial
    reasons = [first, *choice.reasons[1:], *reasons]
    return {
        "model": choice.config.as_dict(),
        "training": settings,
        "reasons": [each.as_dict() for each in reasons],
        "probe": machine.report(),
        "cost": _cost(choice, settings, corpus, machine),
    }


@dataclass(frozen=True)
class _Case:
    """What is asked for and what is there, for a choice to be turned into settings and rehearsed."""

    demand: Demand
    corpus: Corpus
    memory: int
    limits: Limits
    rehearse: Rehearse | None

    def training(self, choice: Choice, precision: Reason | None) -> tuple[dict[str, Any], list[Reason]]:
        """Fields of `TrainSettings`, and why they are so."""
        micro_tokens = _micro_tokens(choice.config, self.memory, self.limits.micro_tokens)
        assert micro_tokens is not None
        return _training(self.demand, self.corpus, choice, micro_tokens, precision)

    def is_worth_rehearsing(self, choice: Choice) -> bool:
        """Whether a run is long enough for a rehearsal, and its steps short enough."""
        if self.rehearse is None:
            return False
        seconds = choice.tokens / choice.speed.tokens_per_second(choice.batch_tokens)
        at_once = self.training(choice, None)[0]["micro_tokens"]
        step = min(choice.batch_tokens, MICRO_BATCHES * at_once) * choice.speed.seconds_per_token
        return seconds >= self.limits.rehearsed_from and REHEARSED_STEPS * step <= max(REHEARSED_SECONDS, seconds / 20)

    def rehearsed(self, machine: Speeds, choice: Choice, precision: str) -> Speed:
        """Speed and memory of a choice in a precision; what an update takes of it was measured before."""
        assert self.rehearse is not None
        by_hand = "precision" in self.demand.training
        settings, _ = self.training(choice, None if by_hand else Reason("precision", precision, ""))
        return _speed_of(
            self.rehearse(choice.config, build(TrainSettings, settings, "training")), machine, choice.config
        )


def _speed_of(taken: Taken, machine: Speeds, config: ModelConfig) -> Speed:
    """What a rehearsal says of a token, of an update, of an evaluation and of memory."""
    update = machine.speed(config).seconds_per_update
    peak = taken.peak_bytes
    return Speed(
        max(taken.seconds_per_token - update / taken.update_tokens, taken.seconds_per_token / 2),
        update,
        None if peak is None else Footprint(min(taken.micro_tokens, taken.update_tokens), peak, 0.0),
        taken.looking_seconds_per_token,
        rehearsed=True,
    )


def _at_speed(demand: Demand, corpus: Corpus, choice: Choice, speed: Speed) -> Choice:
    """What was chosen, as far as it gets at another speed: model and batch stay.

    Raises:
        CannotFit: If that is nowhere.
    """
    if not demand.by_clock:
        return dataclasses.replace(choice, speed=speed)
    seconds = (demand.budget or DEFAULT_BUDGET) - START_SECONDS
    found = sizing.in_time((choice.config, choice.reasons), speed, seconds, corpus, choice.batch_tokens)
    if found.num_updates < sizing.FEWEST_UPDATES:
        raise CannotFit(
            f"{seconds + START_SECONDS:.0f} s are enough for {found.num_updates} updates of {found.config.num_layers} "
            f"layers x {found.config.width} on this machine; a model needs at least {sizing.FEWEST_UPDATES}. Give more "
            "time, a smaller model, or tokens instead of a budget."
        )
    return found


def _candidates(demand: Demand, corpus: Corpus, memory: int, most_micro_tokens: int) -> list[Candidate]:
    """Configurations that fit into memory, the smallest first: one where the depth is given."""
    sizes = demand.sizes
    objective = type(demand.objective)
    layout = sizes.layout or objective.layouts[0]
    if layout not in objective.layouts:
        raise RecipeError(
            f"model.layout '{layout}' does not go with the objective '{kind_of(objective)}': "
            "a masked language model is a 'eurobert', a causal one a 'qwen3' or a 'llama', a hybrid one a 'llama'"
        )
    ids: dict[str, Any] = {
        "pad_id": corpus.pad,
        "bos_id": corpus.end_of_text,
        "eos_id": corpus.end_of_text,
        "mask_id": corpus.mask,
    }
    ids |= {"hybrid": objective.is_hybrid, "infilling_id": corpus.infilling}
    given = {"vocab_size": corpus.vocab_size} | ids | {"layout": layout}
    depths = [MIN_DEPTH] if sizes.is_fixed else range(MIN_DEPTH, MAX_DEPTH + 1)
    found: list[Candidate] = []
    for depth in depths:
        config, reasons = sizes.derive(depth, **given)
        if _micro_tokens(config, memory, most_micro_tokens) is None:
            break
        found.append((config, reasons))
    if not found:
        config = sizes.derive(depths[0], **given)[0]
        needed = training_memory(config, config.context)
        raise CannotFit(
            f"a model of {config.num_layers} layers x {config.width} needs {gibibytes(needed)} to train; "
            f"{gibibytes(memory)} are free here. Choose a smaller depth, width or context."
        )
    return found


def _micro_tokens(config: ModelConfig, memory: int, most: int) -> int | None:
    """The most tokens at once, at most so many, that fit into memory; None if not even one row does."""
    tokens = max(most, config.context)
    while tokens >= config.context:
        if training_memory(config, tokens) <= MEMORY_SHARE * memory:
            return tokens
        tokens //= 2
    return None


def _choose(demand: Demand, corpus: Corpus, candidates: list[Candidate], machine: Speeds) -> tuple[Choice, str]:
    """The configuration to train, how far, and why that depth."""
    smallest = min(candidates, key=lambda each: sizing.scaling_parameters(each[0]))[0]
    # A small model is measured in a blink and tells whether a large one can be.
    machine.try_out(smallest if len(candidates) > 1 else _tiny(smallest))
    if len(candidates) == 1:
        machine.try_out(candidates[0][0], is_set=True)
    if not demand.by_clock:
        return _without_clock(demand, corpus, candidates, machine)
    budget = demand.budget or DEFAULT_BUDGET
    seconds, batch = budget - START_SECONDS, demand.training.get("batch_tokens")
    while True:
        choices = [sizing.in_time(each, machine.speed(each[0]), seconds, corpus, batch) for each in candidates]
        best, why = _largest_worth_it(choices, corpus)
        if not machine.try_out(best.config):
            break
    if best.num_updates < sizing.FEWEST_UPDATES:
        # A moment in which another program had the machine must not refuse a training.
        machine.measure_again(best.config)
        best = _at_speed(demand, corpus, best, machine.speed(best.config))
    return best, "set by hand" if demand.sizes.is_fixed else f"{why}, in {budget:.0f} s on this machine"


def _largest_worth_it(choices: list[Choice], corpus: Corpus) -> tuple[Choice, str]:
    """The last choice that is not too large for its tokens, the first if all are; and why."""
    fitting = [choice for choice in choices if sizing.is_worth_it(choice, corpus)]
    if not fitting:
        return choices[0], "the smallest: a larger one would get too few tokens"
    best = fitting[-1]
    if sizing.effective_tokens(best.tokens, corpus.train_tokens) >= sizing.wanted_tokens(best.config):
        why = f"the largest that gets {sizing.TOKENS_PER_PARAMETER} tokens a parameter (nanochat)"
    else:
        why = "the largest that reads the whole corpus four times (Muennighoff et al. 2023)"
    return best, f"{why}; repeated tokens count less"


def _without_clock(demand: Demand, corpus: Corpus, candidates: list[Candidate], machine: Speeds) -> tuple[Choice, str]:
    """Sizes from a number of tokens or of FLOPs, or tokens from the size."""
    batch = demand.training.get("batch_tokens")
    if demand.tokens is None and demand.flops is None:
        config = candidates[0][0]
        tokens = min(sizing.wanted_tokens(config), int(corpus.max_epochs * corpus.train_tokens))
        return sizing.with_tokens(candidates[0], machine.speed(config), tokens, corpus, batch), "set by hand"
    choices = []
    for each in candidates:
        enough = demand.tokens
        if enough is None:
            assert demand.flops is not None
            per_token = training_flops_per_token(each[0], predicted_share=machine.predicted_share)
            enough = min(int(demand.flops / per_token), int(corpus.max_epochs * corpus.train_tokens))
        choices.append(sizing.with_tokens(each, machine.speed(each[0]), enough, corpus, batch))
    best, why = _largest_worth_it(choices, corpus)
    if machine.try_out(best.config):
        best = dataclasses.replace(best, speed=machine.speed(best.config))
    if demand.flops is not None and best.num_updates < sizing.FEWEST_UPDATES:
        raise CannotFit(
            f"{demand.flops:.3g} FLOPs are enough for {best.num_updates} updates of {best.config.num_layers} layers x "
            f"{best.config.width}; a model needs at least {sizing.FEWEST_UPDATES}. Give more, or a smaller model."
        )
    within = "" if demand.flops is None else f", in {demand.flops:.3g} FLOPs"
    return best, "set by hand" if demand.sizes.is_fixed else why + within


def _tiny(config: ModelConfig) -> ModelConfig:
    """A small relative of a configuration."""
    return dataclasses.replace(
        config, num_layers=2, width=128, num_heads=2, num_kv_heads=2, head_size=64, mlp_width=320
    )


def _training(
    demand: Demand, corpus: Corpus, choice: Choice, micro_tokens: int, precision: Reason | None
) -> tuple[dict[str, Any], list[Reason]]:
    """Fields of `TrainSettings`, and why they are so."""
    epochs = choice.tokens / corpus.train_tokens
    if demand.tokens is not None:
        why = "set by hand"
    elif choice.tokens > 0.95 * corpus.max_epochs * corpus.train_tokens:
        why = f"{corpus.max_epochs:.0f} times the corpus: more repetition teaches little (Muennighoff et al. 2023)"
    elif demand.flops is not None:
        why = f"what {demand.flops:.3g} FLOPs allow (6 a parameter and token, and attention; Kaplan et al. 2020)"
    elif demand.budget is None and demand.sizes.is_fixed:
        why = f"{sizing.TOKENS_PER_PARAMETER} a parameter (nanochat), at most {corpus.max_epochs:.0f} times the corpus"
    else:
        why = f"what the budget allows at {choice.speed.tokens_per_second(choice.batch_tokens):,.0f} tokens/s"
    reasons = [
        Reason("tokens", choice.tokens, f"{why}; the corpus is read {epochs:.1f} times"),
        Reason("batch_tokens", choice.batch_tokens, sizing.BATCH_REASON),
        Reason("micro_tokens", micro_tokens, MICRO_REASON),
        Reason("num_evaluations", choice.num_evaluations, "at most a twentieth of the time"),
        *sizing.rates(choice.config, choice.num_updates, choice.batch_tokens),
        *([precision] if precision else []),
    ]
    by_hand = dict(demand.training)
    reasons = [
        Reason(each.name, by_hand.pop(each.name), "set by hand") if each.name in by_hand else each for each in reasons
    ]
    reasons += [Reason(name, value, "set by hand") for name, value in by_hand.items()]
    values = {"seed": demand.seed} | {each.name: each.value for each in reasons}
    settings = build(TrainSettings, values, "training")
    settings.rows_per_step(choice.config.context)  # the batch must be whole rows
    fields = [each for each in dataclasses.fields(settings) if not each.metadata.get("runtime")]
    return {each.name: getattr(settings, each.name) for each in fields}, reasons


def _cost(choice: Choice, settings: dict[str, Any], corpus: Corpus, machine: Speeds) -> dict[str, Any]:
    at_once = min(settings["micro_tokens"], settings["batch_tokens"])
    cost = training_cost(
        choice.config,
        tokens=settings["tokens"],
        micro_tokens=at_once,
        context=choice.config.context,
        predicted_share=machine.predicted_share,
    )
    rate = choice.speed.tokens_per_second(settings["batch_tokens"])
    looking = choice.speed.looking_seconds(settings["num_evaluations"] * corpus.validation_tokens)
    seconds = settings["tokens"] / rate + looking + START_SECONDS
    measured = choice.speed.footprint
    more = RUN_BYTES + (HALF_BYTES if settings["precision"] == "bfloat16" else 0)
    memory = {} if measured is None else {"memory_bytes": measured.at(at_once) + more}
    return cost.as_dict() | memory | {"seconds": seconds, "tokens_per_second": rate}
