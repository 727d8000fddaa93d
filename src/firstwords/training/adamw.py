"""AdamW (Loshchilov & Hutter 2019) in one pass over memory, for parameters that are updated number by number.

It calls the kernel that `torch.optim.AdamW(fused=True)` calls, to the same bits. The class around it imports torch's
compiler when it is made, which takes more than a second at the start of every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

STATE = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Parameters that share a rate and a weight decay."""

    parameters: Mapping[str, nn.Parameter]
    rate: float
    weight_decay: float


class AdamW:
    """Moments of some parameters and their updates.

    Args:
        groups: No parameter is in two of them.
        betas: How much of each moment stays at a step.
        epsilon: Added to the root of the second moment.
    """

    def __init__(self, groups: Iterable[Group], betas: tuple[float, float], epsilon: float) -> None:
        self.groups = list(groups)
        self.betas = betas
        self.epsilon = epsilon
        self.state: dict[str, dict[str, Tensor]] = {}
        """`STATE` by the names of the parameters; empty for one that never had a gradient."""

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """Update every parameter that has a gradient.

        Args:
            factor: Every rate is multiplied with it.
        """
        for group in self.groups:
            chosen = {name: p for name, p in group.parameters.items() if p.grad is not None}
            if not chosen:
                continue
            states = [self._state_of(name, parameter) for name, parameter in chosen.items()]
            steps, averages, squares = ([state[key] for state in states] for key in STATE)
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                list(chosen.values()),
                [p.grad for p in chosen.values() if p.grad is not None],
                averages,
                squares,
                [],
                steps,
                lr=group.rate * factor,
                beta1=self.betas[0],
                beta2=self.betas[1],
                weight_decay=group.weight_decay,
                eps=self.epsilon,
                amsgrad=False,
                maximize=False,
            )

    def _state_of(self, name: str, parameter: nn.Parameter) -> dict[str, Tensor]:
        if name not in self.state:
            zero = torch.zeros((), dtype=torch.float32, device=parameter.device)
            moments = (torch.zeros_like(parameter, memory_format=torch.preserve_format) for _ in range(2))
            self.state[name] = dict(zip(STATE, (zero, *moments), strict=True))
        return self.state[name]

    def load(self, name: str, parameter: nn.Parameter, stored: Mapping[str, Tensor]) -> None:
        """Take over a parameter's state.

        Raises:
            KeyError: If one of `STATE` is missing.
        """
        step, *moments = (stored[key] for key in STATE)
        copies = (torch.empty_like(parameter).copy_(moment) for moment in moments)
        self.state[name] = dict(zip(STATE, (step.clone(), *copies), strict=True))
