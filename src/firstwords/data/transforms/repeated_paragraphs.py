"""Paragraphs that a document repeats."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.step import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class RepeatedParagraphs(Transform):
    """Removes paragraphs that stood earlier in the same document, such as menus and inherited methods.

    Across documents the stage `deduplicate` does the same; this step comes before filters that judge repetition, so
    that a good text is not dropped for what can be taken out. Paragraphs are compared in lower case with white space
    collapsed. Counted: `removed` paragraphs.
    """

    counted: ClassVar[tuple[str, ...]] = ("removed",)

    min_words: int = 3
    """Shorter paragraphs (headings, separators) stay."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch without repeated paragraphs; see `Transform.apply`."""
        import numpy as np
        import pyarrow as pa

        from firstwords.data.paragraphs import long_paragraphs, without

        texts = batch.column("text").to_pylist()
        removed = np.zeros(len(texts), np.int32)
        for row, text in enumerate(texts):
            seen: set[int] = set()
            again = []
            for start, end, name in long_paragraphs(text, self.min_words):
                if name in seen:
                    again.append((start, end))
                seen.add(name)
            if again:
                texts[row] = without(text, again)
                removed[row] = len(again)
        if removed.any():
            batch = with_texts(batch, pa.array(texts, batch.schema.field("text").type))
        return Transformed(batch, removed > 0, {"removed": removed})
