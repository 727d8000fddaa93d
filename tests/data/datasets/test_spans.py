import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.datasets.spans import Spans
from firstwords.errors import RecipeError
from firstwords.metrics.entities import find_entities
from firstwords.recipe import build

TEXT = "Anna's friend lives in New York."


def read(folder, rows, **fields):
    (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return build(Spans, {"path": str(folder / "s.jsonl"), "test_share": 0, "validation_share": 0} | fields).parts()[
        "train"
    ]


@pytest.mark.parametrize(
    "spans",
    [
        [[23, 31, "LOC"], [7, 13, "WHO"]],
        [{"start": 7, "end": 13, "label": "WHO"}, {"start_offset": 23, "end_offset": 31, "type": "LOC"}],
    ],
)
def test_spans_become_tags(tmp_path, spans) -> None:
    (record,) = read(tmp_path, [{"text": TEXT, "entities": spans}])
    assert record.words == ("Anna", "'", "s", "friend", "lives", "in", "New", "York", ".")
    assert record.tags == ("O", "O", "O", "B-WHO", "O", "O", "B-LOC", "I-LOC", "O")


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([[0, 3, "PER"]], r"s\.jsonl:2: the span \[0, 3, 'PER'\] \('Ann'\) ends inside a word; .*'Anna'\. Set widen"),
        ([[0, 40, "PER"]], r"s\.jsonl:2: span 1, 0 to 40, lies outside the 32 characters"),
        ([[0, 4]], r"s\.jsonl:2: span 1 is \[0, 4\]: expected \[start, end, type\]"),
        ([[0, 4, ""]], r"s\.jsonl:2: span 1 is"),
        ([[6, 7, "X"]], r"s\.jsonl:2: the span .* holds no word"),
        ([[0, 4, "A"], [0, 4, "B"]], r"s\.jsonl:2: the span .* overlaps another"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, spans, message) -> None:
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, [{"text": "fine", "entities": []}, {"text": TEXT, "entities": spans}])


def test_missing_keys_have_their_line_and_spans_may_be_widened(tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"s\.jsonl:1: no column 'entities'\. Did you mean 'entity'"):
        read(tmp_path, [{"text": TEXT, "entity": []}])
    (record,) = read(tmp_path, [{"text": TEXT, "entities": [[1, 3, "PER"]]}], widen=True)
    assert record.tags[0] == "B-PER"


@given(st.lists(st.tuples(st.sampled_from(["Ann", "St.", "x", "3.14"]), st.sampled_from(["", "A", "B"])), min_size=1))
def test_the_entities_are_those_of_the_spans(tmp_path_factory, words) -> None:
    text, spans = "", []
    for word, kind in words:
        if kind:
            spans.append([len(text), len(text) + len(word), kind])
        text += word + " "
    (record,) = read(tmp_path_factory.mktemp("spans"), [{"text": text, "entities": spans}])
    assert [each.type for each in find_entities(record.tags, "strict")] == [kind for _, _, kind in spans]
