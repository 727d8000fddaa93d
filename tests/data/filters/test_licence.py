import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.licence import Licence
from firstwords.errors import RecipeError
from firstwords.recipe import build

ROWS = ["CC-BY-SA-4.0", None, "https://creativecommons.org/licenses/by-nc/4.0/", "CC0", "All rights reserved"]


def judged(**fields) -> tuple[list[str], list[str | None]]:
    batch = pa.record_batch({"text": ["x"] * len(ROWS), "licence": pa.array(ROWS, pa.string())})
    step = build(Licence, fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.field("family").to_pylist(), step.reject(scores).to_pylist()


def test_wanted_families_stay() -> None:
    families, rules = judged()
    assert families == ["cc-by-sa", "unknown", "cc-by-nc", "cc0", "reserved"]
    assert rules == [None, "licence", "licence", None, "licence"]
    assert judged(allowed=["unknown", "cc-by-nc"])[1] == ["licence", None, None, "licence", "licence"]


def test_a_family_that_is_none_is_refused() -> None:
    with pytest.raises(RecipeError, match="'cc-sa' is no family. Did you mean 'cc-by-sa'"):
        build(Licence, {"allowed": ["cc-sa"]})
