import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.evaluation.attack import Subject
from firstwords.evaluation.victim import label_victim, victim_of
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_artifacts.py"))


def test_a_classifier_is_judged_by_its_own_probabilities(tmp_path):
    records = TINY["text_records"]("test", 6)
    model = LanguageModel.load(TINY["classifier"](tmp_path).path("model"))
    verdicts = victim_of(model, type(records[0]))([Subject.of(record) for record in records])
    rows = model.label_log_probabilities([record.text for record in records])
    assert [each.answer for each in verdicts] == model.predict([record.text for record in records])
    for verdict, record, row in zip(verdicts, records, rows, strict=True):
        assert verdict.score == pytest.approx(row[model.labels.index(record.label)])
        assert verdict.is_right == (verdict.answer == record.label)


def test_a_tagger_is_right_where_every_entity_is_found(tmp_path):
    records = TINY["words_records"]("test", 6)
    model = LanguageModel.load(TINY["tagger"](tmp_path).path("model"))
    victim = victim_of(model, type(records[0]))
    verdicts = victim([Subject.of(record) for record in records])
    found = model.tags([record.words for record in records])
    assert [list(each.answer) for each in verdicts] == found
    own = victim([Subject(record.words, tuple(tags)) for record, tags in zip(records, found, strict=True)])
    assert all(verdict.is_right for verdict in own)
    assert all(np.isfinite(verdict.score) and verdict.score < 0 for verdict in own)
    assert all(a.score >= b.score for a, b in zip(own, verdicts, strict=True))


def test_a_label_that_the_model_never_learnt_is_never_right():
    judge = label_victim(("a", "b"), lambda texts: np.log(np.full((len(texts), 2), 0.5)))
    (verdict,) = judge([Subject(("x",), "c", ("", ""))])
    assert verdict.score == -np.inf and not verdict.is_right
