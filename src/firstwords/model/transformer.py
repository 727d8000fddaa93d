"""The one block, the stack of it, and a model: a stack with a head.

Module names are those of transformers' Qwen3, Llama and EuroBERT behind the prefixes `backbone.` and `head.`, so that a
checkpoint needs no table of names.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from firstwords.model.attention import Attention
from firstwords.model.batch import Batch
from firstwords.model.bert import BertBackbone
from firstwords.model.config import ModelConfig
from firstwords.model.fusion import compiled, is_usual
from firstwords.model.halves import attention_onto, feed_forward_onto, goes_by_halves
from firstwords.model.heads import Head, LanguageModelHead
from firstwords.model.heads_apart import Heads
from firstwords.model.mixed_attention import attend_by_rows, attention_of, layout_apart
from firstwords.model.operations import embedding, gated_unit, rms_norm, rotary_angles, rotate
from firstwords.model.products import compute_dtype, linear, normed_linear
from firstwords.model.rows import goes_by_rows
from firstwords.model.unset import embedding_layer, linear_layer


class RMSNorm(nn.Module):
    """Division by the root mean square, and a weight for each number."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; the shape stays."""
        return rms_norm(x, self.weight, self.epsilon)


class SelfAttention(nn.Module):
    """Projections and positions of one layer; who sees whom is decided by `Attention`."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.head_size = config.head_size
        self.num_heads, self.num_kv_heads = config.num_heads, config.num_kv_heads
        self.qk_norm = config.qk_norm
        self.q_proj = linear_layer(config.width, config.num_heads * config.head_size)
        self.k_proj = linear_layer(config.width, config.num_kv_heads * config.head_size)
        self.v_proj = linear_layer(config.width, config.num_kv_heads * config.head_size)
        self.o_proj = linear_layer(config.num_heads * config.head_size, config.width)
        self.q_norm: Any = RMSNorm(config.head_size, config.norm_epsilon) if config.qk_norm else nn.Identity()
        self.k_norm: Any = RMSNorm(config.head_size, config.norm_epsilon) if config.qk_norm else nn.Identity()

    def forward(self, x: Tensor, norm: RMSNorm, angles: tuple[Tensor, Tensor], attention: Attention) -> Tensor:
        """Add to tokens (N, width) what they, normalised by `norm`, take from each other; `angles` turn queries and
        keys.
        """
        scales, matrices, head_scales = self.tensors(norm)
        sizes, out = (self.num_heads, self.num_kv_heads), self.o_proj.weight
        if goes_by_rows(x):
            heads = Heads(*sizes, self.head_size, head_scales, angles, norm.epsilon)
            layout = layout_apart(attention, compute_dtype(x), self.head_size)
            if layout is not None and goes_by_halves(x, *matrices, out):
                return attention_onto(x, scales, matrices, out, heads, layout)
            joint = normed_linear(x, scales, norm.epsilon, *matrices)
            return x + linear(attend_by_rows(attention, self.layer, joint, heads), out)
        seen = attention_inputs(x, scales, matrices, head_scales, angles, norm.epsilon, *sizes)
        return x + linear(attention.attend(self.layer, *seen), out)

    def tensors(self, norm: RMSNorm) -> tuple[Tensor, tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Weights before attention: of the norm, of the three projections, of the norms of queries and keys."""
        matrices = self.q_proj.weight, self.k_proj.weight, self.v_proj.weight
        return norm.weight, matrices, (self.q_norm.weight, self.k_norm.weight) if self.qk_norm else ()


