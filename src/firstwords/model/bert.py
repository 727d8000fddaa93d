"""The backbone of BERT, RoBERTa and DistilBERT, on flat batches.

Positions are learnt, every product has a bias, and a norm follows each half of a layer instead of preceding it (Devlin
et al. 2019). A head that reads few tokens, the first of each text or the first sub-word of each word, says which: the
last layer then leaves out all others behind its attention, which changes no number that is read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from firstwords.model.attention import Attention
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads_apart import Heads
from firstwords.model.mixed_attention import attend_by_rows, attention_of
from firstwords.model.operations import embedding
from firstwords.model.products import biased_linear, compute_dtype
from firstwords.model.rows import goes_by_rows
from firstwords.model.unset import embedding_layer, linear_layer


def _layer(num_inputs: int, num_outputs: int) -> nn.Linear:
    return linear_layer(num_inputs, num_outputs, bias=True)


class LayerNorm(nn.Module):
    """Mean taken off, divided by the standard deviation, a weight and a bias for each number (Ba et al. 2016)."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; the shape stays."""
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


class SelfAttention(nn.Module):
    """Projections of one layer; who sees whom is decided by `Attention`."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.num_heads = config.num_heads
        self.q_proj = _layer(config.width, config.width)
        self.k_proj = _layer(config.width, config.width)
        self.v_proj = _layer(config.width, config.width)
        self.o_proj = _layer(config.width, config.width)

    def forward(self, x: Tensor, attention: Attention, at: Tensor | None) -> Tensor:
        """Let tokens (N, width) look at each other; the result for those `at` (M,), or for all."""
        joint = biased_linear(x, self.q_proj, self.k_proj, self.v_proj)
        if joint.dtype == torch.bfloat16 and goes_by_rows(joint):
            heads = Heads(self.num_heads, self.num_heads, joint.shape[1] // (3 * self.num_heads))
            mixed = attend_by_rows(attention, self.layer, joint, heads)
        else:
            query, key, value = joint.unflatten(-1, (3, self.num_heads, -1)).unbind(1)  # (N, H, S) each
            mixed = attention.attend(self.layer, query, key, value)
        return biased_linear(mixed if at is None else mixed.index_select(0, at), self.o_proj)


class FeedForward(nn.Module):
    """Two products with a GELU between them (exact, by the error function)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up_proj = _layer(config.width, config.mlp_width)
        self.down_proj = _layer(config.mlp_width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Transform each token (N, width) by itself."""
        return biased_linear(F.gelu(biased_linear(x, self.up_proj)), self.down_proj)


class BertLayer(nn.Module):
    """Attention and feed-forward, each added to its input and normalised then."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config, layer)
        self.attention_norm = LayerNorm(config.width, config.norm_epsilon)
        self.mlp = FeedForward(config)
        self.output_norm = LayerNorm(config.width, config.norm_epsilon)

    def forward(self, x: Tensor, attention: Attention, at: Tensor | None = None) -> Tensor:
        """(N, width) to (N, width), or to (M, width) of the tokens `at`."""
        mixed = self.self_attn(x, attention, at)
        x = self.attention_norm(mixed + (x if at is None else x.index_select(0, at)))
        result: Tensor = self.output_norm(self.mlp(x) + x)
        return result


class BertBackbone(nn.Module):
    """Token ids to hidden states."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = embedding_layer(config.vocab_size, config.width)
        self.positions = embedding_layer(config.context + config.position_offset, config.width)
        self.token_types = embedding_layer(config.token_types, config.width) if config.token_types else None
        self.norm = LayerNorm(config.width, config.norm_epsilon)
        self.layers = nn.ModuleList(BertLayer(config, layer) for layer in range(config.num_layers))

    def embed(self, input_ids: Tensor) -> Tensor:
        """(N,) ids to (N, width), the only place where tokens enter: an adversary adds to its result."""
        return embedding(input_ids, self.embed_tokens)

    def forward(
        self, batch: Batch, embeddings: Tensor | None = None, cache: None = None, at: Tensor | None = None
    ) -> Tensor:
        """Hidden states after the last layer.

        Args:
            batch: N tokens of D documents, none longer than the table of positions.
            embeddings: (N, width) instead of `embed(batch.input_ids)`; positions and token types are added to it.
            cache: Not for this kind of model, which reads in both directions.
            at: (M,) tokens whose states are wanted; None = all.

        Returns:
            (N, width), or (M, width).
        """
        assert cache is None, "a BERT has no cache"
        x = self.embed(batch.input_ids) if embeddings is None else embeddings
        x = x + embedding(batch.positions + self.config.position_offset, self.positions)
        if self.token_types is not None:
            kinds = batch.token_types
            x = x + (self.token_types.weight[0] if kinds is None else embedding(kinds, self.token_types))
        x = self.norm(x)
        attention = attention_of(batch, False, compute_dtype(x), self.config.head_size)
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            x = layer(x, attention, at if number == last else None)
        return x
