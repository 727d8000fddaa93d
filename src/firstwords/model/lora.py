"""Low-rank changes of matrices: LoRA and DoRA as a parametrisation of `weight`.

A layer's weight becomes `W + scale * B @ A`, computed where the layer asks for it: once a pass, whatever the number of
tokens, so that every layer, fused product and adopted module works unchanged. At the end the weight is stored as one
matrix again. The files are those of the PEFT library.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from firstwords.artifact import atomic_write

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."


class LowRank(nn.Module):
    """What is added to a matrix.

    Args:
        weight: (outputs, inputs) of the base.
        rank: Of the change.
        scale: It is multiplied with.
        seed: Of `lora_A`; `lora_B` begins at zero, so that at first nothing changes.
        with_magnitude: Whether the length of each row is learnt apart from its direction (DoRA, Liu et al. 2024).
    """

    def __init__(self, weight: Tensor, rank: int, scale: float, seed: int, with_magnitude: bool) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        generator = torch.Generator().manual_seed(seed)
        # Kaiming's uniform with a = sqrt(5), as LoRA's authors and PEFT begin.
        start = (torch.rand(rank, inputs, generator=generator) * 2 - 1) / math.sqrt(inputs)
        self.scale = scale
        self.lora_A = nn.Parameter(start.to(weight))
        self.lora_B = nn.Parameter(weight.new_zeros(outputs, rank))
        self.magnitude = nn.Parameter(weight.detach().norm(dim=1)) if with_magnitude else None

    def forward(self, weight: Tensor) -> Tensor:
        """(outputs, inputs), the matrix that counts."""
        changed = torch.addmm(weight, self.lora_B, self.lora_A, alpha=self.scale)
        if self.magnitude is None:
            return changed
        # The length is a constant to the gradient, which saves memory and costs nothing (section 4.3 of the paper).
        length = changed.detach().norm(dim=1).clamp(min=torch.finfo(changed.dtype).tiny)  # a row of zeros stays zero
        return changed * (self.magnitude / length)[:, None]


@dataclass(frozen=True)
class LoraShape:
    """What a change looks like.

    Attributes:
        rank: Of every matrix.
        alpha: The change is multiplied with alpha / rank.
        rank_stabilised: With alpha / sqrt(rank) instead (Kalajdzievski 2023), for large ranks.
        with_magnitude: See `LowRank`.
        targets: Last parts of the names of layers; empty = all linear layers but those of the head.
    """

    rank: int
    alpha: float
    rank_stabilised: bool = False
    with_magnitude: bool = False
    targets: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """The factor of the change."""
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilised else self.rank)


def linear_layers(model: nn.Module, targets: Sequence[str] = ()) -> dict[str, nn.Linear]:
    """The layers that are changed, by name.

    Raises:
        ValueError: If a target names no layer.
    """
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not name.startswith("head.")
    }
    if not targets:
        return layers
    found = {n: m for n, m in layers.items() if any(n == t or n.endswith(f".{t}") for t in targets)}
    known = sorted({name.rpartition(".")[2] for name in layers})
    for target in targets:
        if not any(n == target or n.endswith(f".{target}") for n in found):
            raise ValueError(f"no linear layer is called '{target}'. There are: {', '.join(known)}")
    return found


def add_lora(model: nn.Module, shape: LoraShape, seed: int, *, train_head: bool) -> int:
    """Freeze a model and give its layers a change that is trained.

    Args:
        model: Changed in place; it computes the same as before.
        shape: Of the changes.
        seed: Of their beginning.
        train_head: Whether the parameters under `head.` are trained as well, since they are new.

    Returns:
        The number of parameters that are trained.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad = train_head and name.startswith("head.")
    for name, layer in linear_layers(model, shape.targets).items():
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        start = int.from_bytes(digest[:8], "little") >> 1
        change = LowRank(layer.weight, shape.rank, shape.scale, start, shape.with_magnitude)
        parametrize.register_parametrization(layer, "weight", change, unsafe=True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def changed_layers(model: nn.Module) -> Iterator[tuple[str, nn.Module, LowRank]]:
    """Name, layer and change of every layer that has one."""
    for name, module in model.named_modules():
        if parametrize.is_parametrized(module, "weight"):
            change = module.parametrizations["weight"][0]  # type: ignore[index]
            if isinstance(change, LowRank):
                yield name, module, change


@torch.no_grad()
def merge(model: nn.Module) -> None:
    """Make every change part of its matrix; all parameters can be trained again."""
    for _, layer, _ in list(changed_layers(model)):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
    for parameter in model.parameters():
        parameter.requires_grad = True


def stored_name(name: str) -> str:
    """Under which name transformers knows a module or parameter of ours."""
    prefix, _, rest = name.partition(".")
    return f"model.{rest}" if prefix == "backbone" else rest


def save_adapter(
    folder: Path,
    model: nn.Module,
    shape: LoraShape,
    *,
    task: str | None,
    base: str,
    rename: Callable[[str], str] = stored_name,
) -> None:
    """Write the changes, and the trained head, as PEFT's files; equal changes give equal bytes.

    Args:
        folder: Replaced as a whole.
        model: With changes, not yet merged.
        shape: Of the changes.
        task: PEFT's name for what the model is for: `CAUSAL_LM`, `TOKEN_CLS` or `SEQ_CLS`.
        base: What the adapter belongs to, in words.
        rename: From our names to those of the model that the adapter will be put on.
    """
    tensors: dict[str, Tensor] = {}
    targets = []
    for name, _, change in changed_layers(model):
        theirs = rename(name)
        targets.append(theirs)
        tensors[f"{PREFIX}{theirs}.lora_A.weight"] = change.lora_A
        tensors[f"{PREFIX}{theirs}.lora_B.weight"] = change.lora_B
        if change.magnitude is not None:
            tensors[f"{PREFIX}{theirs}.lora_magnitude_vector"] = change.magnitude
    head = {rename(n): p for n, p in model.named_parameters() if n.startswith("head.") and p.requires_grad}
    tensors |= {f"{PREFIX}{name}": parameter for name, parameter in head.items()}
    values = {
        "peft_type": "LORA",
        "task_type": task,
        "base_model_name_or_path": base,
        "r": shape.rank,
        "lora_alpha": shape.alpha,
        "lora_dropout": 0.0,
        "use_rslora": shape.rank_stabilised,
        "use_dora": shape.with_magnitude,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": _short(targets, model, rename),
        "modules_to_save": sorted({name.rpartition(".")[0] for name in head}) or None,
    }
    with atomic_write(Path(folder)) as temporary:
        temporary.mkdir()
        kept = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
        save_file(kept, temporary / WEIGHTS, metadata={"format": "pt"})
        (temporary / CONFIG).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _short(targets: Sequence[str], model: nn.Module, rename: Callable[[str], str]) -> list[str]:
    """Last parts of the names where these name the changed layers and no other, else whole names."""
    endings = sorted({name.rpartition(".")[2] for name in targets})
    others = {rename(name) for name, _ in model.named_modules() if name} - set(targets)
    unique = not any(other.rpartition(".")[2] in endings for other in others)
    return endings if unique else sorted(targets)
