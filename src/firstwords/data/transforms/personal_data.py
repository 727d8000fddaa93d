"""Personal data replaced by placeholders."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from firstwords.data.transform import Transform, Transformed, with_texts
from firstwords.errors import RecipeError

if TYPE_CHECKING:
    import pyarrow as pa

Type = Literal["email", "phone", "ip_address", "card"]


@dataclass(frozen=True, kw_only=True)
class PersonalData(Transform):
    """Writes `<EMAIL>`, `<PHONE>`, `<IP_ADDRESS>` and `<CARD>` in place of what `firstwords.personal_data` finds in
    text and title.

    The placeholder of a type is always the same, so that a model learns where such data stands and none of it. Only
    how many spans of each type a document had is recorded.
    """

    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ("phonenumberslite",)
    counted: ClassVar[tuple[str, ...]] = ("email", "phone", "ip_address", "card")

    types: tuple[Type, ...] = ("email", "phone", "ip_address", "card")
    """What to replace."""
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "IN", "BR")
    """Telephone regions (ISO 3166) whose national forms count; numbers with + or 00 count everywhere."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch without personal data; see `Transform.apply`.

        Raises:
            RecipeError: If a telephone region is unknown.
        """
        import numpy as np
        import phonenumbers

        unknown = [region for region in self.phone_regions if region not in phonenumbers.SUPPORTED_REGIONS]
        if unknown:
            raise RecipeError(f"phone region '{unknown[0]}' is not known: write ISO 3166 codes such as US, GB or DE")

        counts = {each: np.zeros(batch.num_rows, np.int32) for each in self.counted}
        changed = np.zeros(batch.num_rows, bool)
        for column in ("text", "title"):
            if column in batch.schema.names:
                batch, rows = self._replace(batch, column, counts)
                if column == "text":
                    changed[rows] = True
        return Transformed(batch, changed, counts)

    def _replace(
        self, batch: "pa.RecordBatch", column: str, counts: dict[str, Any]
    ) -> "tuple[pa.RecordBatch, list[int]]":
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from firstwords.data.personal_data import Span, find_personal_data, replace_personal_data, texts_as_bytes

        texts = batch.column(column)
        values = texts_as_bytes(texts)
        spans: dict[int, list[Span]] = {}
        for index, span in find_personal_data(values, self.types, self.phone_regions):
            spans.setdefault(index, []).append(span)
            counts[span.type][index] += 1
        if not spans:
            return batch, []
        mask = np.zeros(len(texts), bool)
        mask[list(spans)] = True
        new = pa.array([replace_personal_data(values[i], found) for i, found in spans.items()], texts.type)
        return with_texts(batch, pc.replace_with_mask(texts, pa.array(mask), new), column), list(spans)
