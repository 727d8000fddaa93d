import numpy as np

from firstwords.data.dataset import TextRecord
from firstwords.data.ngram_classifier import NgramSettings, train
from firstwords.evaluation.classifier_report import card, report, scores


def records(part: str, number: int) -> list[TextRecord]:
    kinds = {"river": "the river and the {} of the valley", "prize": "click to win the {} prize now"}
    return [
        TextRecord(f"{part}{kind}{n}", f"{part}{n % 7}", text.format(n), kind)
        for kind, text in kinds.items()
        for n in range(number)
    ]


def test_figures_on_held_out_texts_and_the_card_that_tells_them() -> None:
    learnt, test = records("train", 20), records("test", 10)
    (model,) = train([r.text for r in learnt], [r.label for r in learnt], NgramSettings(bits=12), [4.0])
    figures = report(model, learnt, [], test)
    assert figures["labels"] == {"prize": 20, "river": 20}
    for side in ("scores", "baseline"):
        assert {figures[side][name]["value"] for name in ("accuracy", "macro_f1", "auc")} == {1.0}
        assert figures[side]["auc"]["low"] == 1.0
    assert figures["thresholds"]["river"]["0.5"] == [1.0, 0.0]
    text = card("Rivers and prizes.", figures)
    assert "| AUC | 1.000 [1.000, 1.000] | 1.000 [1.000, 1.000] |" in text and "| macro-F1 | 1.000 [" in text
    assert "Rivers and prizes." in text and "20 prize, 20 river" in text


def test_without_a_test_part_there_are_counts_only() -> None:
    learnt = records("train", 5)
    (model,) = train([r.text for r in learnt], [r.label for r in learnt], NgramSettings(bits=12), [4.0])
    figures = report(model, learnt, [], [])
    assert set(figures) == {"labels", "texts"}
    assert "No description" in card("", figures)


def test_more_than_two_labels_have_a_mean_area() -> None:
    gold = ["a", "b", "c", "a"]
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]])
    figures = scores(gold, probabilities, ["a", "b", "c"], ["1", "2", "3", "4"])
    assert figures["accuracy"]["value"] == 0.75
    assert set(figures["auc"]) == {"value"} and 0.5 < figures["auc"]["value"] < 1
