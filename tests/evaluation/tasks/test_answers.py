import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from firstwords.evaluation.tasks.answers import Answers
from firstwords.inference.language_model import LanguageModel
from firstwords.model.base import BaseFolder, BaseStage
from firstwords.training.objectives.instruction import Instruction

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def test_answers_alone_are_scored_and_the_base_reads_paragraphs(tmp_path):
    inputs = {"model": TINY["answering_model"](tmp_path / "m"), "base": TINY["causal_model"](tmp_path / "b")}
    task = Answers()
    examples = task.examples(inputs)
    model = LanguageModel.load(inputs["model"].path("model"))
    steps = []
    answers = task.answers(model, examples, lambda *step: steps.append(step))
    items = task.score(examples, answers)
    assert items["bytes"][0] == len(examples[0].messages[1][1])
    assert items["bytes"][1] == sum(len(examples[1].messages[n][1]) for n in (1, 3))
    base = task.baselines(inputs, examples, model, answers, lambda *step: None)["base"]
    # Untrained models are about uniform over their vocabularies, whichever way they read: the same tokens are counted.
    tokens = np.array([len(model.tokenizer.encode(e.messages[1][1])) for e in examples[::2]])
    for found, size in (
        (answers, model.config.vocab_size),
        (base, LanguageModel.load(tmp_path / "b/model").config.vocab_size),
    ):
        assert np.array(found)[::2] == pytest.approx(tokens * math.log(size), rel=0.2)
    told = {"ingredients": {"configuration": {"base": {"path": str(tmp_path / "b/model")}}}}
    of_folder = SimpleNamespace(path=inputs["model"].path, manifest=told)
    assert task.baselines({"model": of_folder}, examples, model, answers, lambda *step: None) == {"base": base}


def test_the_base_is_an_input_where_it_is_a_stage():
    stages = {"finetune.a": SimpleNamespace(objective=Instruction(), base=BaseStage(name="pretrain.c"))}
    graph = SimpleNamespace(stage=stages.get, names=lambda kind: list(stages), require=lambda name: name)
    assert Answers().inputs(graph) == {"model": "finetune.a", "base": "pretrain.c"}
    stages["finetune.a"].base = BaseFolder(path="folder")
    assert Answers().inputs(graph) == {"model": "finetune.a"}
