import runpy
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.filters.c4 import C4

SAID = runpy.run_path(str(Path(__file__).parents[1] / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parents[1] / "real_texts.py"))
FIVE = "It rained. The river rose! Who knew? Nobody did. So it went."


def judged(texts: list[str], **fields) -> list[tuple[dict, str | None]]:
    batch = pa.record_batch({"text": pa.array(texts, pa.string())})
    step = C4(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return list(zip(scores.to_pylist(), step.reject(scores).to_pylist(), strict=True))


def said(text: str) -> tuple[dict, str | None]:
    """The page rules in ordinary Python."""
    lines = SAID["lines_of"](text)
    scores = {
        "sentences": sum(SAID["num_sentences"](line.text) for line in lines),
        "lorem_ipsum": sum(line.has("lorem ipsum") for line in lines),
        "curly_brackets": text.count("{"),
    }
    if scores["lorem_ipsum"]:
        return scores, "lorem_ipsum"
    if scores["curly_brackets"]:
        return scores, "curly_brackets"
    return scores, "sentences" if scores["sentences"] < 5 else None


def test_each_rule_drops_what_it_is_for() -> None:
    texts = [FIVE, FIVE + " Lorem  Ipsum dolor.", FIVE + " if (x) { y }", "It rained. No more."]
    assert [rule for _, rule in judged(texts)] == [None, "lorem_ipsum", "curly_brackets", "sentences"]
    assert [rule for _, rule in judged(texts, max_curly_brackets=None, min_sentences=2)] == [
        None,
        "lorem_ipsum",
        None,
        None,
    ]


@given(st.lists(st.text(st.sampled_from("ab. {?\nLOREMIPSUMloremipsum"), max_size=60), max_size=4))
@settings(max_examples=60)
def test_it_equals_its_statement(texts: list[str]) -> None:
    assert judged(texts) == [said(text) for text in texts]


@REAL["needs_data"]
def test_it_equals_its_statement_on_real_texts() -> None:
    texts = REAL["real_texts"](10)
    assert judged(texts) == [said(text) for text in texts]
