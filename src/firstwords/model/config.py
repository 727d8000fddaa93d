"""The sizes of a model, and one dial (`depth`) that sets them all.

Every derived number comes with the reason for it, as data, so that a plan can print both. No torch here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from firstwords.errors import RecipeError

Layout = Literal["qwen3", "llama", "eurobert", "bert", "roberta", "distilbert", "adopted"]

LAYOUTS: dict[Layout, str] = {
    "qwen3": "causal, queries and keys normalised",
    "llama": "causal, plain attention",
    "eurobert": "bidirectional, plain attention",
    "bert": "bidirectional, learnt positions, norms behind each part; a base for labels",
    "roberta": "as bert, positions counted from behind the padding's id",
    "distilbert": "as bert, without token types",
    "adopted": "any other that transformers runs; a base for labels",
}
BERT_FAMILY = ("bert", "roberta", "distilbert")
"""Layouts of `model.bert`: they come from elsewhere and carry heads for labels."""


@dataclass(frozen=True)
class Reason:
    """One derived number and why it is so."""

    name: str
    value: Any
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """For `plan.json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class RopeScaling:
    """How rotary angles are stretched for a longer context than a model was first trained with.

    Attributes:
        kind: `linear`: all turn slower by the factor (Chen et al. 2023); `llama3`: only the slow ones (Llama 3.1).
        factor: How much slower.
        low_factor: Turns within the original context below which a pair counts as slow (`llama3`).
        high_factor: Turns above which it counts as fast and stays as it is (`llama3`).
        original_context: Tokens of the first training (`llama3`).
    """

    kind: Literal["linear", "llama3"]
    factor: float
    low_factor: float = 1.0
    high_factor: float = 4.0
    original_context: int = 8192

    def __post_init__(self) -> None:
        if self.kind not in ("linear", "llama3"):
            raise RecipeError(f"rope scaling '{self.kind}' is not supported, only linear and llama3")
        if self.factor < 1 or self.original_context < 1 or not 0 < self.low_factor < self.high_factor:
            raise RecipeError(f"rope scaling {self} contradicts itself: factor >= 1 and 0 < low < high are needed")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that decides the shape of a model.

    Attributes:
        layout: Which of transformers' native layouts the checkpoint has.
        mlp_width: Inner width of the gated feed-forward part.
        context: Longest document in tokens.
        rope_base: Base of the rotary angles.
        rope_scaling: Of models that came from elsewhere.
        mask_id: The token that stands for a hidden one; needed by the `eurobert` layout only.
        pooling: How a EuroBERT classifies a whole text: `late` (mean of the tokens' scores), `mean` (of their states)
            or `bos` (first token). Causal layouts use the last token.
        hybrid: Whether a `llama` also reads in both directions and fills in masked tokens, each predicted from the
            place before it (`training.objectives.hybrid_lm`). Only our own loader knows of this side.
        token_types: Kinds of tokens that a BERT tells apart (first and second text of a pair); 0 = none.
        position_offset: Row of a BERT's table of positions that a document's first token has.
        infilling_id: First of three ids, before a prefix, before a suffix and before the middle between them; None =
            the vocabulary has none. Training reads it; it is no part of a checkpoint, whose tokenizer knows.
    """

    layout: Layout
    vocab_size: int
    num_layers: int
    width: int
    num_heads: int
    num_kv_heads: int
    head_size: int
    mlp_width: int
    context: int
    rope_base: float = 10_000.0
    rope_scaling: RopeScaling | None = None
    norm_epsilon: float = 1e-6
    tie_embeddings: bool = False
    pad_id: int = 0
    bos_id: int = 0
    eos_id: int = 0
    mask_id: int | None = None
    pooling: Literal["late", "mean", "bos"] = "late"
    hybrid: bool = False
    token_types: int = 0
    position_offset: int = 0
    infilling_id: int | None = None

    @property
    def causal(self) -> bool:
        """Whether a token sees only those before it."""
        return self.layout in ("qwen3", "llama")

    @property
    def is_bert(self) -> bool:
        """Whether the backbone is one of `model.bert`."""
        return self.layout in BERT_FAMILY

    @property
    def is_adopted(self) -> bool:
        """Whether it is a base of somebody else, trained on far more text than a run here: BERT's family and others."""
        return self.is_bert or self.layout == "adopted"

    @property
    def fills_masks(self) -> bool:
        """Whether a language model of this configuration predicts masked tokens."""
        return self.hybrid or self.layout == "eurobert"

    def for_heads(self) -> ModelConfig:
        """The configuration under a head for labels: a hybrid backbone is read in both directions, as a EuroBERT."""
        if not self.hybrid:
            return self
        return dataclasses.replace(self, layout="eurobert", hybrid=False)

    @property
    def qk_norm(self) -> bool:
        """Whether queries and keys are normalised per head."""
        return self.layout == "qwen3"

    def __post_init__(self) -> None:
        if isinstance(self.rope_scaling, Mapping):  # as `as_dict` gives it
            object.__setattr__(self, "rope_scaling", RopeScaling(**self.rope_scaling))
        if self.layout not in LAYOUTS:
            raise RecipeError(f"layout '{self.layout}' is unknown. Layouts: {', '.join(LAYOUTS)}")
        for name in (
            "vocab_size",
            "num_layers",
            "width",
            "num_heads",
            "num_kv_heads",
            "head_size",
            "mlp_width",
            "context",
        ):
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.width % self.num_heads:
            raise RecipeError(
                f"width {self.width} is not a multiple of num_heads {self.num_heads}. "
                f"Nearest: {_nearest_multiples(self.width, self.num_heads)}."
            )
        if self.num_heads % self.num_kv_heads:
            raise RecipeError(f"num_heads {self.num_heads} is not a multiple of num_kv_heads {self.num_kv_heads}")
        if self.head_size % 2 and not self.is_adopted:
            raise RecipeError(f"head_size {self.head_size} is odd; rotary positions turn pairs of numbers")
        for name in ("pad_id", "bos_id", "eos_id", "mask_id"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < self.vocab_size:
                raise RecipeError(f"{name} {value} is outside the vocabulary of {self.vocab_size} entries")
        if self.hybrid and self.layout != "llama":
            raise RecipeError(f"a hybrid model has the layout 'llama', not '{self.layout}'")
        if self.fills_masks and self.mask_id is None:
            kind = "hybrid" if self.hybrid else self.layout
            raise RecipeError(f"a {kind} model needs mask_id, the token that stands for a hidden one")
        if self.infilling_id is not None and not 0 <= self.infilling_id <= self.vocab_size - 3:
            raise RecipeError(f"infilling_id {self.infilling_id} and the two behind it are not in the vocabulary")

    def as_dict(self) -> dict[str, Any]:
        """All fields; `ModelConfig(**config.as_dict())` is the same configuration."""
        return dataclasses.asdict(self)

    @classmethod
    def from_depth(cls, depth: int, **given: Any) -> ModelConfig:
        """A configuration from one dial; see `derive`."""
        return derive(depth, **given)[0]


def derive(depth: int, sources: Mapping[str, str] | None = None, **given: Any) -> tuple[ModelConfig, list[Reason]]:
    """All sizes of a model from its number of layers.

    Args:
        depth: Number of layers.
        sources: Where a given field does not come from a person's hand: its name to the reason.
        given: Fields of `ModelConfig` set by hand. `layout`, `vocab_size` and the special ids belong here.

    Returns:
        The configuration, and a reason for each of its sizes.

    Raises:
        RecipeError: If sizes contradict each other.
    """
    if depth < 1:
        raise RecipeError(f"depth is {depth}; it must be at least 1")
    reasons: list[Reason] = []

    def size(name: str, default: Any, reason: str) -> Any:
        chosen = given.get(name)
        by_hand = (sources or {}).get(name, "set by hand")
        reasons.append(Reason(name, default, reason) if chosen is None else Reason(name, chosen, by_hand))
        return default if chosen is None else chosen

    num_layers = size("num_layers", depth, "the dial `depth`")
    # Explicit heads must be able to divide an explicit width, so the head size yields to them.
    width = size("width", 64 * num_layers if num_layers > 1 else 128, WIDTH_REASON)
    num_heads, head_reason = given.get("num_heads"), "width / num_heads"
    if num_heads is None:
        target = given.get("head_size") or (128 if width >= 1024 and width % 128 == 0 else 64)
        num_heads, head_reason = max(1, width // target), HEAD_REASON
    num_heads = size("num_heads", num_heads, "width / head_size")
    if width % num_heads and given.get("head_size") is None:
        raise RecipeError(
            f"width {width} is not a multiple of num_heads {num_heads}. "
            f"Nearest: {_nearest_multiples(width, num_heads)}."
        )
    head_size = size("head_size", width // num_heads, head_reason)
    num_kv_heads = size("num_kv_heads", _kv_heads(width, num_heads), KV_REASON)
    mlp_width = size("mlp_width", 64 * max(1, round(width * 8 / 3 / 64)), MLP_REASON)
    context = size("context", _context(num_layers), CONTEXT_REASON)
    rope_base = size("rope_base", 10_000.0 if context <= 8192 else 500_000.0, ROPE_REASON)
    tie = size("tie_embeddings", _tie(given.get("vocab_size", 0), width, num_layers), TIE_REASON)
    sizes = {
        "num_layers": num_layers,
        "width": width,
        "num_heads": num_heads,
        "num_kv_heads": num_kv_heads,
        "head_size": head_size,
        "mlp_width": mlp_width,
        "context": context,
        "rope_base": rope_base,
        "tie_embeddings": tie,
    }
    return ModelConfig(**(given | sizes)), reasons


WIDTH_REASON = "64 per layer: at small budgets better than 128 (nanochat development log, 1e18 FLOPs)"
HEAD_REASON = "64 below a width of 1024, else 128: fewer, larger heads keep matrix products efficient (Qwen3, nanochat)"
KV_REASON = (
    "all heads below a width of 1024; above, four queries share a key, a cache a quarter the size (Ainslie et al. 2023)"
)
MLP_REASON = "8/3 of the width: a gated layer then costs what an ungated one of 4 x width does (Shazeer 2020)"
CONTEXT_REASON = "256 up to 8 layers, 1,024 up to 16, else 2,048: attention stays below a third of the FLOPs"
ROPE_REASON = "10,000 up to 8k tokens (Su et al. 2021), 500,000 beyond (Llama 3)"
TIE_REASON = (
    "shared only where the embedding is over four times the layers (Qwen3 shares below 4B): apart learns faster"
)


def _kv_heads(width: int, num_heads: int) -> int:
    return num_heads // 4 if width >= 1024 and num_heads % 4 == 0 else num_heads


def _context(num_layers: int) -> int:
    if num_layers <= 8:
        return 256
    return 1024 if num_layers <= 16 else 2048


def _tie(vocab_size: int, width: int, num_layers: int) -> bool:
    return vocab_size * width > 4 * 12 * num_layers * width * width


def _nearest_multiples(number: int, divisor: int) -> str:
    low = number // divisor * divisor
    return f"{low} or {low + divisor}" if low else f"{divisor}"
