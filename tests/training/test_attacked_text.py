import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.dataset import TextRecord, WordsRecord
from firstwords.model.config import ModelConfig
from firstwords.training.adversary import against
from firstwords.training.attacked_text import AttackedText
from firstwords.training.batch import Draws
from firstwords.training.objectives.sequence_classification import SequenceClassification
from firstwords.training.objectives.token_classification import TokenClassification

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
CONFIG = ModelConfig.from_depth(
    1, layout="eurobert", vocab_size=320, width=32, num_heads=2, context=64, pad_id=0, bos_id=1, eos_id=1, mask_id=2
)


def encoded(objective, records, labels):
    return [objective.encode(r, TINY["tokenizer"](), labels, 64, row) for row, r in enumerate(records)]


@pytest.mark.parametrize("kind", ["texts", "words"])
def test_texts_are_misspelt_anew_in_each_epoch_and_never_while_evaluating(kind):
    if kind == "texts":
        bare, records, labels = (
            SequenceClassification(hidden_share=0.0, shortest_stretch=1.0),
            TINY["text_records"]("train", 8),
            TINY["SUBJECTS"],
        )
    else:
        bare, records = TokenClassification(hidden_share=0.0, respelled_share=0.0), TINY["words_records"]("train", 8)
        labels = ("O", "B-class", "I-class", "B-module", "I-module")
    objective = against(bare, AttackedText(texts=1.0))
    examples = encoded(objective, records, labels)

    def ids(epoch, evaluating=False, group=examples):
        draws = Draws(0, tuple((epoch, each.row) for each in group), evaluating)
        return objective.collate(group, draws, CONFIG).input_ids.numpy()

    clean = np.concatenate([each.input_ids for each in encoded(bare, records, labels)])
    assert np.array_equal(ids(0, evaluating=True), clean)
    assert not np.array_equal(ids(0), clean)
    assert np.array_equal(ids(0), ids(0))
    assert not np.array_equal(ids(0), ids(1))
    # What becomes of a text does not depend on what stands beside it.
    assert np.array_equal(np.concatenate([ids(0, group=[each]) for each in examples]), ids(0))


def test_tags_stay_with_their_words():
    record = WordsRecord("a", "a", ("Wonderful", "London", "is", "a", "city"), ("O", "B-place", "O", "O", "O"))
    chance = np.random.default_rng(0)
    for _ in range(20):
        found = AttackedText(max_share=1.0).attacked(record, chance)
        assert found.tags == record.tags and len(found.words) == 5
        assert found.words[2:4] == ("is", "a")
        assert all(a[0] == b[0] and a[-1] == b[-1] for a, b in zip(found.words, record.words, strict=True))


def test_a_text_keeps_its_signs_and_short_words():
    record = TextRecord("a", "a", 'He said, "wonderful movie"!', "x")
    found = {AttackedText(max_share=1.0).attacked(record, np.random.default_rng(seed)).text for seed in range(9)}
    assert len(found) > 5
    assert all(text.startswith("He s") and text.endswith('e"!') for text in found)
