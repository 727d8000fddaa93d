"""The contract of an engine: on which devices and ranks a training step runs.

Model and objectives are written for one device. An engine takes a model in `prepare` (in the order activation
checkpointing, compilation, sharding), and after the micro-batches of a step adds up the gradients of all ranks, divides
them once and updates. The loop above knows nothing else about devices.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from firstwords.recipe import Component

if TYPE_CHECKING:
    from torch import Tensor, nn

Precision = Literal["float32", "bfloat16"]


class Updater(Protocol):
    """What an engine needs from an optimizer."""

    def step(self, factor: float) -> None:
        """Update the parameters from their gradients."""

    def state(self) -> "dict[str, Tensor]":
        """Everything needed to continue exactly."""

    def load_state(self, tensors: "Mapping[str, Tensor]") -> None:
        """Take over what `state` gave."""


@dataclass(frozen=True, kw_only=True)
class Engine(Component):
    """Runs training steps; a concrete engine says what `prepare`, `reduce` and `sum` do."""

    @property
    def rank(self) -> int:
        """Number of this process among those that train together."""
        return 0

    @property
    def num_ranks(self) -> int:
        """Processes that train together."""
        return 1

    @abstractmethod
    def device_name(self) -> str:
        """Where tensors go, for example `cpu` or `cuda:0`."""

    @abstractmethod
    def prepare(self, model: "nn.Module") -> "nn.Module":
        """The model on its device, ready for training, with equal weights on all ranks."""

    @abstractmethod
    def reduce(self, gradients: "list[Tensor]") -> None:
        """Replace each gradient by its sum over all ranks, added in an order that depends on nothing but the ranks."""

    @abstractmethod
    def sum(self, values: "Tensor") -> "Tensor":
        """The sum of a small tensor over all ranks, the same bits on each of them."""

    def set_precision(self, model: "nn.Module", precision: Precision) -> None:
        """Tell a model in which type to make its matrix products; a float64 model keeps its own."""
        import torch

        model.autocast = torch.bfloat16 if precision == "bfloat16" else None  # type: ignore[assignment]

    def place(self, batch: Any) -> Any:
        """A batch whose tensors are on the device."""
        device = self.device_name()
        return batch if device == "cpu" else batch.to(device)

    def backward(self, loss: "Tensor") -> None:
        """Add the gradient of a summed (not averaged) loss to what earlier micro-batches left."""
        if loss.requires_grad:
            loss.backward()

    def step(self, model: "nn.Module", optimizer: Updater, *, count: float, max_norm: float, factor: float) -> float:
        """End a step: add up over ranks, divide once, clip, update.

        Args:
            model: Its gradients are used and cleared.
            optimizer: Updates its parameters.
            count: What the gradient of the summed loss is divided by, over all micro-batches and ranks.
            max_norm: The gradient is shortened to this length; 0 leaves it as it is.
            factor: Of the learning rates.

        Returns:
            Length of the whole gradient after division. If it is not finite, nothing was updated or cleared.
        """
        import torch

        parameters = [p for p in model.parameters() if p.requires_grad]
        if self.num_ranks > 1:
            for parameter in parameters:  # a rank without a share still takes part in the sums
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
        gradients = [p.grad for p in parameters if p.grad is not None]
        self.reduce(gradients)
        norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))) / count
        if not math.isfinite(norm):
            return norm
        scale = min(1.0, max_norm / (norm + 1e-12)) if max_norm else 1.0
        torch._foreach_mul_(gradients, scale / count)
        optimizer.step(factor)
        for parameter in parameters:
            parameter.grad = None
        return norm

    def save(self, folder: Path, model: "nn.Module", optimizer: Updater) -> None:
        """Write weights and optimizer state as safetensors; every rank calls it, the first one writes."""
        from safetensors.torch import save_file

        if self.rank:
            return
        weights = {name: p.detach().contiguous() for name, p in model.named_parameters()}
        save_file(weights, folder / "model.safetensors")
        save_file({name: t.contiguous() for name, t in optimizer.state().items()}, folder / "optimizer.safetensors")

    def load(self, folder: Path, model: "nn.Module", optimizer: Updater) -> None:
        """Take over what `save` wrote, in place. The caller has verified the files.

        Raises:
            KeyError: If a parameter is missing.
        """
        import torch
        from safetensors.torch import load_file

        weights = load_file(folder / "model.safetensors")
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(weights[name])
        optimizer.load_state(load_file(folder / "optimizer.safetensors"))
