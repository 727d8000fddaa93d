"""Copies of the weights beside those that are trained: their average, the best so far, those to go back to.

It stands where the optimizer stands, so that an engine saves and loads the copies with the optimizer's state, under
names that end in the parameter's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from firstwords.training.optimizer import Optimizer

Copies = dict[str, Tensor]
# In names of stored tensors: before what to go back to, and the weights among it.
EARLIER, WEIGHTS = "earlier-", "weights"


class KeptWeights:
    """An optimizer with copies of what it updates.

    Args:
        optimizer: Makes the updates.
        shares: What this process updates, by name (`Engine.shares`); only trainable parameters are copied.
        average_decay: How much of the average stays at an update; 0 = no average. Early averages forget faster:
            (1 + n) / (10 + n) after n updates, if that is less.
        publish: Lets the model see what was written into the shares (`Engine.publish`).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        shares: Mapping[str, nn.Parameter],
        average_decay: float = 0.0,
        publish: Callable[[], None] = lambda: None,
    ) -> None:
        self.optimizer = optimizer
        self.publish = publish
        self.parameters = {name: p.detach() for name, p in shares.items() if p.requires_grad}
        self.average_decay = average_decay
        self.num_updates = 0
        self.average: Copies = self._copies() if average_decay else {}
        self.best: Copies = {}
        self.earlier: Copies = {}

    def _copies(self) -> Copies:
        return {name: p.clone() for name, p in self.parameters.items()}

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """One update, and the average with it."""
        self.optimizer.step(factor)
        self.num_updates += 1
        if self.average:
            decay = min(self.average_decay, (1 + self.num_updates) / (10 + self.num_updates))
            torch._foreach_lerp_(list(self.average.values()), list(self.parameters.values()), 1 - decay)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within, the model has its averaged weights, if there are some; the trained ones come back at the end."""
        if not self.average:
            yield
            return
        trained = self._copies()
        self._take(self.average)
        try:
            yield
        finally:
            self._take(trained)

    def keep_as_best(self) -> None:
        """Remember the weights that the model has now (within `averaged`: the average)."""
        self.best = self._copies()

    def end(self, *, with_best: bool) -> None:
        """Give the model the weights that the run is for: the best, or the average, or those it has."""
        self._take(self.best if with_best and self.best else self.average)

    def keep_to_go_back(self) -> None:
        """Remember weights and optimizer state as they are now."""
        weights = {f"{WEIGHTS}.{name}": tensor for name, tensor in self._copies().items()}
        self.earlier = weights | {name: tensor.clone() for name, tensor in self.optimizer.state().items()}

    def go_back(self) -> bool:
        """To what `keep_to_go_back` remembered; whether there was something."""
        if not self.earlier:
            return False
        self._take({name: self.earlier[f"{WEIGHTS}.{name}"] for name in self.parameters})
        self.optimizer.load_state(self.earlier)
        return True

    @torch.no_grad()
    def _take(self, copies: Copies) -> None:
        for name, tensor in copies.items():
            self.parameters[name].copy_(tensor)
        if copies:
            self.publish()

    def state(self) -> Copies:
        """The optimizer's state and all copies, each as `<what>.<parameter>`."""
        kept = {"average.": self.average, "best.": self.best, EARLIER: self.earlier}
        copies = {f"{kind}{name}": tensor for kind, tensors in kept.items() for name, tensor in tensors.items()}
        return self.optimizer.state() | copies

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave.

        Raises:
            KeyError: If a tensor is missing.
        """
        self.optimizer.load_state(tensors)
        for name, average in self.average.items():
            average.copy_(tensors[f"average.{name}"])
        self.best = _under("best.", tensors)
        self.earlier = _under(EARLIER, tensors)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> Copies:
    return {name.removeprefix(prefix): tensors[name].clone() for name in tensors if name.startswith(prefix)}
