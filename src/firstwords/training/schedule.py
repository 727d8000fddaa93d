"""The learning rate over a run (warm-up, constant, linear decay), and when to look at the model."""

from __future__ import annotations


def rate_factor(
    step: int, num_steps: int, *, warmup_share: float, decay_share: float, final_rate_share: float
) -> float:
    """What every learning rate is multiplied with at a step.

    The first step is never at rate zero, and the last is still above `final_rate_share`, so no step is wasted.

    Args:
        step: From 0.
        num_steps: Of the whole run.
        warmup_share: Share of the steps over which the rate rises linearly.
        decay_share: Share of the steps, at the end, over which it falls linearly.
        final_rate_share: Where the fall ends, as a share of the full rate.
    """
    warmup_steps = round(num_steps * warmup_share)
    decay_steps = round(num_steps * decay_share)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    remaining = num_steps - step  # 1 at the last step
    if remaining >= decay_steps + 1:
        return 1.0
    return final_rate_share + (1 - final_rate_share) * remaining / (decay_steps + 1)


def moments(num_steps: int, number: int) -> set[int]:
    """Evenly spaced numbers of finished steps, the last one included."""
    return {max(1, round(num_steps * k / number)) for k in range(1, number + 1)}
