"""Sizes with names: twelve shapes from a million to eight billion parameters. No torch here."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from firstwords.errors import RecipeError


@dataclass(frozen=True)
class Preset:
    """One shape.

    Attributes:
        vocab_size: At which the model has the size that its name says; a recipe's own tokenizer decides.
        source: Whose shape it is.
    """

    num_layers: int
    width: int
    num_heads: int
    num_kv_heads: int
    mlp_width: int
    context: int
    vocab_size: int
    tie_embeddings: bool
    source: str
    head_size: int | None = None

    def sizes(self) -> dict[str, Any]:
        """Fields of `ModelConfig`; the vocabulary is the tokenizer's."""
        fields = {name: value for name, value in asdict(self).items() if name not in ("vocab_size", "source")}
        return fields | {"head_size": self.head_size or self.width // self.num_heads}


OURS = "64 wide a layer or less, SwiGLU of 8/3 of the width"
LLAMA = "Llama 3 (Grattafiori et al. 2024)"

# A name is the rounded number of all parameters, embeddings included, at the preset's own vocabulary.
PRESETS: dict[str, Preset] = {
    #             layers  width  heads  kv   mlp   context   vocab    tied
    "1M": Preset(4, 128, 2, 2, 320, 256, 1024, False, OURS),
    "3M": Preset(5, 192, 3, 3, 512, 256, 2048, False, OURS),
    "10M": Preset(6, 320, 5, 5, 832, 256, 4096, False, OURS),
    "30M": Preset(7, 512, 8, 8, 1344, 512, 8192, False, OURS),
    "70M": Preset(10, 640, 10, 10, 1728, 1024, 16384, False, OURS),
    "124M": Preset(12, 768, 12, 12, 2048, 1024, 50_257, True, "GPT-2 small (Radford et al. 2019) with SwiGLU"),
    "350M": Preset(24, 1024, 16, 16, 2752, 1024, 50_257, True, "GPT-2 medium (Radford et al. 2019) with SwiGLU"),
    "600M": Preset(28, 1024, 16, 8, 3072, 4096, 151_936, True, "Qwen3-0.6B (Yang et al. 2025)", 128),
    "1B": Preset(16, 2048, 32, 8, 8192, 2048, 128_256, True, "Llama 3.2 1B"),
    "2B": Preset(28, 2048, 16, 8, 6144, 4096, 151_936, True, "Qwen3-1.7B (Yang et al. 2025)"),
    "3B": Preset(28, 3072, 24, 8, 8192, 4096, 128_256, True, "Llama 3.2 3B"),
    "8B": Preset(32, 4096, 32, 8, 14_336, 8192, 128_256, False, LLAMA),
}


def preset(name: str) -> Preset:
    """The shape of a name.

    Raises:
        RecipeError: If there is none; the message names the nearest sizes.
    """
    if name in PRESETS:
        return PRESETS[name]
    near = sorted(_nearest(name), key=list(PRESETS).index)
    raise RecipeError(f"no preset '{name}'. Nearest: {' or '.join(near)}. All: {', '.join(PRESETS)}")


def _nearest(name: str) -> list[str]:
    wanted = _number(name)
    if wanted is None:
        return difflib.get_close_matches(name, PRESETS, 2, 0.0)
    return sorted(PRESETS, key=lambda each: abs(math.log((_number(each) or 1) / wanted)))[:2]


def _number(name: str) -> float | None:
    match = re.fullmatch(r"\s*([0-9.]+)\s*([kKmMbBgG])[a-z]*\s*", name)
    if not match or not float(match[1] if match[1].count(".") < 2 else 0):
        return None
    return float(match[1]) * {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}[match[2].lower()]
