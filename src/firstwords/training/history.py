"""The record of a training run, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class History:
    """What happened, without times: the same for a run that was interrupted and one that was not.

    Complete on the first rank; another rank that continued knows only what came after.

    Attributes:
        records: One a step: `step` (from 1), `tokens` (so far), `loss` (nats per predicted token or example, with the
            objective's regularisation), `rate` (of matrices), `gradient_norm`, `skipped` (1 where a spike left the
            batch out); after an evaluation also `validation_loss`, `bits_per_byte` and the objective's scores.
        samples: What the `sample` callback gave, with `step` and `tokens` added.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: list[dict[str, Any]]) -> History:
        """From records that hold their samples, as a journal keeps them."""
        samples = [
            {"step": line["step"], "tokens": line["tokens"]} | sample
            for line in lines
            for sample in line.get("samples", [])
        ]
        return cls([{k: v for k, v in line.items() if k != "samples"} for line in lines], samples)

    def latest(self, name: str) -> float | None:
        """The last value of a column."""
        return next((record[name] for record in reversed(self.records) if name in record), None)

    def curve(self) -> pyarrow.Table:
        """All steps as a table; null where nothing was measured."""
        import pyarrow

        names: dict[str, None] = dict.fromkeys(["step", "tokens", "loss", "rate", "gradient_norm", "validation_loss"])
        names |= dict.fromkeys(["bits_per_byte"]) | dict.fromkeys(name for record in self.records for name in record)
        types = {name: pyarrow.int64() if name in ("step", "tokens") else pyarrow.float64() for name in names}
        return pyarrow.table(
            {name: pyarrow.array([record.get(name) for record in self.records], types[name]) for name in names}
        )
