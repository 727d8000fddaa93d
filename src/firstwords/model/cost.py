"""What a model costs before it is made: parameters, arithmetic, memory, disk.

Formulas only, no torch; tests hold them against the real thing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from firstwords.model import bert_file
from firstwords.model.config import ModelConfig
from firstwords.model.config_file import HeadKind

BYTES_PER_NUMBER = 4  # float32
CHUNK_NUMBERS = 4 * 2**20  # of logits at once: `cross_entropy.CHUNK_NUMBERS`, which cannot be read without torch


def parameter_shapes(
    config: ModelConfig, head: HeadKind | None = "language_model", num_labels: int = 0
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every stored tensor, as transformers names them.

    Args:
        config: Of the model.
        head: Kind of head; None = the backbone alone.
        num_labels: Classes of a token or sequence head.
    """
    if config.is_bert:
        return bert_file.parameter_shapes(config, head, num_labels)
    width, query, key = config.width, config.num_heads * config.head_size, config.num_kv_heads * config.head_size
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (config.vocab_size, width)}
    for layer in range(config.num_layers):
        at = f"model.layers.{layer}."
        shapes |= {
            f"{at}input_layernorm.weight": (width,),
            f"{at}self_attn.q_proj.weight": (query, width),
            f"{at}self_attn.k_proj.weight": (key, width),
            f"{at}self_attn.v_proj.weight": (key, width),
            f"{at}self_attn.o_proj.weight": (width, query),
            f"{at}post_attention_layernorm.weight": (width,),
            f"{at}mlp.gate_proj.weight": (config.mlp_width, width),
            f"{at}mlp.up_proj.weight": (config.mlp_width, width),
            f"{at}mlp.down_proj.weight": (width, config.mlp_width),
        }
        if config.qk_norm:
            shapes |= {f"{at}self_attn.{name}_norm.weight": (config.head_size,) for name in "qk"}
    shapes["model.norm.weight"] = (width,)
    return shapes | _head_shapes(config, head, num_labels)


def _head_shapes(config: ModelConfig, head: HeadKind | None, num_labels: int) -> dict[str, tuple[int, ...]]:
    width = config.width
    if head == "language_model":
        return {} if config.tie_embeddings else {"lm_head.weight": (config.vocab_size, width)}
    if head == "tokens":
        name = "score" if config.causal else "classifier"
        return {f"{name}.weight": (num_labels, width), f"{name}.bias": (num_labels,)}
    if head == "sequence" and config.causal:
        return {"score.weight": (num_labels, width)}
    if head == "sequence":
        return {
            "dense.weight": (width, width),
            "dense.bias": (width,),
            "classifier.weight": (num_labels, width),
            "classifier.bias": (num_labels,),
        }
    return {}


def num_parameters(config: ModelConfig, head: HeadKind | None = "language_model", num_labels: int = 0) -> int:
    """Numbers that are stored (a tied embedding counts once)."""
    return sum(prod(shape) for shape in parameter_shapes(config, head, num_labels).values())


def layer_parameters(config: ModelConfig) -> int:
    """Numbers in the matrices of all layers: what the model's size means in scaling laws without embeddings."""
    shapes = parameter_shapes(config, None)
    return sum(prod(shape) for name, shape in shapes.items() if _is_matrix_of_a_layer(name, shape))


def _is_matrix_of_a_layer(name: str, shape: tuple[int, ...]) -> bool:
    """`model.layers.0.self_attn.q_proj.weight`, in BERT `encoder.layer.0.attention.self.query.weight`."""
    return len(shape) == 2 and (".layers." in name or ".layer." in name)


def training_flops_per_token(config: ModelConfig, context: float | None = None, predicted_share: float = 1.0) -> float:
    """Multiplications and additions for one token, forward and backward.

    Six for every number of a matrix (two forward, four backward); attention on average over `context` tokens, half of
    it where the model is causal. Embedding look-ups and elementwise work are left out, as is usual.

    Args:
        config: Of a language model.
        context: Tokens of a document, or their mean; the model's own context by default.
        predicted_share: Share of the tokens at which the head is applied (masked models: the hidden ones).

    Source: Kaplan et al. 2020, table 1; Chowdhery et al. 2022, appendix B.
    """
    span = context or config.context
    seen = (span + 1) / 2 if config.causal else span
    attention = 12 * config.num_layers * config.num_heads * config.head_size * seen
    head = 6 * config.vocab_size * config.width * predicted_share
    return 6 * layer_parameters(config) + attention + head