class FeedForward(nn.Module):
    """Gated feed-forward part (SwiGLU)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = linear_layer(config.width, config.mlp_width)
        self.up_proj = linear_layer(config.width, config.mlp_width)
        self.down_proj = linear_layer(config.mlp_width, config.width)

    def forward(self, x: Tensor, norm: RMSNorm) -> Tensor:
        """Add to each token (N, width) what it, normalised by `norm`, becomes by itself."""
        matrices = self.matrices()
        if goes_by_halves(x, *matrices):
            return feed_forward_onto(x, norm.weight, norm.epsilon, *matrices)
        return x + fed_forward(x, norm.weight, matrices, norm.epsilon)

    def matrices(self) -> tuple[Tensor, Tensor, Tensor]:
        """Weights of gate, up and down."""
        return self.gate_proj.weight, self.up_proj.weight, self.down_proj.weight


def attention_inputs(
    x: Tensor,
    scales: Tensor,
    matrices: tuple[Tensor, ...],
    head_scales: tuple[Tensor, ...],
    angles: tuple[Tensor, Tensor],
    epsilon: float,
    num_heads: int,
    num_kv_heads: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values.

    Args:
        x: (N, width) stream.
        scales: (width,) of the norm.
        matrices: Of queries, keys and values.
        head_scales: Two of (S,), of the norms of queries and keys; empty = they are not normalised.
        angles: As `rotary_angles` gives them.
        epsilon: Of all three norms.
        num_heads: H.
        num_kv_heads: K.

    Returns:
        (N, H, S), (N, K, S), (N, K, S)
    """
    joint = normed_linear(x, scales, epsilon, *matrices).unflatten(-1, (num_heads + 2 * num_kv_heads, -1))
    turned, value = joint.split([num_heads + num_kv_heads, num_kv_heads], 1)
    if head_scales:
        query, key = turned.split([num_heads, num_kv_heads], 1)
        turned = torch.cat([rms_norm(query, head_scales[0], epsilon), rms_norm(key, head_scales[1], epsilon)], 1)
    query, key = rotate(turned, *angles).split([num_heads, num_kv_heads], 1)
    return query, key, value


def fed_forward(x: Tensor, scales: Tensor, matrices: tuple[Tensor, ...], epsilon: float) -> Tensor:
    """The gated unit on the normalised stream (N, width), by the matrices of gate, up and down."""
    gate, up, down = matrices
    return linear(gated_unit(normed_linear(x, scales, epsilon, gate, up)), down)


def after_attention(
    x: Tensor, mixed: Tensor, out: Tensor, scales: Tensor, matrices: tuple[Tensor, ...], epsilon: float
) -> Tensor:
    """What a block does after attention: add its result (N, H * S) to the stream, then that of the gated unit."""
    x = x + linear(mixed, out)
    return x + fed_forward(x, scales, matrices, epsilon)


