"""What a transform is: a cleaning step that rewrites rows. The other kind judges them: `firstwords.data.filter`."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.recipe import Component

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Transformed:
    """A batch after a transform.

    `changed` (rows,) bool tells which texts are new, and `counts` how often each thing was done in each row (name to
    (rows,) integers), never what it was done to. `details` (name to array, one value for each row) is kept beside the
    counts and not added up, such as the length of each replaced span.
    """

    batch: "pa.RecordBatch"
    changed: "np.ndarray[Any, Any]"
    counts: Mapping[str, "np.ndarray[Any, Any]"]
    details: Mapping[str, "pa.Array"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Transform(Component):
    """Base of all transforms."""

    artifacts: ClassVar[tuple[str, ...]] = ()
    """As for a filter: names of the fields that name a stage, replaced by the folder of its artifact."""
    entity_models: ClassVar[tuple[str, ...]] = ()
    """Those of `artifacts` that hold a fine-tuned model which tags entities. They are replaced, not by a folder, but by
    a function that is picklable: called with texts and entity types, it gives for each text the start and end in
    characters of the entities of these types."""
    counted: ClassVar[tuple[str, ...]] = ()
    """The names that `apply` counts."""

    @abstractmethod
    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with the same rows in the same order, some of their texts rewritten."""


def with_texts(batch: "pa.RecordBatch", texts: "pa.Array", column: str = "text") -> "pa.RecordBatch":
    """The batch with one column replaced."""
    return batch.set_column(batch.schema.get_field_index(column), batch.schema.field(column), texts)
