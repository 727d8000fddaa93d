"""Texts that are mostly lists of personal data."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.data.personal.type_names import TYPES, Type

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class MuchPersonalData(Filter):
    """Drops texts with more than a few pieces of personal data, such as directories, member lists and leaks.

    It judges the same before and behind the transform `personal_data`: placeholders count like what they stand for.
    Several of this filter, with different `types`, give each type a limit of its own. Score: `spans`, how many there
    are. The default is that of dolma's taggers (Soldaini et al. 2024: above five the document goes, up to five are
    masked).
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("phonenumberslite",)

    max_spans: int = 5
    """`spans`: the most pieces of personal data."""
    types: tuple[Type, ...] = TYPES
    """What counts."""
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "IN", "BR")
    """As for `personal_data`."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """How many pieces of personal data each text has; see `Filter.score`."""
        import pyarrow as pa

        from firstwords.data.personal_data import find_personal_data, texts_as_bytes

        texts = texts_as_bytes(features.texts)
        names = b"|".join(each.upper().encode() for each in self.types)
        placeholder = re.compile(rb"<(?:%b)(?:_[0-9]+)?>" % names)
        found = Counter(row for row, _ in find_personal_data(texts, self.types, self.phone_regions))
        counts = [found[row] + len(placeholder.findall(text)) for row, text in enumerate(texts)]
        return struct_of(spans=pa.array(counts, pa.int32()))

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`spans` where there are too many; see `Filter.reject`."""
        return first_failing(scores, {"spans": (None, self.max_spans)})
