"""What a filter is: a cleaning step that judges rows.

It scores first and decides after, so scores can be stored, and a changed threshold selects anew without scoring anew.
The other kind of step rewrites rows: `firstwords.data.transform`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.recipe import Component

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features

Bounds = tuple[float | None, float | None]
"""Lowest and highest value a rule accepts, both included; None means no bound."""


@dataclass(frozen=True, kw_only=True)
class Filter(Component):
    """Base of all filters."""

    artifacts: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that name a stage, such as `train_classifier.quality`: the stage `clean` takes that stage's
    artifact as an input, and puts its folder in the field's place before the step runs."""

    @abstractmethod
    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """One row of scores for each document, one field for each rule, named like the rule.

        A field that no rule reads may stand beside them (the language that was found). Thresholds must not change
        scores.

        Args:
            batch: Documents; only `text` is promised to be without nulls.
            features: Words and lines of `batch["text"]`.
        """

    @abstractmethod
    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """For each row the name of the first rule it fails, or null when it is kept.

        Args:
            scores: What `score` gave, perhaps read back from a file.
        """


def first_failing(scores: "pa.StructArray", rules: Mapping[str, Bounds]) -> "pa.DictionaryArray":
    """The name of the first rule that each row fails, or null.

    Args:
        scores: A struct array with a number field for every rule; a null score fails nothing.
        rules: Rule to bounds, in the order in which they are tried.
    """
    import numpy as np
    import pyarrow as pa

    found = np.full(len(scores), -1, np.int32)
    for index, (rule, (low, high)) in enumerate(rules.items()):
        values = scores.field(rule).to_numpy(zero_copy_only=False).astype(np.float64)
        # A null became NaN, and no comparison with it is true.
        failing = np.zeros(len(values), bool)
        if low is not None:
            failing |= values < low
        if high is not None:
            failing |= values > high
        found[(found < 0) & failing] = index
    indices = pa.array(found, pa.int32(), mask=found < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(rules), pa.string()))


def struct_of(**columns: Any) -> "pa.StructArray":
    """A struct array from one NumPy or Arrow array, or list of numbers, for each field, in the order given."""
    import pyarrow as pa

    # Of an empty list Arrow could not tell the type.
    arrays = [pa.array(each, pa.float64() if isinstance(each, list) else None) for each in columns.values()]
    return pa.StructArray.from_arrays(arrays, list(columns))
