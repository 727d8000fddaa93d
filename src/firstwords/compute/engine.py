"""The contract of an engine: on which devices and ranks a training step runs.

Model and objectives are written for one device. An engine takes a model in `prepare` (in the order activation
checkpointing, compilation, sharding), and after the micro-batches of a step adds up the gradients of all ranks, divides
them once and updates. The loop above knows nothing else about devices.

A rank updates what `shares` gives it: plain tensors, which are all parameters (`Replicated`) or this rank's part of
them. So an optimizer is written for one device as well.
"""

import math
from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from firstwords.recipe import Component

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS, STATE = "model.safetensors", "optimizer.safetensors"

Snapshot = dict[str, "dict[str, Tensor]"]
"""File name to its tensors, in ordinary memory and independent of what training does next."""


class Updater(Protocol):
    """What an engine needs from an optimizer."""

    def step(self, factor: float) -> None:
        """Update the parameters from their gradients."""

    def state(self) -> "dict[str, Tensor]":
        """Everything needed to continue exactly, as `<what>.<parameter>`."""

    def load_state(self, tensors: "Mapping[str, Tensor]") -> None:
        """Take over what `state` gave."""


@dataclass(frozen=True, kw_only=True)
class Engine(Component):
    """Runs training steps.

    Attributes:
        compile: Compile the model (`True`), nothing (`False`), or by default only the parts of blocks before and behind
            attention, on GPUs and in long runs. It changes roundings, so it counts for the result's identity.
        repeatable: On a GPU, whether attention's gradient is added up in one order.
    """

    compile: bool | None = None
    repeatable: bool = True

    @property
    def rank(self) -> int:
        """Number of this process among those that train together."""
        return 0

    @property
    def num_ranks(self) -> int:
        """Processes that train together."""
        return 1

    @property
    def fuses(self) -> bool:
        """Whether parts of the model are compiled in long runs: on GPUs, unless `compile` says otherwise."""
        return self.compile is None and self.device_name() != "cpu"

    @property
    def captures(self) -> bool:
        """Whether a GPU captures light passes and repeats them (`training.cuda_graphs`)."""
        return False

    @property
    def in_step(self) -> bool:
        """Whether a pass through the model is an act of all ranks together, which each must take part in."""
        return False

    @abstractmethod
    def device_name(self) -> str:
        """Where tensors go, for example `cpu` or `cuda:0`."""

    @abstractmethod
    def prepare(self, model: "nn.Module") -> "nn.Module":
        """The model on its device, ready for training, with equal weights on all ranks."""

    @abstractmethod
    def shares(self, model: "nn.Module", whole: Collection[str]) -> "dict[str, nn.Parameter]":
        """What this rank updates, by the parameters' names; called once, after `prepare`.

        Args:
            model: As `prepare` gave it.
            whole: Names of parameters whose update needs all their numbers (Muon's matrices).
        """

    @abstractmethod
    def gradients(self, model: "nn.Module") -> "list[Tensor]":
        """Gradients, this rank's part: each the sum over all ranks in an order that depends on the ranks only."""

    @abstractmethod
    def length(self, gradients: "list[Tensor]") -> float:
        """Length of the gradient of all parameters, from this rank's part of it."""

    @abstractmethod
    def update(self, model: "nn.Module", optimizer: Updater, factor: float) -> None:
        """Let the optimizer update from the gradients, and every rank see the result."""

    def publish(self, model: "nn.Module") -> None:
        """Let every rank's model have what was written into the shares outside an update; every rank calls it."""

    @abstractmethod
    def sum(self, values: "Tensor") -> "Tensor":
        """The sum of a small tensor over all ranks, the same bits on each of them."""

    @abstractmethod
    def snapshot(self, model: "nn.Module", optimizer: Updater) -> Snapshot:
        """A copy of weights and optimizer state; every rank calls it, all but the first get an empty one."""

    @abstractmethod
    def load(self, folder: Path, model: "nn.Module", optimizer: Updater) -> None:
        """Take over what `write` wrote, whatever the number of ranks then. The caller has verified the files.

        Raises:
            KeyError: If a parameter is missing.
        """

    @abstractmethod
    def whole(self, model: "nn.Module") -> "nn.Module | None":
        """A model with all weights on the first rank, to be read only; None on the others. Every rank calls it."""

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
            optimizer: Updates the shares of this rank.
            count: What the gradient of the summed loss is divided by, over all micro-batches and ranks.
            max_norm: The gradient is shortened to this length; 0 leaves it as it is.
            factor: Of the learning rates.

        Returns:
            Length of the whole gradient after division. If it is not finite, nothing was updated or cleared.
        """
        import torch

        gradients = self.gradients(model)
        norm = self.length(gradients) / count
        if not math.isfinite(norm):
            return norm
        scale = min(1.0, max_norm / (norm + 1e-12)) if max_norm else 1.0
        torch._foreach_mul_(gradients, scale / count)
        self.update(model, optimizer, factor)
        for parameter in model.parameters():
            parameter.grad = None
        return norm


@dataclass(frozen=True, kw_only=True)
class Replicated(Engine):
    """An engine whose every rank has the whole model; a concrete one says what `reduce` does."""

    @abstractmethod
    def reduce(self, gradients: "list[Tensor]") -> None:
        """Replace each gradient by its sum over all ranks, added in an order that depends on nothing but the ranks."""

    def shares(self, model: "nn.Module", whole: Collection[str]) -> "dict[str, nn.Parameter]":
        """All parameters."""
        return dict(model.named_parameters())

    def gradients(self, model: "nn.Module") -> "list[Tensor]":
        """As in the contract: whole gradients."""
        import torch

        parameters = [p for p in model.parameters() if p.requires_grad]
        for parameter in parameters:  # rows of a table, each once; ranks have different ones, so their sum is dense
            if parameter.grad is not None and parameter.grad.is_sparse:
                whole = self.num_ranks > 1
                parameter.grad = parameter.grad.to_dense() if whole else parameter.grad.coalesce()
        if self.num_ranks > 1:
            for parameter in parameters:  # a rank without a share still takes part in the sums
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
        found = [p.grad for p in parameters if p.grad is not None]
        gradients = [gradient.values() if gradient.is_sparse else gradient for gradient in found]
        self.reduce(gradients)
        return gradients

    def length(self, gradients: "list[Tensor]") -> float:
        """As in the contract."""
        import torch

        return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))

    def update(self, model: "nn.Module", optimizer: Updater, factor: float) -> None:
        """Each rank makes the same update."""
        optimizer.step(factor)

    def snapshot(self, model: "nn.Module", optimizer: Updater) -> Snapshot:
        """As in the contract."""
        if self.rank:
            return {}
        files: dict[str, Mapping[str, Tensor]] = {WEIGHTS: dict(model.named_parameters()), STATE: optimizer.state()}
        return {
            file: {name: t.detach().to("cpu", copy=True).contiguous() for name, t in tensors.items()}
            for file, tensors in files.items()
        }

    def load(self, folder: Path, model: "nn.Module", optimizer: Updater) -> None:
        """As in the contract, in place."""
        import torch
        from safetensors.torch import load_file

        weights = load_file(folder / WEIGHTS)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(weights[name])
        optimizer.load_state(load_file(folder / STATE))

    def whole(self, model: "nn.Module") -> "nn.Module | None":
        """The model itself."""
        return None if self.rank else model


def write(snapshot: Snapshot, folder: Path) -> None:
    """Write a snapshot as safetensors files."""
    from safetensors.torch import save_file

    for name, tensors in snapshot.items():
        save_file(tensors, folder / name)


def checkpoint_blocks(model: "nn.Module") -> None:
    """Keep only the inputs of every block for the backward pass, which computes the rest again: the same bits.

    Costs about a third more arithmetic; what is kept per token falls to the width for each layer.
    """
    from torch.utils.checkpoint import checkpoint

    def recomputed(forward: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return checkpoint(forward, *args, use_reentrant=False, **kwargs)

        return call

    for block in blocks(model):
        block.forward = recomputed(block.forward)


def blocks(model: "nn.Module") -> "list[nn.Module]":
    """The repeated parts of a model: the members of its lists of modules, outermost lists only."""
    from torch import nn

    found: list[nn.Module] = []
    for child in model.children():
        found += list(child) if isinstance(child, nn.ModuleList) else blocks(child)
    return found
