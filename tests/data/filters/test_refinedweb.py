import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.refinedweb import RefinedWeb
from firstwords.data.transforms.refinedweb_lines import RefinedWebLines
from firstwords.recipe import build

LINE = "A line of ten words that are all kept here.\n"


def judge(text: str, **fields) -> tuple[float, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = RefinedWeb(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0]["removed"], step.reject(scores).to_pylist()[0]


def test_the_share_of_words_that_would_go() -> None:
    assert judge(LINE * 3) == (0.0, None)
    assert judge(LINE * 9 + "12\n3 likes\nSIGN IN HERE\nHome\nLog in, dear cat") == (pytest.approx(9 / 101), "removed")
    assert judge(LINE * 40 + "Home\n12\n")[1] is None
    assert judge("")[1] is None


def test_the_line_rules_are_fields_of_the_transform() -> None:
    text = LINE + "Home\nNews\nSports"
    assert judge(text)[1] == "removed"
    assert judge(text, lines=RefinedWebLines(single_words=False)) == (0.0, None)
    assert build(RefinedWeb, {"lines": {"single_words": False}}).lines == RefinedWebLines(single_words=False)
