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
    rate_share: float = 1.0,
    learns: str = "",
) -> tuple[TrainSettings, list[Reason]]:
    """Settings of a fine-tuning, and why they are so.

    Args:
        num_examples: Of the training part.
        num_tokens: Of the training part.
        config: Of the base.
        chosen: What the recipe says goes before what is derived.
        rate_share: Of the usual rate, for this kind of training.
        learns: What kind that is, in words.
    """
    told = "the recipe says so"
    batch_examples = chosen.batch_examples or BATCH_EXAMPLES
    wanted = UPDATES * batch_examples / max(1, num_examples)
    least, most = (ADOPTED_MIN_EPOCHS, ADOPTED_MAX_EPOCHS) if config.is_adopted else (MIN_EPOCHS, MAX_EPOCHS)
    epochs = chosen.epochs or min(most, max(least, round(wanted)))
    usual, why = RATE_TIMES_WIDTH / config.width, f"{RATE_TIMES_WIDTH} / width {config.width}; twice for the head"
    if config.is_adopted:
        usual = ADOPTED_RATE * (ADOPTED_WIDTH / config.width) ** 2
        why = (
            f"{ADOPTED_RATE:g} at a width of {ADOPTED_WIDTH}, less by the square of the width: the base is well trained"
        )
    if rate_share != 1:
        why = f"{rate_share:g} times the usual, for {learns}"
    rate = chosen.rate or float(f"{usual:.3g}") * rate_share
    reasons = [
        Reason("epochs", epochs, told if chosen.epochs else f"{UPDATES} updates, {least} to {most} passes"),
        Reason("rate", rate, told if chosen.rate else why),
        Reason("batch_examples", batch_examples, told if chosen.batch_examples else "16 or 32 (Devlin et al. 2019)"),
        Reason("tokens", round(epochs * num_tokens), "passes times the tokens of the training part"),
    ]
    settings = TrainSettings(
        seed=chosen.seed,
        epochs=epochs,
        batch_examples=batch_examples,
        matrix_optimizer="adamw",
        matrix_rate=rate,
        embedding_rate=rate,
        vector_rate=rate,
        head_rate=2 * rate,
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
