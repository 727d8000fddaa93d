"""Paragraphs that a document says again, removed after their first occurrence."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class RepeatedParagraphs(Transform):
    """Keeps the first of equal paragraphs of one document (case and white space do not count).

    Placed before `gopher_repetition` it saves documents that are good but for a refrain: a documentation page prints
    the same inherited methods for each of its classes. Paragraphs shared by *different* documents are the business of
    the stage `deduplicate`.

    Counted: `paragraphs` (removed).
    """

    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ("xxhash",)
    counted: ClassVar[tuple[str, ...]] = ("paragraphs",)

    min_words: Annotated[int, Field(ge=1)] = 4
    """Shorter paragraphs, such as headings, may stand several times by right."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with shorter texts; see `Transform.apply`."""
        import numpy as np
        import pyarrow as pa

        from firstwords.data.paragraphs import long_paragraphs, without

        old = batch.column("text").to_pylist()
        new = []
        counts = np.zeros(batch.num_rows, np.int32)
        for row, text in enumerate(old):
            seen: set[int] = set()
            again = []
            for start, end, name in long_paragraphs(text, self.min_words):
                if name in seen:
                    again.append((start, end))
                seen.add(name)
            counts[row] = len(again)
            new.append(without(text, again) if again else text)
        if counts.any():
            batch = with_texts(batch, pa.array(new, batch.schema.field("text").type), "text")
        return Transformed(batch, counts > 0, {"paragraphs": counts})
