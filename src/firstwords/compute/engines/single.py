"""One process on one device."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firstwords.compute.allocator import keep_freed_memory
from firstwords.compute.devices import best_device
from firstwords.compute.engine import Replicated, checkpoint_blocks
from firstwords.recipe import runtime

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Single(Replicated):
    """Training in this process alone.

    Attributes:
        device: `cpu`, `cuda`, or `auto` for a GPU where there is one.
        compile: Compile the model first. It costs 30 to 60 s on a processor, so it pays in long runs only, and it
            changes roundings, so it counts for the result's identity. By default only the parts of blocks before and
            behind attention are compiled, and only on GPUs, in runs long enough (`model.fusion`).
        activation_checkpointing: Compute the inside of each block twice instead of keeping it: less memory, more time,
            the same bits.
        repeatable: On a GPU, add up attention's gradient in one order, so that runs can be repeated bit for bit
            (docs/log/2026-11-26-gpu.md says how far that was seen). Without it training is a little faster.
        cuda_graphs: On a GPU, record what is the same for all batches and repeat it (`training.cuda_graphs`). Faster,
            most of all for small models. It may change roundings, so it counts for the result's identity.
    """

    device: str = runtime("auto")
    activation_checkpointing: bool = runtime(False)
    cuda_graphs: bool = True

    @property
    def captures(self) -> bool:  # noqa: D102 (the contract says it)
        # What is computed twice asks for the state of random generators, which a capture does not allow.
        plain = not self.compile and not self.activation_checkpointing
        return self.cuda_graphs and plain and self.device_name() != "cpu"

    def device_name(self) -> str:  # noqa: D102 (the contract says it)
        return best_device() if self.device == "auto" else self.device

    def prepare(self, model: "nn.Module") -> "nn.Module":  # noqa: D102
        keep_freed_memory()
        model.to(self.device_name())
        if self.activation_checkpointing:
            checkpoint_blocks(model)
        if self.compile:
            model.compile()  # in place: names of parameters stay as they are
        return model

    def reduce(self, gradients: "list[Tensor]") -> None:  # noqa: D102
        return

    def sum(self, values: "Tensor") -> "Tensor":  # noqa: D102
        return values
