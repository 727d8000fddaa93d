"""From a budget to numbers: how large a model, how many tokens, which batch and rates, and why.

No torch here. What depends on the machine (seconds a token) comes in as a function, measured by `probe`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firstwords.model.config import ModelConfig, Reason
from firstwords.model.cost import layer_parameters, parameter_shapes, training_flops_per_token
from firstwords.training.footprint import Footprint

# Muennighoff et al. 2023: an epoch's worth decays with this many repetitions; four epochs are nearly as good as new.
REPETITION_DECAY = 15.39
# nanochat's measured optimum with Muon is 10 to 12, counting the layers' matrices and the head; Chinchilla's is 20.
TOKENS_PER_PARAMETER = 12
# Where a corpus was read four times, a larger model gains more than further repetition (Muennighoff et al. 2023), as
# long as it does not simply learn the text by heart.
GOOD_EPOCHS, FEWEST_TOKENS_PER_PARAMETER = 4.0, 2

SMALLEST_BATCH = 2048
LARGEST_BATCH = 2**19
UPDATES, FEWEST_UPDATES = 1000, 10
# Causal models begin with so short a look back: what is near is learnt first anyhow, and far tokens only disturb.
FIRST_CONTEXT = 32
# Up to here Muon's own arithmetic is a tenth of a small model's step.
SMALL_BATCH = 8192
BATCH_REASON = "a power of two near a thousandth of the run: about a thousand updates, from 2,048 to 524,288 tokens"
# A forward pass is a third of forward and backward.
FORWARD_SHARE = 1 / 3


@dataclass(frozen=True)
class Speed:
    """What one machine needs for one configuration.

    Attributes:
        seconds_per_token: Forward and backward.
        seconds_per_update: Of the optimizer.
        footprint: Memory that it took, where that was measured.
        looking_seconds_per_token: Of an evaluation, where that was rehearsed.
        rehearsed: Whether it is from a rehearsal (`rehearsal`).
    """

    seconds_per_token: float
    seconds_per_update: float
    footprint: Footprint | None = None
    looking_seconds_per_token: float | None = None
    rehearsed: bool = False

    def best(self, other: Speed) -> Speed:
        """The faster of both, part by part."""
        return Speed(
            min(self.seconds_per_token, other.seconds_per_token),
            min(self.seconds_per_update, other.seconds_per_update),
            self.footprint or other.footprint,
        )

    def tokens_per_second(self, batch_tokens: int) -> float:
        """Tokens trained a second, updates included."""
        return batch_tokens / (self.seconds_per_token * batch_tokens + self.seconds_per_update)

    def looking_seconds(self, tokens: float) -> float:
        """That evaluations of so many tokens take."""
        return tokens * (self.looking_seconds_per_token or FORWARD_SHARE * self.seconds_per_token)


def effective_tokens(tokens: float, unique_tokens: float) -> float:
    """How many new tokens a number of repeated ones is worth (Muennighoff et al. 2023, equation 5)."""
    if tokens <= unique_tokens:
        return tokens
    repetitions = tokens / unique_tokens - 1
    return unique_tokens * (1 + REPETITION_DECAY * (1 - math.exp(-repetitions / REPETITION_DECAY)))


def scaling_parameters(config: ModelConfig) -> int:
    """Numbers that take part in every prediction: the layers' matrices and the head's."""
    return layer_parameters(config) + config.vocab_size * config.width


def wanted_tokens(config: ModelConfig) -> int:
    """New tokens that a configuration is worth training on."""
    return TOKENS_PER_PARAMETER * scaling_parameters(config)


def optimizer_flops(config: ModelConfig) -> float:
    """Arithmetic of one Muon update: five iterations of three products over the smaller side of each matrix."""
    total = 0.0
    for name, shape in parameter_shapes(config).items():
        if len(shape) == 2 and ".layers." in name:
            small, large = sorted(shape)
            total += 5 * (4 * small * small * large + 2 * small**3)
    return total


def batch_size(tokens: float, context: int) -> int:
    """Tokens of one update: a power of two near a thousandth of the run, a multiple of the context."""
    wanted = min(LARGEST_BATCH, max(SMALLEST_BATCH, tokens / UPDATES))
    return max(1, 2 ** round(math.log2(wanted)) // context) * context


Candidate = tuple[ModelConfig, list[Reason]]


@dataclass(frozen=True)
class Choice:
    """A configuration with what it can learn in the budget.

    Attributes:
        tokens: Of the whole run, repetitions counted.
        num_evaluations: On the whole validation split.
    """

    config: ModelConfig
    reasons: list[Reason]
    speed: Speed
    tokens: int
    batch_tokens: int
    num_evaluations: int

    @property
    def num_updates(self) -> int:
        """Of the whole run; the last may be smaller."""
        return -(-self.tokens // self.batch_tokens)


@dataclass(frozen=True)
class Corpus:
    """What there is to learn from: sizes of the splits, the tokenizer's ids, and how often it may be read."""

    vocab_size: int
    end_of_text: int
    pad: int
    mask: int | None
    train_tokens: int
    validation_tokens: int
    max_epochs: float = 4.0
    infilling: int | None = None


