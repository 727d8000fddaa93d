"""How long and how fast to fine-tune: defaults from the number of examples, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from firstwords.model.config import Reason
from firstwords.training.settings import TrainSettings

if TYPE_CHECKING:
    from firstwords.model.config import ModelConfig


BATCH_EXAMPLES = 32
# Few examples need many passes to move a new head at all; Devlin et al. 2019 take 2 to 4 over thousands of them.
UPDATES = 350
MIN_EPOCHS, MAX_EPOCHS = 3, 6
# Best at widths 128 and 192 were 1.6e-3 and 1e-3 (docs/log 2026-11-22-fine-tuning): AdamW's best rate falls with the
# width (Yang et al. 2022). At 768 it gives 2.6e-4; bases that were trained for long want a tenth of that.
RATE_TIMES_WIDTH = 0.2
# Bases from elsewhere were trained for long: 2e-4 at a width of 384 (MiniLM, docs/log/2026-11-26-encoders.md) and, by
# the square of the width, the 5e-5 at 768 and 3e-5 at 1,024 that Devlin et al. 2019 found best for BERT.
ADOPTED_RATE, ADOPTED_WIDTH = 2e-4, 384
ADOPTED_MIN_EPOCHS, ADOPTED_MAX_EPOCHS = 2, 10
# A rate found for long runs covers the same distance in a short one when it is as many times higher; four times is the
# most that was tried (docs/log/2026-11-26-preferences.md).
MOST_FASTER = 4.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a kind of training asks for beside the number of examples.

    Attributes:
        rate_share: Of the usual rate.
        full_updates: Updates for which that share was found. In a run of fewer the rate is as many times higher, at
            most four times; and in a small model of ours embedding and head alone are trained, unless the recipe sets
            the rate: what layers learn of few pairs of answers does not carry over to others.
        batch_examples: Of one update, if not the usual.
        updates: That a base of ours wants, if not the usual.
        most_passes: Over the training part for that, if not the usual.
        has_adapter: Whether few parameters inside the layers are all that is trained.
        learns: What kind it is, in words.
    """

    rate_share: float = 1.0
    full_updates: int | None = None
    batch_examples: int | None = None
    updates: int | None = None
    most_passes: int | None = None
    has_adapter: bool = False
    learns: str = ""

    def faster(self, updates: float) -> float:
        """How many times higher the rate is in a run of so many updates."""
        return 1.0 if self.full_updates is None else min(MOST_FASTER, max(1.0, self.full_updates / max(1.0, updates)))

    def keeps_layers(self, updates: float, config: "ModelConfig") -> bool:
        """Whether embedding and head alone are trained."""
        return self.faster(updates) > 1 and not self.has_adapter and not config.is_adopted


@dataclass(frozen=True)
class FineTuneSettings:
    """What a recipe asks for; None is derived."""

    epochs: float | None = None
    rate: float | None = None
    batch_examples: int | None = None
    seed: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `TrainSettings`, which go before everything else."""


def derive(
    *,
    num_examples: int,
    num_tokens: int,
    config: "ModelConfig",
    chosen: FineTuneSettings,
    pace: Pace = Pace(),
) -> tuple[TrainSettings, list[Reason]]:
    """Settings of a fine-tuning, and why they are so.

    Args:
        num_examples: Of the training part.
        num_tokens: Of the training part.
        config: Of the base.
        chosen: What the recipe says goes before what is derived.
        pace: Of this kind of training.
    """
    told = "the recipe says so"
    batch_examples = chosen.batch_examples or pace.batch_examples or BATCH_EXAMPLES
    enough, least, most = pace.updates or UPDATES, MIN_EPOCHS, pace.most_passes or MAX_EPOCHS
    if config.is_adopted:
        enough, least, most = UPDATES, ADOPTED_MIN_EPOCHS, ADOPTED_MAX_EPOCHS
    wanted = enough * batch_examples / max(1, num_examples)
    epochs = chosen.epochs or min(most, max(least, round(wanted)))
    usual, why = _usual_rate(config)
    updates = epochs * num_examples / batch_examples
    faster = pace.faster(updates)
    if pace.rate_share != 1 or faster != 1:
        why = f"{pace.rate_share:g} times the usual, for {pace.learns}"
    if faster != 1:
        why += f"; {faster:.2g} times that in {updates:,.0f} updates, where {pace.full_updates} are usual"
    rate = chosen.rate or float(f"{float(f'{usual:.3g}') * pace.rate_share * faster:.3g}")
    reasons = [
        Reason("epochs", epochs, told if chosen.epochs else f"{enough} updates, {least} to {most} passes"),
        Reason("rate", rate, told if chosen.rate else why),
        Reason("batch_examples", batch_examples, told if chosen.batch_examples else _why_so_many(pace)),
        Reason("tokens", round(epochs * num_tokens), "passes times the tokens of the training part"),
    ]
    keeps_layers = chosen.rate is None and pace.keeps_layers(updates, config)
    if keeps_layers:
        few = "embedding and head alone are trained: what layers learn of few pairs does not carry over to others"
        reasons += [Reason(name, 0.0, few) for name in ("matrix_rate", "vector_rate") if name not in chosen.training]
    settings = TrainSettings(
        seed=chosen.seed,
        epochs=epochs,
        batch_examples=batch_examples,
        matrix_optimizer="adamw",
        matrix_rate=0.0 if keeps_layers else rate,
        embedding_rate=rate,
        vector_rate=0.0 if keeps_layers else rate,
        head_rate=rate if keeps_layers else 2 * rate,  # only a new head has more to learn than the rest
        betas=(0.9, 0.98),
        epsilon=1e-8,
        weight_decay=0.01,
        warmup_share=0.06,
        decay_share=0.94,
        final_rate_share=0.0,
        num_evaluations=4,
        touched_rows=config.is_adopted,
    )
    return replace(settings, **chosen.training), reasons


def _usual_rate(config: "ModelConfig") -> tuple[float, str]:
    """By the width of the base, and why."""
    if not config.is_adopted:
        return RATE_TIMES_WIDTH / config.width, f"{RATE_TIMES_WIDTH} / width {config.width}; twice for the head"
    rate = ADOPTED_RATE * (ADOPTED_WIDTH / config.width) ** 2
    why = f"{ADOPTED_RATE:g} at a width of {ADOPTED_WIDTH}, less by the square of the width: the base is well trained"
    return rate, why


def _why_so_many(pace: Pace) -> str:
    return f"few, for many updates with {pace.learns}" if pace.batch_examples else "16 or 32 (Devlin et al. 2019)"
