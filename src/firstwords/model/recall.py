"""Weights that begin with a circuit: find the place in the prompt that followed a text like this one, and repeat it.

A small model needs millions of tokens until it forms such a circuit by itself, and until then it learns nothing from
its prompt (Olsson et al. 2022, induction heads). Initial weights may already have the structure that training would
find (Trockman & Kolter 2023, mimetic initialisation); everything stays trainable. The circuit is the textbook one:

- a token's embedding takes one half of the stream, besides a constant; the other half is empty at first;
- layer 1, head 1 gathers the words some places back (behind the lead of a label: the text) into the empty half;
- layer 1, head 2 brings the token before;
- layer 2 looks for places whose token before is this token, after words like those before this one, and brings the
  token that stands there, which shared embeddings turn into a prediction.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import initialise

EMBEDDING = 0.05
"""Standard deviation of the embeddings. What heads bring is scaled to the same size."""
NOISE = 0.02
"""Of the weights beside the circuit, as a share of the usual deviation, so that nothing is exactly alike."""
GATHER_CENTRE = 9.0
"""So many tokens back head 1 looks most: behind the line break and `Label:`, about five, into the text."""
GATHER_TURNS, PREVIOUS_TURNS, CONTENT_TURNS = (0.05, 0.25), 0.25, 0.006
"""Radians a token: slow enough to see a whole text; faster pairs tell neighbours apart; slower ones hardly turn within
a prompt, so that content is compared across any distance."""
GATHERED, TOLD_APART = 2.4, 2.0
"""Weight of the gathered words (a mean of a dozen is small), and of the token before when places are compared. With
3.5 and 1 the places within the question's own lead won (docs/log 2026-11-26-weights-that-recall)."""
SHARPNESS = 3.0
"""Factor on normalised queries where a single place is meant."""


def check_recall(config: ModelConfig) -> None:
    """Refuse sizes that the circuit does not fit into.

    Raises:
        RecipeError: Naming all that is needed.
    """
    fits = (
        config.layout == "qwen3"
        and config.num_layers >= 2
        and config.num_heads == config.num_kv_heads == 2
        and config.width == 2 * config.head_size
        and config.head_size >= 32
        and config.tie_embeddings
        and config.rope_base >= 1e5
    )
    if not fits:
        raise RecipeError(
            "begin = \"recall\" needs a base of layout 'qwen3' with at least 2 layers, 2 heads, a width of 64 or more, "
            "tie_embeddings = true and rope_base = 1e6 (model = { num_layers = 2, width = 128, num_heads = 2, ... })"
        )


def arrange_for_recall(model: Any, seed: int) -> None:
    """Overwrite all weights of a causal model with initial ones that hold the circuit.

    Args:
        model: Of sizes that `check_recall` accepts.
        seed: Of the run.
    """
    config: ModelConfig = model.config
    check_recall(config)
    initialise(model, seed)
    parts = _Parts(config, torch.Generator().manual_seed(seed + 1))
    with torch.no_grad():
        table = model.backbone.embed_tokens.weight
        table.zero_()
        table[:, parts.token] = EMBEDDING * parts.normal(len(table), parts.num_token)
        table[:, parts.constant] = EMBEDDING * math.sqrt(config.width / 2)
        first, second = (layer.self_attn for layer in model.backbone.layers[:2])
        for attention in (first, second):
            for each in (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj):
                each.weight.copy_(NOISE * parts.normal(*each.weight.shape) / math.sqrt(config.width))
        parts.look_back(first)
        parts.recall(second)


class _Parts:
    """The stream's parts: token (and a constant), gathered words, token before; and random numbers."""

    def __init__(self, config: ModelConfig, generator: torch.Generator) -> None:
        self.generator = generator
        half = config.width // 2
        gathered = config.width * 3 // 8
        self.token, self.constant, self.num_token = slice(0, half - 1), half - 1, half - 1
        self.gathered, self.num_gathered = slice(half, half + gathered), gathered
        self.before, self.num_before = slice(half + gathered, config.width), half - gathered
        self.width, self.size = config.width, config.head_size
        pairs = config.head_size // 2
        self.pairs = pairs
        self.turns = [config.rope_base ** (-pair / pairs) for pair in range(pairs)]
        self.to_before = self.orthogonal(self.num_before, self.num_token)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(*shape, generator=self.generator)

    def orthogonal(self, rows: int, columns: int) -> Tensor:
        """(rows, columns) with orthonormal rows or columns."""
        return torch.linalg.qr(self.normal(max(rows, columns), max(rows, columns)))[0][:rows, :columns]

    def split(self, attention: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Views of a layer's four matrices by head: (H, S, width) thrice, and (width, H, S)."""
        query, key, value = (
            each.weight.view(-1, self.size, self.width)
            for each in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        return query, key, value, attention.o_proj.weight.view(self.width, -1, self.size)

    def look_back(self, attention: Any) -> None:
        """Layer 1: both heads compare the constant alone, so that only the distance counts."""
        query, key, value, output = self.split(attention)
        attention.q_norm.weight.fill_(1.0)
        for pair, turn in enumerate(self.turns):
            if GATHER_TURNS[0] <= turn <= GATHER_TURNS[1]:
                self._peak(query[0], key[0], pair, turn * GATHER_CENTRE)
            if turn > PREVIOUS_TURNS:
                self._peak(query[1], key[1], pair, turn)
                attention.q_norm.weight[[pair, pair + self.pairs]] = SHARPNESS
        value[0, : self.num_gathered, self.token] += self.orthogonal(self.num_gathered, self.num_token)
        output[self.gathered, 0, : self.num_gathered] += EMBEDDING * GATHERED * torch.eye(self.num_gathered)
        value[1, : self.num_before, self.token] += self.to_before
        output[self.before, 1, : self.num_before] += EMBEDDING * torch.eye(self.num_before)

    def _peak(self, query: Tensor, key: Tensor, pair: int, angle: float) -> None:
        """Scores of a pair are the cosine of its turn over the distance, less the angle: highest at one distance."""
        key[pair, self.constant] = 1.0
        query[pair, self.constant] = math.cos(angle)
        query[pair + self.pairs, self.constant] = -math.sin(angle)

    def recall(self, attention: Any) -> None:
        """Layer 2: both heads do the same, each through projections of its own."""
        query, key, value, output = self.split(attention)
        attention.q_norm.weight.fill_(SHARPNESS)
        slow = [pair for pair, turn in enumerate(self.turns) if turn < CONTENT_TURNS]
        rows = slow + [pair + self.pairs for pair in slow]
        cut = len(rows) * 2 // 3
        for head in range(len(query)):
            words = self.orthogonal(cut, self.num_gathered)
            before = TOLD_APART * self.orthogonal(len(rows) - cut, self.num_before)
            query[head, rows[:cut], self.gathered] += words
            key[head, rows[:cut], self.gathered] += words
            query[head, rows[cut:], self.token] += before @ self.to_before
            key[head, rows[cut:], self.before] += before
            value[head, : self.num_token, self.token] += torch.eye(self.num_token)
            output[self.token, head, : self.num_token] += EMBEDDING / len(query) * torch.eye(self.num_token)
