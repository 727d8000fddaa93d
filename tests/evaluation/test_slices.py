from types import SimpleNamespace

import pytest

from firstwords.evaluation.slices import item_texts, slice_keys, sliced_scores
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte

NUMBER = 60
ITEMS = {
    "id": list(range(NUMBER)),
    "group": list(range(NUMBER)),
    "gold": ["a" if n % 3 else "b" for n in range(NUMBER)],
    "predicted": ["a"] * NUMBER,
    "source": ["news" if n < 40 else "" for n in range(NUMBER)],
    "overlap": ["overlapping" if n % 2 else "clean" for n in range(NUMBER)],
}
TEXTS = [" ".join(["word"] * (1 + n)) for n in range(NUMBER)]


def test_items_are_sliced_by_what_is_known_of_them():
    keys = slice_keys(ITEMS, TEXTS)
    assert set(keys) == {"overlap", "length", "label", "source"}
    assert sorted(set(keys["length"])) == ["20 words or fewer", "21 to 40 words", "over 40 words"]
    assert [keys["length"].count(each) for each in sorted(set(keys["length"]))] == [20, 20, 20]
    assert keys["source"].count(None) == 20
    assert set(slice_keys({"id": [1], "group": [1]}, None)) == set()


def test_a_slices_figure_is_that_of_its_items():
    found = sliced_scores([Accuracy()], ITEMS, slice_keys(ITEMS, TEXTS), 0)
    assert found["label"]["a"]["results"]["accuracy"]["value"] == 1.0
    assert found["label"]["b"] == {
        "items": 20,
        "results": {"accuracy": {"value": 0.0, "low": 0.0, "high": pytest.approx(0.161, abs=1e-3)}},
    }
    assert list(found["length"]) == ["20 words or fewer", "21 to 40 words", "over 40 words"]
    assert "source" not in found  # one source is no slice
    whole = sum(e["items"] * e["results"]["accuracy"]["value"] for e in found["overlap"].values()) / NUMBER
    assert whole == pytest.approx(Accuracy().value(ITEMS))


def test_few_items_have_no_figure_and_undefined_ones_are_none():
    keys = {"kind": ["x"] * 9 + ["y"] * 51}
    found = sliced_scores([Accuracy()], ITEMS, keys, 0)
    assert found["kind"]["x"] == {"items": 9, "results": {}}
    empty = {"id": [0] * 20, "group": list(range(20)), "nats": [0.0] * 20, "bytes": [0] * 20}
    found = sliced_scores([BitsPerByte()], empty, {"kind": ["x"] * 10 + ["y"] * 10}, 0)
    assert found["kind"]["x"]["results"]["bits_per_byte"] == {"value": None, "low": None, "high": None}


def test_equal_lengths_are_one_slice_and_are_left_out():
    assert "length" not in sliced_scores([Accuracy()], ITEMS, {"length": slice_keys(ITEMS, ["a b"] * 60)["length"]}, 0)


def test_many_sources_are_pooled():
    items = ITEMS | {"source": [f"s{n}" for n in range(NUMBER)]}
    assert slice_keys(items, None)["source"].count("others") == 40


def test_texts_come_from_columns_or_examples():
    assert item_texts([], {"id": [1], "text": ["a"]}) == ["a"]
    assert item_texts([], {"id": [1], "words": [["a", "b"]]}) == ["a b"]
    assert item_texts([SimpleNamespace(text="a")], {"id": [1], "words": [3]}) == ["a"]
    assert item_texts([SimpleNamespace(ids=1)], {"id": [1]}) is None
