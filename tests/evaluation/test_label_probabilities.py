import math

import pytest

from firstwords.evaluation.label_probabilities import answers_of, certain, columns, confusion_and_auc


def test_columns_by_hand():
    answers = [{"a": math.log(0.7), "b": math.log(0.3)}, {"a": math.log(0.6), "b": math.log(0.4)}]
    items = columns(["a", "b"], answers)
    assert items["predicted"] == ["a", "a"] and items["confidence"] == pytest.approx([0.7, 0.6])
    assert items["squared_error"] == pytest.approx([0.3**2 + 0.3**2, 0.6**2 + 0.6**2])
    assert items["nats"] == pytest.approx([-math.log(0.7), -math.log(0.4)])


def test_the_certain_and_the_wrongly_certain():
    items = columns(["a", "a"], [certain("a"), certain("b")])
    assert items["squared_error"] == [0.0, 2.0] and items["nats"] == [0.0, math.inf]


def test_the_area_is_told_where_all_know_the_same_labels():
    answers = [{"a": math.log(p), "b": math.log(1 - p)} for p in (0.9, 0.8, 0.3, 0.4)]
    items = columns(["a", "a", "b", "b"], answers) | {"group": [0, 1, 2, 3]}
    found = confusion_and_auc(items)
    assert found["auc"]["value"] == 1.0 and found["confusion"]["matrix"] == [[2, 0], [0, 2]]
    three = [{"a": math.log(p), "b": math.log(0.9 - p), "c": math.log(0.1)} for p in (0.8, 0.7, 0.2, 0.3)]
    assert confusion_and_auc(columns(["a", "a", "b", "b"], three) | {"group": [0] * 4})["auc"]["value"] == 1.0
    assert "auc" not in confusion_and_auc(columns(["a", "b"], [certain("a"), certain("b")]) | {"group": [0, 1]})


def test_texts_are_asked_in_parts():
    class Model:
        labels = ("a", "b")

        def label_log_probabilities(self, texts):
            import numpy as np

            return np.log([[0.5, 0.5] if text == "even" else [0.9, 0.1] for text in texts])

    told = []
    found = answers_of(Model(), ["even", "odd", "even"], 2, lambda done, total: told.append((done, total)))
    assert [round(math.exp(each["a"]), 3) for each in found] == [0.5, 0.9, 0.5] and told == [(2, 3), (3, 3)]
