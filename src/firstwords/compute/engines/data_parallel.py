"""Several processes with the same model, each taking a share of every step."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firstwords.compute.allocator import keep_freed_memory
from firstwords.compute.engine import Engine, Precision
from firstwords.recipe import runtime

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class DataParallel(Engine):
    """Training under `torchrun`: gloo between processors, NCCL between GPUs.

    Attributes:
        device: `cpu`, `cuda`, or `auto` for GPUs where there are some.
        compile: As in `Single`.
        precision: As in `Single`.
    """

    device: str = runtime("auto")
    compile: bool = False
    precision: Precision = "float32"

    @property
    def rank(self) -> int:  # noqa: D102
        return int(os.environ.get("RANK", "0"))

    @property
    def num_ranks(self) -> int:  # noqa: D102
        return int(os.environ.get("WORLD_SIZE", "1"))

    def device_name(self) -> str:  # noqa: D102
        import torch

        if self.device == "cpu" or not torch.cuda.is_available():
            return "cpu"
        return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"

    def prepare(self, model: "nn.Module") -> "nn.Module":
        """As in the contract; joins the other processes first, which must all have been started."""
        import torch
        from torch import distributed

        device = self.device_name()
        if not distributed.is_initialized():
            if device != "cpu":
                torch.cuda.set_device(device)
            distributed.init_process_group("gloo" if device == "cpu" else "nccl")
        keep_freed_memory()
        model.to(device)
        self.set_precision(model, self.precision)
        for parameter in model.parameters():
            distributed.broadcast(parameter.detach(), src=0)
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
