"""Documents by their licence."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.filter import Filter, struct_of
from firstwords.data.licences import FAMILIES
from firstwords.errors import RecipeError
from firstwords.find import nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class Licence(Filter):
    """Keeps documents whose licence is of a wanted family.

    A document's licence is what its page says (a link with `rel="license"`, metadata) or its data set holds; it is a
    claim of its author and no legal advice. Families: `firstwords.data.licences`. Scores: `licence`, the number of the
    family in that list, and `family`, its name.
    """

    version: ClassVar[int] = 1

    allowed: tuple[str, ...] = (
        "cc0",
        "public-domain",
        "cc-by",
        "cc-by-sa",
        "odc-by",
        "odbl",
        "mit",
        "bsd",
        "apache",
        "mpl",
    )
    """Families that stay. Most web pages are `unknown`: name that family to keep them."""

    def __post_init__(self) -> None:
        for family in self.allowed:
            if family not in FAMILIES:
                raise RecipeError(
                    f"licence.allowed: '{family}' is no family.{nearest(family, FAMILIES)} There are: "
                    f"{', '.join(FAMILIES)}"
                )

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The family of each document's licence; see `Filter.score`."""
        import pyarrow as pa

        from firstwords.data.licences import family_of

        known: dict[str | None, str] = {}
        families = []
        for licence in batch.column("licence").to_pylist():
            if licence not in known:
                known[licence] = family_of(licence)
            families.append(known[licence])
        numbers = pa.array([FAMILIES.index(family) for family in families], pa.int64())
        return struct_of(licence=numbers, family=pa.array(families, pa.string()))

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`licence` where the family is not allowed; see `Filter.reject`."""
        import numpy as np
        import pyarrow as pa

        wanted = [FAMILIES.index(family) for family in self.allowed]
        failing = ~np.isin(scores.field("licence").to_numpy(zero_copy_only=False), wanted)
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(scores), np.int32), mask=~failing), ["licence"])
