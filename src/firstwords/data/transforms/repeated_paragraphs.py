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
        import pyarrow.compute

        from firstwords.data.paragraphs import split_units, without

        texts = batch.column("text")
        units = split_units(texts, "paragraphs", self.min_words)
        owners = np.repeat(np.arange(len(texts)), np.diff(units.offsets))
        order = np.lexsort((units.hashes, owners))  # equal ones keep their order
        hashes, sorted_owners = units.hashes[order], owners[order]
        same = (hashes[1:] == hashes[:-1]) & (sorted_owners[1:] == sorted_owners[:-1])
        again = np.zeros(len(order), bool)
        again[order[1:][same]] = True
        counts = np.bincount(owners[again], minlength=len(texts)).astype(np.int32)
        rows = np.flatnonzero(counts)
        if len(rows):
            spans = np.split(np.stack([units.starts[again], units.ends[again]], axis=1), np.cumsum(counts[rows])[:-1])
            old = texts.take(pa.array(rows)).to_pylist()
            new = [without(text, each.tolist()) for text, each in zip(old, spans, strict=True)]
            mask = pa.array(counts > 0)
            batch = with_texts(batch, pa.compute.replace_with_mask(texts, mask, pa.array(new, texts.type)), "text")
        return Transformed(batch, counts > 0, {"paragraphs": counts})
