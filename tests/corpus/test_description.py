"""The figures of a description are those of the documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import texts

from firstwords.corpus.description import Description, describe, without_personal_data
from firstwords.corpus.lineage import way
from firstwords.data.shards import read_documents


@pytest.fixture(scope="module")
def found(tiny) -> Description:
    return describe(way("tiny", tiny))


def test_what_enters_a_stage_is_what_the_one_before_kept(found: Description) -> None:
    extract, clean, deduplicate = found.stages[1:]
    assert extract.kept == clean.kept + sum(clean.lost.values()) == len(texts())
    assert clean.kept == deduplicate.kept + sum(deduplicate.lost.values())
    assert extract.lost == {"malformed": 1}
    assert deduplicate.lost == {"exact.same_text": 1}


def test_columns_and_lengths_are_counted(found: Description, tiny) -> None:
    documents = read_documents(way("tiny", tiny)[-1].folder).to_table()
    assert found.documents == documents.num_rows == 3
    assert found.characters == sum(map(len, documents["text"].to_pylist()))
    assert sum(found.lengths.totals) == 3
    assert dict(found.columns["site"].common) == {"a.example": 1, "b.example": 2}
    assert sum(number for _, number in found.columns["year"].common) == 3
    assert sum(number for _, number in found.columns["split"].common) == 3
    assert "licence" not in found.columns


def test_examples_stand_under_their_rule_and_name_what_they_are_like(found: Description) -> None:
    clean, deduplicate = found.stages[2:]
    assert clean.examples.keys() == clean.lost.keys()
    assert clean.examples["gopher_quality.words"][0].name == "https://c.example/short"
    assert deduplicate.examples["exact.same_text"][0].like
    assert found.stages[1].examples["malformed"][0].detail


def test_duplicates_and_personal_data_are_counted(found: Description) -> None:
    assert found.clusters is not None
    assert found.clusters.sizes == {2: 1}
    assert found.clusters.largest[0][0].startswith("https://a.example/valley")
    assert found.personal_data["email"] == 3


def test_rules_have_their_meaning(found: Description) -> None:
    assert found.meanings["gopher_quality.words"] == "number of words"


@given(st.integers(0, 1500), st.sampled_from(["x ", "word, ", "\n", "a@b.example "]))
def test_personal_data_is_not_shown_even_at_the_cut(before: int, filler: str) -> None:
    text = (filler * before)[: before * 2] + " mayor@valley.example, that is all. " + filler * 400
    shown = without_personal_data(text)
    assert "mayor" not in shown
    assert "valley" not in shown
    assert len(shown) <= 280


def test_short_texts_stay_whole() -> None:
    assert without_personal_data("Write to a@b.example  now.") == "Write to <EMAIL> now."
