"""Personal data replaced by placeholders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.personal.type_names import ALL_TYPES, TYPES, Type
from firstwords.data.transform import Transform, Transformed, with_texts
from firstwords.errors import RecipeError

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.personal.finder import Span
    from firstwords.data.personal.span_log import SpanLog

COLUMNS = ("text", "title")


@dataclass(frozen=True, kw_only=True)
class PersonalData(Transform):
    """Writes `<EMAIL>`, `<PHONE>`, `<US_SSN>` and so on in place of what `firstwords.personal_data` finds in text and
    title, and `<PERSON>` in place of the names that a fine-tuned model finds.

    The placeholder of a type is always the same, so that a model learns where such data stands and none of it. Of each
    span its type and length in bytes are recorded, its value never.
    """

    version: ClassVar[int] = 3
    libraries: ClassVar[tuple[str, ...]] = ("phonenumberslite",)
    artifacts: ClassVar[tuple[str, ...]] = ("names",)
    entity_models: ClassVar[tuple[str, ...]] = ("names",)
    counted: ClassVar[tuple[str, ...]] = (*ALL_TYPES, "person")

    types: tuple[Type, ...] = TYPES
    """What to replace; everything else is kept."""
    numbered: bool = False
    """Number the placeholders within a document: `<EMAIL_1>` is the same address wherever it stands in it."""
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "IN", "BR")
    """Telephone regions (ISO 3166) whose national forms count; numbers with + or 00 count everywhere."""
    names: str | None = None
    """A stage with a model that tags names, such as `finetune.people`; it must not learn from what is cleaned here."""
    names_labels: tuple[str, ...] = ("PER", "PERSON", "person")
    """Which of that model's entities are persons; it must know at least one of them."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch without personal data; see `Transform.apply`.

        Raises:
            RecipeError: If a telephone region is unknown, or the model of names has none of `names_labels`.
        """
        import numpy as np
        import phonenumbers

        from firstwords.data.personal.span_log import SpanLog

        unknown = [region for region in self.phone_regions if region not in phonenumbers.SUPPORTED_REGIONS]
        if unknown:
            raise RecipeError(f"phone region '{unknown[0]}' is not known: write ISO 3166 codes such as US, GB or DE")

        log = SpanLog(batch.num_rows, self.counted)
        changed = np.zeros(batch.num_rows, bool)
        for column in COLUMNS:
            if column in batch.schema.names:
                batch, rows = self._replace(batch, column, log)
                if column == "text":
                    changed[rows] = True
        return Transformed(batch, changed, log.counts, {"spans": log.as_array()})

    def _replace(self, batch: "pa.RecordBatch", column: str, log: "SpanLog") -> "tuple[pa.RecordBatch, list[int]]":
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from firstwords.data.personal_data import replace_personal_data, texts_as_bytes

        texts = batch.column(column)
        values = texts_as_bytes(texts)
        spans = self._spans(values)
        if not spans:
            return batch, []
        for row, found in spans.items():
            log.add(row, found)
        mask = np.zeros(len(texts), bool)
        mask[list(spans)] = True
        numbers = log.numbers if self.numbered else {}
        new = [replace_personal_data(values[row], found, numbers.get(row)) for row, found in spans.items()]
        texts = pc.replace_with_mask(texts, pa.array(mask), pa.array(new, texts.type))
        return with_texts(batch, texts, column), list(spans)

    def _spans(self, values: list[bytes]) -> "dict[int, list[Span]]":
        """Row to its spans, in order of the rows and of the text."""
        from firstwords.data.personal.person import with_persons
        from firstwords.data.personal_data import find_personal_data

        spans: dict[int, list[Span]] = {}
        for row, span in find_personal_data(values, self.types, self.phone_regions):
            spans.setdefault(row, []).append(span)
        if self.names is None:
            return spans
        if not callable(self.names):
            raise RecipeError(f"names: the model of '{self.names}' is handed in by the stage clean; name it there")
        find: Callable[..., Any] = self.names
        return with_persons(spans, values, lambda texts: find(texts, self.names_labels))
