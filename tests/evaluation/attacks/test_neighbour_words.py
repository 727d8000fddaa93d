import runpy
from pathlib import Path

import numpy as np
import torch

from firstwords.data.dataset import TextRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.neighbour_words import NeighbourWords
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def test_only_near_words_of_the_table_take_the_place_of_a_word(tmp_path):
    model = LanguageModel.load(TINY["classifier"](tmp_path).path("model"))
    words = {word: model.tokenizer.encode(f"a {word}")[-1] for word in ("names", "email", "error")}
    assert all(len(model.tokenizer.encode(f"a {word}")) == 2 for word in words)
    table = model.model.backbone.embed_tokens.weight
    with torch.no_grad():  # email is near, error is as far as can be
        table[words["email"]] = 2 * table[words["names"]] + 0.001
        table[words["error"]] = -table[words["names"]]
    attack = NeighbourWords(candidates=3)
    subject = Subject.of(TextRecord("a", "a", "the names of unheard things", "x"))
    propose = attack.proposer(model, [])
    found = propose(subject, 1, np.random.default_rng(0))
    assert "email" in {each.words[1] for each in found}
    assert "error" not in {each.words[1] for each in found} and len(found) <= 3
    assert propose(subject, 3, np.random.default_rng(0)) == []  # of several sub-words
    assert "0.7" in attack.allowed()