class Block(nn.Module):
    """Attention and feed-forward, each on a normalised copy and added to the stream."""

    fused_tokens = 0
    """For how many tokens what comes before attention and what comes after it is compiled (`model.fusion`)."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width, config.norm_epsilon)
        self.self_attn = SelfAttention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_epsilon)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, angles: tuple[Tensor, Tensor], attention: Attention) -> Tensor:
        """Add both parts to the stream (N, width)."""
        if is_usual(x.shape[0], self.fused_tokens):
            return self._fused(x, angles, attention)
        x = self.self_attn(x, self.input_layernorm, angles, attention)
        result: Tensor = self.mlp(x, self.post_attention_layernorm)
        return result

    def _fused(self, x: Tensor, angles: tuple[Tensor, Tensor], attention: Attention) -> Tensor:
        mixer, norm, last = self.self_attn, self.input_layernorm, self.post_attention_layernorm
        seen = compiled(attention_inputs)(
            x, *mixer.tensors(norm), angles, norm.epsilon, mixer.num_heads, mixer.num_kv_heads
        )
        mixed = attention.attend(mixer.layer, *seen)
        result: Tensor = compiled(after_attention)(
            x, mixed, mixer.o_proj.weight, last.weight, self.mlp.matrices(), last.epsilon
        )
        return result


class Cache(Attention, Protocol):
    """Keys and values of earlier tokens (`inference.kv_cache`)."""

    def begin(self, batch: Batch) -> Tensor:
        """Make room for new tokens of each document; their positions, (N,)."""


class Backbone(nn.Module):
    """Token ids to hidden states."""

    repeatable = True
    """Whether the gradient of attention is added up in one order, on a GPU too."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = embedding_layer(config.vocab_size, config.width)
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.num_layers))
        self.norm = RMSNorm(config.width, config.norm_epsilon)

    def embed(self, input_ids: Tensor) -> Tensor:
        """(N,) ids to (N, width), the only place where tokens enter: an adversary adds to its result."""
        return embedding(input_ids, self.embed_tokens)

    def forward(self, batch: Batch, embeddings: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        """Hidden states after the last norm.

        Args:
            batch: N tokens of D documents.
            embeddings: (N, width) instead of `embed(batch.input_ids)`.
            cache: Of the same D documents; the batch then holds their new tokens only.

        Returns:
            (N, width)
        """
        x = self.embed(batch.input_ids) if embeddings is None else embeddings
        attention: Attention
        if cache is None:
            kind = compute_dtype(x), self.config.head_size, self.repeatable
            attention = attention_of(batch, self.config.causal, *kind)
            positions = batch.positions
        else:
            attention, positions = cache, cache.begin(batch)
        # Kernels turn heads in float32, whatever they are stored in.
        dtype = x.dtype if goes_by_rows(x) else compute_dtype(x)
        angles = rotary_angles(positions, self.config.head_size, self.config.rope_base, dtype, self.config.rope_scaling)
        for layer in self.layers:
            x = layer(x, angles, attention)
        result: Tensor = self.norm(x)
        return result


class Model(nn.Module):
    """A backbone under a head.

    Args:
        config: Of the backbone.
        head: `LanguageModelHead`, `TokenHead` or `SequenceHead`.
        seed: Decides the initial weights, whatever the state of any global random generator.
    """

    def __init__(self, config: ModelConfig, head: Head, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.backbone: Any = BertBackbone(config) if config.is_bert else Backbone(config)
        self.head = head
        self.autocast: torch.dtype | None = None
        """In which half precision matrix products are made (`compute.engine`); None = in that of the weights."""
        initialise(self, seed)
        if config.tie_embeddings and isinstance(head, LanguageModelHead):
            head.lm_head.weight = self.backbone.embed_tokens.weight

    def forward(
        self,
        batch: Batch,
        embeddings: Tensor | None = None,
        select: Tensor | None = None,
        targets: Tensor | None = None,
        cache: Cache | None = None,
        z_loss: float = 0.0,
        per_token: bool = False,
    ) -> Tensor:
        """Logits, or with targets their summed loss in nats.

        Args:
            batch: N tokens of D documents.
            embeddings: (N, width) instead of the tokens' own.
            select: (M,) positions at which the head is applied; None = all N. A `SequenceHead` takes none.
            targets: (M,) class of each selected position, or (D,) of each document; -100 = not counted.
            cache: Keys and values of the documents' earlier tokens.
            z_loss: Weight of the squared log of the normaliser, added to the loss of a language model.
            per_token: Give the loss of each target instead of their sum; language models only.

        Returns:
            (M, C) or (D, C) logits; with targets a scalar, the sum over all that are counted, or (M,).
        """
        # Text is generated in full precision: its products are too small to gain, and a cache keeps float32.
        half = self.autocast is not None and cache is None
        with torch.autocast(batch.input_ids.device.type, self.autocast, enabled=half):
            at = self.head.reads(batch, select) if self.config.is_bert else None
            if at is None:
                hidden = self.backbone(batch, embeddings, cache)
            else:
                hidden, select = self.backbone(batch, embeddings, cache, at), None
                batch = batch.only(at)
            more = {"per_token": True} if per_token else {}
            result: Tensor = self.head(hidden, batch, select=select, targets=targets, z_loss=z_loss, **more)
        return result


def initialise(module: nn.Module, seed: int, prefix: str = "") -> None:
    """Set every parameter, as a pure function of seed and the parameter's name.

    Matrices are normal with the standard deviation that keeps the size of what goes through them. What writes into the
    residual stream starts at zero, so that at first every block is the identity (Zhang et al. 2019, nanochat).

    Args:
        module: All of its parameters are overwritten.
        seed: Of the run.
        prefix: Put before the names, for a part that is initialised apart from its model.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters(prefix=prefix):
            deviation = _deviation(name, parameter)
            if deviation is None:
                parameter.fill_(1.0 if parameter.ndim == 1 and not name.endswith(".bias") else 0.0)
                continue
            digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
            # Drawn in float32 on the processor, so that all dtypes and devices begin at the same point.
            parameter.copy_(torch.randn(parameter.shape, generator=generator).mul_(deviation))


def _deviation(name: str, parameter: Tensor) -> float | None:
    """Standard deviation of the initial weights; None = constant (norms one, biases and output projections zero)."""
    if parameter.ndim == 1 or name.endswith(("o_proj.weight", "down_proj.weight")):
        return None
    if name.endswith("embed_tokens.weight"):
        return EMBEDDING_DEVIATION
    if name.endswith(("lm_head.weight", "score.weight", "classifier.weight")):
        return HEAD_DEVIATION
    return 1 / math.sqrt(parameter.shape[1])


# GPT-2's value; a first norm follows, so only the ratio to later updates counts.
EMBEDDING_DEVIATION = 0.02
# Small enough that the first predictions are nearly uniform.
HEAD_DEVIATION = 0.02
