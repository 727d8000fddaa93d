import pytest

from firstwords.corpus.description import Clusters, Description, StageFacts, describe
from firstwords.corpus.histogram import histogram
from firstwords.corpus.lineage import way
from firstwords.web import data_sections as sections


@pytest.fixture(scope="module")
def found(tiny) -> Description:
    return describe(way("tiny", tiny))


def empty() -> Description:
    import numpy as np

    stage = StageFacts("clean", "0", "0" * 64, "kept 0", 0, {}, {}, {}, {}, 0.0)
    return Description([stage], {}, 0, 0, histogram({"kept": np.empty(0)}), {})


def test_the_flow_counts_every_document(found: Description) -> None:
    text = str(sections.flow(found.stages))
    assert "De-duplicated: 3 of 4" in text
    assert "exact.same_text" in text
    assert text.count("<li>") >= 4


def test_every_rule_that_took_something_out_has_a_row_and_examples(found: Description) -> None:
    text = "".join(str(p) for p in sections.removed(found)[1])
    for stage in found.stages:
        for reason in stage.lost:
            assert text.count(f"<bdi>{reason}</bdi>") >= 2
    assert "at least 0.35" in text
    assert "number of words" in text
    assert "&lt;EMAIL&gt;" in text
    assert "boss@short.example" not in text


def test_columns_and_scores_are_shown(found: Description) -> None:
    assert "b.example" in str(sections.corpus(found))
    assert "".join(map(str, sections.scores(found))).count("<svg") >= 10


def test_nothing_at_all_is_told_too() -> None:
    nothing = empty()
    assert "No document is left" in str(sections.corpus(nothing))
    assert sections.scores(nothing) is None
    assert sections.removed(nothing) is None
    assert sections.duplicates(nothing) is None
    assert "No step of the recipe removes" in str(sections.personal(nothing))
    nothing.clusters = Clusters({}, [])
    assert "No two documents" in str(sections.duplicates(nothing)[0])


def test_sizes_are_told_for_people() -> None:
    assert sections.size_of(2_031_291) == "2.03 million characters"
    assert sections.size_of(12) == "12 characters"
