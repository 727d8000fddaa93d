"""LoRA (Hu et al. 2021) and DoRA (Liu et al. 2024): every matrix changes by a product of two thin ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firstwords.errors import RecipeError
from firstwords.training.adapter import Adapter

if TYPE_CHECKING:
    from torch import nn

    from firstwords.model.lora import LoraShape

TASKS = {"language_model": "CAUSAL_LM", "tokens": "TOKEN_CLS", "sequence": "SEQ_CLS"}


@dataclass(frozen=True, kw_only=True)
class Lora(Adapter):
    """Low-rank changes of all linear layers but the head's; a new head is trained whole.

    Attributes:
        rank: Of the changes.
        alpha: They are multiplied with alpha / rank; twice the rank unless given.
        rank_stabilised: Multiply with alpha / sqrt(rank) instead (rsLoRA), for ranks of 32 and more.
        dora: Learn the length of every row apart from its direction.
        targets: Last parts of layers' names, for example `["q_proj", "v_proj"]`; left out: all.
    """

    rank: Annotated[int, Field(ge=1)] = 8
    alpha: Annotated[float, Field(gt=0)] | None = None
    rank_stabilised: bool = False
    dora: bool = False
    targets: tuple[str, ...] = ()

    @property
    def rate_share(self) -> float:
        """Ten times: the rates for all parameters teach a low-rank change too little (Schulman et al. 2025)."""
        return 10.0

    @property
    def _shape(self) -> "LoraShape":
        from firstwords.model.lora import LoraShape

        alpha = 2.0 * self.rank if self.alpha is None else self.alpha
        return LoraShape(self.rank, alpha, self.rank_stabilised, self.dora, self.targets)

    def add(self, model: "nn.Module", seed: int, *, train_head: bool) -> tuple[int, str]:  # noqa: D102
        from firstwords.model.lora import add_lora

        total = sum(parameter.numel() for parameter in model.parameters())
        try:
            number = add_lora(model, self._shape, seed, train_head=train_head)
        except ValueError as error:
            raise RecipeError(f"adapter.targets: {error}") from None
        kind = "DoRA" if self.dora else "LoRA"
        return number, f"{kind} of rank {self.rank}{' and the head' if train_head else ''}, beside {total:,}"

    def save(self, model: "nn.Module", folder: Path, base: str) -> None:  # noqa: D102
        from firstwords.model.lora import save_adapter

        task = TASKS.get(getattr(model.head, "kind", ""))
        save_adapter(folder, model, self._shape, task=task, base=base)

    def merge(self, model: "nn.Module") -> None:  # noqa: D102
        from firstwords.model.lora import merge

        merge(model)
