"""Rows of a token store as examples of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

from firstwords.data.packing import PackedRows
from firstwords.data.token_store import TokenStore
from firstwords.tokenizer.word_joints import WordJoints
from firstwords.training.batch import Example


class PackedExamples(Sequence[Example]):
    """All rows of a split, made when they are read.

    Args:
        folder: The token store.
        split: For example `train`.
        context: Tokens of a row; only the last may be shorter.
        joints: For examples that say where words begin.
    """

    def __init__(self, folder: Path, split: str, context: int, joints: WordJoints | None = None) -> None:
        self.packed = PackedRows(TokenStore(folder, split), context)
        self._joints = joints

    def __len__(self) -> int:
        return len(self.packed)

    @overload
    def __getitem__(self, number: int) -> Example: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Example]: ...
    def __getitem__(self, number: int | slice) -> Example | Sequence[Example]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        row = self.packed[number]
        starts = None if self._joints is None else self._joints.word_starts(row.input_ids, row.bounds)
        return Example(row.input_ids, row.labels, row.bounds, number % len(self), starts)

    @property
    def bytes_per_token(self) -> float:
        """UTF-8 bytes of text that a token stands for, on average."""
        return self.packed.bytes_per_token