@dataclass(frozen=True)
class Cost:
    """What a training run will take."""

    parameters: int
    layer_parameters: int
    flops_per_token: float
    flops: float
    memory_bytes: int
    disk_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For `plan.json`."""
        return asdict(self)


# A process with torch and its libraries' buffers, before any model.
PROCESS_BYTES = 330 * 2**20
# What the allocator holds beyond what is alive. With these three numbers the formula is within 10 % of the peaks
# measured on a processor for five models from 2 layers x 128 to 8 x 512 at 512 to 4,096 tokens (457 to 1,267 MiB).
STATES_HELD, ACTIVATIONS_HELD = 1.05, 1.2


def activation_numbers_per_token(config: ModelConfig) -> int:
    """Numbers that the forward pass keeps for the backward pass, for one token.

    For each layer: the stream before either half and both normalised copies; queries and keys before they are
    normalised, then queries, keys and values as attention sees them, and its result twice; gate, up and product of the
    feed-forward part.
    """
    query, key = config.num_heads * config.head_size, config.num_kv_heads * config.head_size
    attention = query + 2 * key + 2 * query + (query + key if config.qk_norm else 0)
    layer = 4 * config.width + attention + 3 * config.mlp_width
    return config.num_layers * layer + 4 * config.width


def training_memory(config: ModelConfig, micro_tokens: int, num_labels: int = 0, muon: bool = True) -> int:
    """Peak bytes of the training process.

    Weights, gradients, two moments for what AdamW updates; one and the update for Muon's matrices, with the work space
    of its largest group; kept activations; the gradient of the head's weights; a chunk of logits.

    Args:
        config: Of the model.
        micro_tokens: Tokens that go through the model at once.
        num_labels: Classes of a classifier; 0 = a language model.
        muon: Whether it updates the matrices.
    """
    total = num_parameters(config, "tokens" if num_labels else "language_model", num_labels)
    head = 0 if num_labels else config.vocab_size * config.width + CHUNK_NUMBERS
    states = 4 * total + (_muon_space(config) if muon else 0) + head
    kept = micro_tokens * activation_numbers_per_token(config)
    return PROCESS_BYTES + round(BYTES_PER_NUMBER * (STATES_HELD * states + ACTIVATIONS_HELD * kept))


def _muon_space(config: ModelConfig) -> int:
    """Numbers of Muon's work space: two copies of the largest group of equal matrices and two Gram matrices each."""
    groups: dict[tuple[int, ...], int] = {}
    for name, shape in parameter_shapes(config, None).items():
        if _is_matrix_of_a_layer(name, shape):
            groups[tuple(sorted(shape))] = groups.get(tuple(sorted(shape)), 0) + 1
    return max(number * (2 * small * large + 2 * small * small) for (small, large), number in groups.items())


def training_cost(
    config: ModelConfig, *, tokens: int, micro_tokens: int, context: int, predicted_share: float = 1.0
) -> Cost:
    """Everything that can be said before training.

    Args:
        config: Of a language model.
        tokens: Of the whole run, repetitions counted.
        micro_tokens: Tokens that go through the model at once.
        context: Tokens of a row.
        predicted_share: Share of the tokens at which the head is applied.
    """
    parameters = num_parameters(config)
    flops = training_flops_per_token(config, context, predicted_share)
    return Cost(
        parameters=parameters,
        layer_parameters=layer_parameters(config),
        flops_per_token=flops,
        flops=flops * tokens,
        memory_bytes=training_memory(config, micro_tokens),
        # The checkpoint, and while training two states of weights and moments.
        disk_bytes=BYTES_PER_NUMBER * parameters * 7,
    )
