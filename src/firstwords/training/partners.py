"""Labelled texts that know the others of their part, to be paired with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from firstwords.training.batch import Example


@dataclass(frozen=True, slots=True)
class Partnered(Example):
    """A text with those of its own label and those of others, each numbered in `rows`.

    Attributes:
        rows: All texts of the part.
        alike: (A,) the others of its own label.
        unlike: (B,) those of other labels.
        expected_tokens: Of the text and its partners, about; batches are made by it.
    """

    rows: Sequence[Example] = ()
    alike: np.ndarray | None = None
    unlike: np.ndarray | None = None
    expected_tokens: int = 0

    def __len__(self) -> int:
        return self.expected_tokens or len(self.input_ids)

    def draw(self, generator: np.random.Generator, number: int) -> list[Example]:
        """Partners, in turn of its own label and of another; where there are none of one kind, all of the other."""
        assert self.alike is not None and self.unlike is not None
        found = []
        for turn in range(number):
            kinds = (self.alike, self.unlike) if turn % 2 == 0 else (self.unlike, self.alike)
            kind = next((each for each in kinds if len(each)), None)
            if kind is not None:
                found.append(self.rows[int(kind[int(generator.integers(len(kind)))])])
        return found


def partnered(rows: Sequence[Example], pairs: int) -> list[Example]:
    """Rows that know each other."""
    if not len(rows):
        return list(rows)
    labels = np.array([int(row.labels) for row in rows])  # type: ignore[arg-type]
    places = np.arange(len(rows))
    mean = float(np.mean([len(row.input_ids) for row in rows]))
    return [
        Partnered(
            **{each.name: getattr(row, each.name) for each in fields(Example)},
            rows=rows,
            alike=places[(labels == labels[place]) & (places != place)],
            unlike=places[labels != labels[place]],
            expected_tokens=round(len(row.input_ids) + pairs * mean),
        )
        for place, row in enumerate(rows)
    ]
