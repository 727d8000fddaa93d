"""A plan for a number of GPUs without having them: what is sharded, what fits, how fast, how long, how much energy.

Memory is counted tensor by tensor; speed is the arithmetic at a stated share of the peak, or what the links between the
cards let through where that is less. No torch here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from firstwords.compute.accelerators import Accelerator
from firstwords.errors import CannotFit
from firstwords.machine import gibibytes
from firstwords.model.config import ModelConfig
from firstwords.model.cost import (
    activation_numbers_per_token,
    layer_parameters,
    num_parameters,
    training_flops_per_token,
)

# Shares of the peak that others publish for bfloat16 on H100: nanochat 0.40 (12 layers) to 0.46 (18), llm-foundry 0.41
# (1B) to 0.46 (7B, 128 cards), torchtitan 0.33 to 0.39 (8B). Nothing of ours was measured on such cards.
PEAK_SHARE = 0.40
# A running CUDA process and its libraries' work space; and what the allocator's pieces leave unused.
CONTEXT_BYTES, FRAGMENTED = 1.5 * 2**30, 0.06
CHUNK_BYTES = 4 * 128 * 2**20  # of logits at once: `cross_entropy.CHUNK_NUMBERS_GPU`
# More tokens at once make a card no faster.
MOST_MICRO_TOKENS = 65_536
# One 400 Gb/s adapter for each card.
NETWORK = 50e9
HALF, SINGLE = 2, 4  # bytes of bfloat16 and float32
RECOMPUTED = 4 / 3  # a second forward pass

Sharding = Literal["none", "fsdp"]


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes on each card."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    work_space: float

    @property
    def total(self) -> float:
        """All of them, with what the allocator leaves unused."""
        parts = self.weights + self.gradients + self.optimizer + self.activations + self.work_space
        return CONTEXT_BYTES + parts / (1 - FRAGMENTED)


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """How to train on N cards, and what it takes.

    Attributes:
        limit: What the speed is limited by: `arithmetic` or `links`.
        kilowatt_hours: Of the cards at their boards' limit; hosts and cooling not counted.
    """

    num_gpus: int
    sharding: Sharding
    checkpointing: bool
    micro_tokens: int
    accumulation: int
    batch_tokens: int
    memory: Footprint
    peak_share: float
    tokens_per_second: float
    limit: str
    seconds: float
    gpu_hours: float
    kilowatt_hours: float

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"memory_per_gpu_bytes": self.memory.total}


def footprint(
    config: ModelConfig, micro_tokens: int, *, num_gpus: int, sharding: Sharding, checkpointing: bool
) -> Footprint:
    """Bytes on each card: float32 weights, gradients and moments, activations in bfloat16.

    Args:
        config: Of a language model.
        micro_tokens: Tokens that go through a card at once.
        num_gpus: N; sharded tensors take an N-th (Rajbhandari et al. 2020).
        sharding: `fsdp`: everything; the bfloat16 weights of two layers are whole at a time.
        checkpointing: Whether only the input of each layer is kept (Chen et al. 2016).
    """
    total, matrices = num_parameters(config), layer_parameters(config)
    shards = num_gpus if sharding == "fsdp" else 1
    layer = matrices / config.num_layers
    embeddings = config.vocab_size * config.width
    gathered = 2 * layer + embeddings * (1 if config.tie_embeddings else 2) if sharding == "fsdp" else total
    states = (matrices + 2 * (total - matrices)) * SINGLE / shards  # one moment for Muon, two for AdamW
    # Muon works on the matrices of one shape in bfloat16, two copies and two products; sharded, one matrix at a time.
    work = 4 * HALF * (layer if sharding == "fsdp" else matrices / 3)
    each = activation_numbers_per_token(config)
    kept = each
    if checkpointing:
        kept = (config.num_layers + 4) * config.width + each // config.num_layers
    return Footprint(
        weights=total * SINGLE / shards + gathered * HALF,
        gradients=total * SINGLE / shards + (gathered * HALF if sharding == "fsdp" else 0),
        optimizer=states,
        activations=micro_tokens * kept * HALF,
        work_space=work + CHUNK_BYTES + embeddings * SINGLE,
    )


def cluster_plan(
    config: ModelConfig,
    *,
    tokens: int,
    batch_tokens: int,
    card: Accelerator,
    num_gpus: int,
    peak_share: float = PEAK_SHARE,
    predicted_share: float = 1.0,
) -> ClusterPlan:
    """The fastest way that fits.

    Args:
        config: Of the model.
        tokens: Of the whole run.
        batch_tokens: Wanted of one update.
        card: Of which there are `num_gpus`.
        num_gpus: N.
        peak_share: Share of the card's peak that the arithmetic reaches.
        predicted_share: Share of the tokens at which the head is applied.

    Raises:
        CannotFit: If no way does; the message says how many cards would be needed.
    """
    ways = [
        found
        for sharding in ("none", "fsdp")
        for checkpointing in (False, True)
        if not (sharding == "fsdp" and num_gpus == 1)
        and (
            found := _way(
                config, tokens, batch_tokens, card, num_gpus, sharding, checkpointing, peak_share, predicted_share
            )
        )
    ]
    if not ways:
        raise CannotFit(_too_large(config, card, num_gpus))
    # Of equally fast ways the simplest, which stands first.
    return max(ways, key=lambda way: round(way.tokens_per_second, -1))


def _way(
    config: ModelConfig,
    tokens: int,
    batch_tokens: int,
    card: Accelerator,
    num_gpus: int,
    sharding: Any,
    checkpointing: bool,
    peak_share: float,
    predicted_share: float,
) -> ClusterPlan | None:
    micro = _micro_tokens(config, batch_tokens, card, num_gpus, sharding, checkpointing)
    if micro is None:
        return None
    accumulation = max(1, round(batch_tokens / (micro * num_gpus)))
    flops = training_flops_per_token(config, predicted_share=predicted_share) * (RECOMPUTED if checkpointing else 1)
    compute = accumulation * micro * flops / (card.flops * peak_share)
    traffic = _traffic(config, num_gpus, sharding, accumulation)
    link = card.link if num_gpus <= card.per_node else min(card.link, NETWORK)
    links = traffic / link
    step = max(compute, links)
    rate = accumulation * micro * num_gpus / step
    seconds = tokens / rate
    return ClusterPlan(
        num_gpus=num_gpus,
        sharding=sharding,
        checkpointing=checkpointing,
        micro_tokens=micro,
        accumulation=accumulation,
        batch_tokens=accumulation * micro * num_gpus,
        memory=footprint(config, micro, num_gpus=num_gpus, sharding=sharding, checkpointing=checkpointing),
        peak_share=peak_share,
        tokens_per_second=rate,
        limit="arithmetic" if compute >= links else "links",
        seconds=seconds,
        gpu_hours=num_gpus * seconds / 3600,
        kilowatt_hours=num_gpus * card.watts * seconds / 3.6e6,
    )


def _micro_tokens(
    config: ModelConfig, batch_tokens: int, card: Accelerator, num_gpus: int, sharding: Any, checkpointing: bool
) -> int | None:
    """The most tokens a card that fit, as whole rows doubled; None if not even one row does."""
    fair = max(config.context, batch_tokens // num_gpus)
    best, tokens = None, config.context
    while tokens <= min(fair, max(MOST_MICRO_TOKENS, config.context)):
        found = footprint(config, tokens, num_gpus=num_gpus, sharding=sharding, checkpointing=checkpointing)
        if found.total > card.memory_bytes:
            break
        best, tokens = tokens, 2 * tokens
    return best


def _traffic(config: ModelConfig, num_gpus: int, sharding: Sharding, accumulation: int) -> float:
    """Bytes that each card sends during one update.

    A ring sends (N-1)/N of a tensor for gathering or for reducing and scattering. Without shards gradients are reduced
    and spread once; sharded, bfloat16 weights are gathered twice for every micro-batch, and gradients reduced once.
    """
    total = num_parameters(config)
    share = (num_gpus - 1) / num_gpus
    if sharding == "none":
        return 2 * share * SINGLE * total
    return share * total * (2 * HALF * accumulation + SINGLE)


def _too_large(config: ModelConfig, card: Accelerator, num_gpus: int) -> str:
    number = num_gpus
    while number < 65_536:
        number *= 2
        found = footprint(config, config.context, num_gpus=number, sharding="fsdp", checkpointing=True)
        if found.total <= card.memory_bytes:
            break
    least = footprint(
        config, config.context, num_gpus=num_gpus, sharding="fsdp" if num_gpus > 1 else "none", checkpointing=True
    )
    more = f"about {number} such cards would do" if number < 65_536 else "no number of such cards would do"
    return (
        f"{num_parameters(config) / 1e9:.2f}B parameters need {gibibytes(least.total)} on each of {num_gpus}, sharded "
        f"and checkpointed; a card has {gibibytes(card.memory_bytes)}: {more}"
    )
