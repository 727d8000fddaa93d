"""Several processes that share one model: each holds a part of the weights, gradients and moments."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from firstwords.compute import ranks
from firstwords.compute.engine import STATE, WEIGHTS, Engine, Snapshot, Updater, blocks, checkpoint_blocks
from firstwords.recipe import runtime

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.compute.sharding import Shards

# An engine is configuration and holds nothing itself.
_SHARDS: "WeakKeyDictionary[nn.Module, Shards]" = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class Fsdp(Engine):
    """Training under `torchrun` with fully sharded parameters (FSDP2): gloo between processors, NCCL between GPUs.

    A block's weights are gathered just before it computes and dropped right after. Order: activation checkpointing,
    compilation, sharding.

    Attributes:
        device: `cpu`, `cuda`, or `auto` for GPUs where there are some.
        compile: Compile each block first. It changes roundings, so it counts for the result's identity. By default as
            in `Single`.
        activation_checkpointing: As in `Single`.
        repeatable: As in `Single`.

    Source: Zhao et al. 2023; ZeRO stage 3 (Rajbhandari et al. 2020).
    """

    device: str = runtime("auto")
    activation_checkpointing: bool = runtime(False)

    @property
    def rank(self) -> int:  # noqa: D102 (the contract says it)
        return ranks.rank()

    @property
    def num_ranks(self) -> int:  # noqa: D102
        return ranks.num_ranks()

    @property
    def in_step(self) -> bool:  # noqa: D102
        return True

    def device_name(self) -> str:  # noqa: D102
        return ranks.device_name(self.device)

    def prepare(self, model: "nn.Module") -> "nn.Module":
        """As in the contract; joins the other processes first, which must all have been started."""
        import copy

        from torch import distributed
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import FSDPModule, fully_shard

        from firstwords.compute.sharding import Shards

        device = self.device_name()
        ranks.join(device)
        for parameter in model.parameters():
            distributed.broadcast(parameter.detach(), src=0)
        skeleton = copy.deepcopy(model).to("meta")
        if self.activation_checkpointing:
            checkpoint_blocks(model)
        mesh = init_device_mesh(device.partition(":")[0], (self.num_ranks,))
        for block in blocks(model):
            if self.compile:
                block.compile()
            fully_shard(block, mesh=mesh, reshard_after_forward=True)
        # Outside a pass every rank holds its part only: nothing stale can be read, saved or updated.
        fully_shard(model, mesh=mesh, reshard_after_forward=True)
        for module in model.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)  # sums: the step divides once
                module.set_force_sum_reduction_for_comms(True)
        _SHARDS[model] = Shards(model, skeleton, self.rank, self.num_ranks)
        return model

    def shares(self, model: "nn.Module", whole: Collection[str]) -> "dict[str, nn.Parameter]":  # noqa: D102
        return _SHARDS[model].own(whole)

    def gradients(self, model: "nn.Module") -> "list[Tensor]":
        """As in the contract: each rank's rows; they were added up in the backward pass."""
        return [p.grad.to_local() for p in model.parameters() if p.grad is not None]  # type: ignore[attr-defined]

    def length(self, gradients: "list[Tensor]") -> float:
        """As in the contract."""
        import torch

        squares = torch.stack([norm.double().square() for norm in torch._foreach_norm(gradients)])
        return float(self.sum(squares.sum()).sqrt())

    def update(self, model: "nn.Module", optimizer: Updater, factor: float) -> None:
        """As in the contract; matrices travel to their owners and back."""
        shards = _SHARDS[model]
        shards.hand_over_gradients()
        optimizer.step(factor)
        shards.take_back_weights()

    def publish(self, model: "nn.Module") -> None:  # noqa: D102
        _SHARDS[model].take_back_weights()

    def sum(self, values: "Tensor") -> "Tensor":  # noqa: D102
        from torch import distributed

        total = values.to(self.device_name(), copy=True)
        distributed.all_reduce(total)
        return total.to(values.device)

    def snapshot(self, model: "nn.Module", optimizer: Updater) -> Snapshot:  # noqa: D102
        shards = _SHARDS[model]
        weights, state = ranks.gather(shards.weights()), ranks.gather(optimizer.state())
        if weights is None or state is None:
            return {}
        return {WEIGHTS: shards.joined(weights, prefixed=False), STATE: shards.joined(state, prefixed=True)}

    def load(self, folder: Path, model: "nn.Module", optimizer: Updater) -> None:  # noqa: D102
        shards = _SHARDS[model]
        shards.take(folder / WEIGHTS)
        optimizer.load_state(shards.state(folder / STATE))

    def whole(self, model: "nn.Module") -> "nn.Module | None":  # noqa: D102
        import copy

        import torch

        shards = _SHARDS[model]
        parts = ranks.gather(shards.weights())
        if parts is None:
            return None
        joined = shards.joined(parts, prefixed=False)
        made = copy.deepcopy(shards.skeleton).to_empty(device="cpu")
        with torch.no_grad():
            for name, parameter in made.named_parameters():
                parameter.copy_(joined[name])
        return made.train(model.training)
