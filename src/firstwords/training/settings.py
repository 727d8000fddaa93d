"""How long and how fast to train: the numbers that `configure` derives and a recipe may overrule."""

from dataclasses import dataclass
from typing import Literal

from firstwords.errors import RecipeError
from firstwords.recipe import Component, Count, Duration, runtime

# A batch of nothing and an average that never moves teach nothing.
FORBIDDEN = {0: "first_batch_share", 1: "average_decay"}


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Component):
    """Settings of one training run.

    Exactly one of `tokens` and `epochs` says how long, exactly one of `batch_tokens` (packed rows of one length) and
    `batch_examples` (labelled texts of any length) says how much one update sees.
    """

    seed: int = 0
    tokens: Count | None = None
    epochs: float | None = None
    batch_tokens: Count | None = None
    batch_examples: Count | None = None
    # The most tokens that go through the model at once. It bounds memory; the gradient is the exact mean regardless.
    micro_tokens: Count = 4096

    # Of matrix products and attention; weights, sums and the optimizer stay float32. Half precision is faster on GPUs
    # and on processors with units for it (AVX-512 BF16, AMX), and many times slower on others: `configure` measures.
    precision: Literal["float32", "bfloat16"] = "float32"

    matrix_optimizer: Literal["muon", "adamw"] = "muon"
    # Rates and momenta were measured on small models and few updates (docs/log 2026-11-22-rates).
    # Muon: length of an update relative to a matrix with singular values of one (Jordan et al. 2024); the rest: AdamW.
    matrix_rate: float = 0.01
    embedding_rate: float = 0.03
    head_rate: float = 0.006
    vector_rate: float = 0.02
    momentum: float = 0.9
    # Of Muon's orthogonalisation. Three learn as well as five in small models (docs/log 2026-11-26-learning); five are
    # the safe number where updates are rare.
    matrix_iterations: Literal[1, 2, 3, 4, 5] = 5
    betas: tuple[float, float] = (0.8, 0.95)
    epsilon: float = 1e-10
    # Decoupled, on matrices only: every step takes `rate x weight_decay` of them.
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    # Whether large tables of embeddings are updated where a batch touches them only (`touched_rows`).
    touched_rows: bool = False

    warmup_share: float = 0.02
    # 60 to 65 % of the steps at a falling rate is what nanochat and modded-nanogpt settled on.
    decay_share: float = 0.6
    final_rate_share: float = 0.05

    # Batch growth (`growth.step_starts`): the first batch as a share of a whole one, and the share of the rows after
    # which batches are whole. 1 = all batches are whole.
    first_batch_share: float = 1.0
    batch_growth_share: float = 0.5
    # Sequence-length growth (`growth.context_at`): how far back a token looks at first, and the share of the run after
    # which it looks back the whole row. None = always the whole row.
    first_context: Count | None = None
    context_growth_share: float = 0.4
    # Which rows of the first epoch come sooner (`curriculum.RowOrder`).
    order: Literal["shuffled", "short_first", "simple_first"] = "shuffled"
    # Share of an average over updates that stays at each (exponential moving average); 0 = none. With an average, it is
    # what is evaluated and what the run ends with.
    average_decay: float = 0.0
    # Evaluations in a row without a new lowest held-out loss that end the run, which then gives back the best weights.
    # None = it ends when its tokens do, with the last weights.
    patience: int | None = None
    # Where a base goes on to learn another text: the greatest rise of the general text's bits per byte, as a share of
    # those before the first step (0.05). Beyond it the run ends with the last weights within. None = it is only told.
    stop_forgetting: float | None = None
    # What happens at a loss far above those before it (`spikes.SpikeJudge`), and how many spreads are far.
    spikes: Literal["keep", "skip", "roll_back"] = "keep"
    spike_deviations: float = 10.0

    num_evaluations: int = 8
    num_samples: int = 4

    # Extra checkpoints change no byte of the result, so the clock may trigger them.
    checkpoint_seconds: Duration = runtime(60.0)
    checkpoint_steps: int | None = runtime(None)
    # The newest so many stay, so that damage to one costs the steps since the one before.
    checkpoints_kept: int = runtime(2)
    # Written by a thread from a copy of weights and moments while training goes on; without it training waits.
    checkpoint_in_background: bool = runtime(True)
    # Every so many steps the model goes into the artifact as a Hugging Face folder of its own, `steps/step-...`.
    keep_every_steps: int | None = None
    log_seconds: Duration = runtime(1.0)

    def __post_init__(self) -> None:
        if (self.tokens is None) == (self.epochs is None):
            raise RecipeError(f"give either tokens or epochs, not both or none: {self.tokens=} {self.epochs=}")
        if (self.batch_tokens is None) == (self.batch_examples is None):
            raise RecipeError("give either batch_tokens or batch_examples, not both or none")
        for name in ("first_batch_share", "batch_growth_share", "context_growth_share", "average_decay"):
            value = getattr(self, name)
            if not 0 <= value <= 1 or (value in (0, 1) and name == FORBIDDEN.get(value)):
                raise RecipeError(f"{name} is {value}; it must be a share of the whole, between 0 and 1")
        if self.patience is not None and self.patience < 1:
            raise RecipeError(f"patience is {self.patience}; it must be at least 1, or left out")
        if self.stop_forgetting is not None and not 0 < self.stop_forgetting < 10:
            raise RecipeError(f"stop_forgetting is {self.stop_forgetting}; it is a share above 0, for example 0.05")
        if self.first_context is not None and self.first_context < 1:
            raise RecipeError(f"first_context is {self.first_context}; it must be at least 1, or left out")
        if self.spike_deviations <= 0:
            raise RecipeError(f"spike_deviations is {self.spike_deviations}; it must be above 0")
        if self.checkpoints_kept < 1:
            raise RecipeError(f"checkpoints_kept is {self.checkpoints_kept}; at least 1 must stay")
        for name in ("checkpoint_steps", "keep_every_steps"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.warmup_share + self.decay_share > 1:
            raise RecipeError(f"warmup_share {self.warmup_share} and decay_share {self.decay_share} exceed 1 together")

    def rows_per_step(self, row_tokens: int) -> int:
        """Rows of one update.

        Args:
            row_tokens: Length of a packed row; unused where the batch is counted in examples.

        Raises:
            RecipeError: If `batch_tokens` is no multiple of the row's length.
        """
        if self.batch_examples is not None:
            return self.batch_examples
        assert self.batch_tokens is not None
        if self.batch_tokens % row_tokens:
            low = self.batch_tokens // row_tokens * row_tokens
            nearest = " or ".join(f"{n:,}" for n in (low, low + row_tokens) if n)
            raise RecipeError(
                f"batch_tokens {self.batch_tokens:,} is not a multiple of {row_tokens:,} (tokens of a row). "
                f"Nearest: {nearest}."
            )
        return self.batch_tokens // row_tokens

    def num_positions(self, num_rows: int, row_tokens: int) -> int:
        """Rows that the whole run reads, repetitions counted."""
        if self.epochs is not None:
            return max(1, round(self.epochs * num_rows))
        assert self.tokens is not None
        return max(1, round(self.tokens / row_tokens))
