"""Several processes with the same model, each taking a share of every step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firstwords.compute import ranks
from firstwords.compute.allocator import keep_freed_memory
from firstwords.compute.engine import Replicated, checkpoint_blocks
from firstwords.recipe import runtime

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class DataParallel(Replicated):
    """Training under `torchrun`: gloo between processors, NCCL between GPUs. The model fits one device.

    Attributes:
        device: `cpu`, `cuda`, or `auto` for GPUs where there are some.
        compile: As in `Single`.
        activation_checkpointing: As in `Single`.
        repeatable: As in `Single`.
    """

    device: str = runtime("auto")
    activation_checkpointing: bool = runtime(False)

    @property
    def rank(self) -> int:  # noqa: D102
        return ranks.rank()

    @property
    def num_ranks(self) -> int:  # noqa: D102
        return ranks.num_ranks()

    def device_name(self) -> str:  # noqa: D102
        return ranks.device_name(self.device)

    def prepare(self, model: "nn.Module") -> "nn.Module":
        """As in the contract; joins the other processes first, which must all have been started."""
        from torch import distributed

        device = self.device_name()
        ranks.join(device)
        keep_freed_memory()
        model.to(device)
        for parameter in model.parameters():
            distributed.broadcast(parameter.detach(), src=0)
        if self.activation_checkpointing:
            checkpoint_blocks(model)
        if self.compile:
            model.compile()
        return model

    def reduce(self, gradients: "list[Tensor]") -> None:
        """As in the contract; one message, whose sum has a fixed order in the rings of gloo and NCCL."""
        import torch
        from torch import distributed

        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def sum(self, values: "Tensor") -> "Tensor":  # noqa: D102
        from torch import distributed

        total = values.to(self.device_name(), copy=True)
        distributed.all_reduce(total)
        return total.to(values.device)