def is_worth_it(choice: Choice, corpus: Corpus) -> bool:
    """Whether a model is not too large for what it gets to read."""
    worth = effective_tokens(choice.tokens, corpus.train_tokens)
    if worth >= wanted_tokens(choice.config):
        return True
    # Whole batches: a run that reads the corpus as often as it may can end a batch short of that.
    repeated = choice.tokens + choice.batch_tokens > GOOD_EPOCHS * corpus.train_tokens
    return repeated and worth >= FEWEST_TOKENS_PER_PARAMETER * scaling_parameters(choice.config)


def in_time(candidate: Candidate, speed: Speed, seconds: float, corpus: Corpus, batch: int | None = None) -> Choice:
    """How far a configuration gets in a time.

    Args:
        candidate: The configuration with its reasons.
        speed: Of this machine with it.
        seconds: Of training, evaluations included.
        corpus: It is read at most `max_epochs` times.
        batch: Tokens of an update where they are set by hand.
    """
    tokens = 0.0
    # A tiny corpus is read more often rather than not at all.
    most = max(corpus.max_epochs * corpus.train_tokens, FEWEST_UPDATES * SMALLEST_BATCH)
    # Tokens, batch and evaluations depend on each other; being powers of two and small, they settle at once.
    for _ in range(4):
        size = batch or batch_size(tokens, candidate[0].context)
        looking = num_evaluations(tokens, corpus.validation_tokens) * corpus.validation_tokens
        left = max(0.0, seconds - speed.looking_seconds(looking))
        tokens = min(left * speed.tokens_per_second(size), most)
    size = batch or batch_size(tokens, candidate[0].context)
    return with_tokens(candidate, speed, max(1, int(tokens) // size) * size, corpus, size)


def with_tokens(candidate: Candidate, speed: Speed, tokens: int, corpus: Corpus, batch: int | None = None) -> Choice:
    """A configuration trained on a number of tokens."""
    config, reasons = candidate
    return Choice(
        config=config,
        reasons=reasons,
        speed=speed,
        tokens=tokens,
        batch_tokens=batch or batch_size(tokens, config.context),
        num_evaluations=num_evaluations(tokens, corpus.validation_tokens),
    )


def num_evaluations(tokens: float, validation_tokens: int) -> int:
    """At most eight, and so few that they take no more than a twentieth of the time."""
    share = validation_tokens * FORWARD_SHARE / max(1.0, tokens)
    return max(1, min(8, int(0.05 / share))) if share else 1


def estimate(known: Mapping[ModelConfig, Speed], config: ModelConfig, predicted_share: float) -> Speed:
    """Speed of a configuration from measured ones: arithmetic takes as long as with the nearest width.

    Args:
        known: At least one.
        config: Whose speed is wanted.
        predicted_share: Of the tokens, at which the head is applied.
    """
    nearest = min(known, key=lambda each: (abs(math.log(each.width / config.width)), -each.num_layers))
    speed = known[nearest]
    flops = [training_flops_per_token(c, c.context, predicted_share) for c in (config, nearest)]
    updates = [optimizer_flops(c) for c in (config, nearest)]
    return Speed(speed.seconds_per_token * flops[0] / flops[1], speed.seconds_per_update * updates[0] / updates[1])


def matrix_iterations(batch_tokens: int) -> int:
    """Iterations of Muon: where updates are frequent, two fewer save a twelfth of the time and cost nothing."""
    return 3 if batch_tokens <= SMALL_BATCH else 5


def rates(config: ModelConfig, num_updates: int, batch_tokens: int) -> list[Reason]:
    """Learning rates and schedule.

    Args:
        config: Of the model.
        num_updates: Of the run.
        batch_tokens: Of one update.
    """
    measured = "measured at widths 128 and 192 (docs/log/2026-11-22-rates.md)"
    # nanochat: what AdamW updates between tokens and states falls with the root of the width.
    scale = (config.width / 192) ** -0.5
    warmup = min(0.1, 10 / num_updates)
    named: list[tuple[str, Any, str]] = [
        (
            "matrix_rate",
            0.01,
            f"{measured}; Muon's update has a fixed size, so one rate serves all widths (Jordan 2024)",
        ),
        (
            "matrix_iterations",
            matrix_iterations(batch_tokens),
            "3 up to 8,192 tokens an update: as good as 5 and cheaper (docs/log/2026-11-26-learning.md)",
        ),
        ("embedding_rate", _digits(0.03 * scale), f"{measured}; falls with the root of the width (nanochat)"),
        ("head_rate", _digits(0.006 * scale), f"{measured}; falls with the root of the width (nanochat)"),
        ("vector_rate", 0.02, measured),
        ("warmup_share", _digits(warmup), "10 updates, in which AdamW's second moments settle; Muon needs none"),
        ("decay_share", 0.6, "60-65 % of the updates at a falling rate (nanochat, modded-nanogpt)"),
        ("final_rate_share", 0.05, "the fall ends at a twentieth (nanochat)"),
    ]
    if config.causal and config.context > FIRST_CONTEXT:
        learnt = "short first: 0.04 nats a character lower at a context of 256 (docs/log/2026-11-26-learning.md)"
        named += [
            ("first_context", FIRST_CONTEXT, learnt),
            ("context_growth_share", 0.5, "the share measured with it"),
        ]
    return [Reason(*each) for each in named]


def _digits(number: float) -> float:
    """Two significant digits: more would claim a precision that no one measured."""
    return float(f"{number:.2g}")
