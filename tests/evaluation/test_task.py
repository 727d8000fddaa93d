"""Every task: it needs a fitting model, gold answers score 1.0, and it never shows the answer."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.task import Figures
from firstwords.evaluation.tasks.classification import Classification
from firstwords.evaluation.tasks.entities import Entities
from firstwords.evaluation.tasks.perplexity import Perplexity
from firstwords.find import catalogue, find
from firstwords.inference.language_model import LanguageModel
from firstwords.recipe import build
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.objectives.sequence_classification import SequenceClassification

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_artifacts.py"))


# Settings for texts of a few words.
SMALL = {
    "memorisation": {"prefix_tokens": 5, "suffix_tokens": 4, "free_texts": 3, "free_tokens": 8},
    "canary_exposure": {"alternatives": 100},
}


def quiet(text, done, total):
    assert 0 <= done <= total


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """What each kind of task reads. A new task needs a line here."""
    root = tmp_path_factory.mktemp("tasks")
    tokens, tokenizer = TINY["token_store"](root / "tokens"), TINY["tokenizer_artifact"](root / "tokenizer")
    causal, masked = TINY["causal_model"](root / "causal"), TINY["masked_model"](root / "masked")
    TINY["write_pairs"](root / "pairs")
    documents = TINY["planted_documents"](root / "documents")
    (root / "texts.tsv").write_text(
        "text\tlabel\n" + "".join(f"{word} {n}\t{word}\n" for n in range(40) for word in ("list", "name")),
    )
    texts = find("data.datasets", "table")(path=str(root / "texts.tsv"))
    return {
        "perplexity": {"model": causal, "tokens": tokens},
        "pseudo_perplexity": {"model": masked, "tokens": tokens, "tokenizer": tokenizer},
        "blimp": {"model": causal, "tokens": tokens, "tokenizer": tokenizer, "path": root / "pairs"},
        "memorisation": {"model": causal, "tokens": tokens, "tokenizer": tokenizer, "documents": documents},
        "canary_exposure": {"model": causal, "clean": documents, "documents": documents},
        "classification": {"model": TINY["classifier"](root / "classifier")},
        "forgetting": {
            "model": causal,
            "base": TINY["causal_model"](root / "base"),
            "domain": tokens,
            "general": tokens,
        },
        "few_shot": {"model": causal, "data": texts},
        "calibration": {"model": TINY["classifier"](root / "calibrated")},
        "labelled_file": {"model": TINY["classifier"](root / "labels"), "path": TINY["labelled_file"](root)},
        "multiple_choice": {"model": causal, "path": TINY["questions"](root)},
        "cloze": {"model": causal, "path": TINY["gaps"](root)},
        "pairs": {"model": causal, "path": TINY["text_pairs"](root)},
        "generation": {"model": causal, "path": TINY["asked"](root)},
        "text_perplexity": {"model": causal, "path": TINY["own_text"](root)},
        "entities": {"model": TINY["tagger"](root / "tagger")},
        "answers": {"model": TINY["answering_model"](root / "answering"), "base": causal},
        "preference": {"model": TINY["preferring_model"](root / "preferring")},
        "robustness": {"model": TINY["classifier"](root / "attacked")},
    }


def make_task(kind, inputs):
    fields = {"path": str(inputs[kind]["path"])} if "path" in inputs[kind] else {}
    fields |= {"data": inputs[kind]["data"], "draws": 2} if "data" in inputs[kind] else {}
    return find("evaluation.tasks", kind)(**fields, **SMALL.get(kind, {}))


NO_BITS = ("perplexity", "text_perplexity", "forgetting", "answers")


@pytest.mark.parametrize("kind", catalogue("evaluation.tasks"))
def test_gold_answers_score_1(kind, inputs):
    task = make_task(kind, inputs)
    examples = task.examples(inputs[kind])
    items = task.score(examples, [task.gold(example) for example in examples])
    metric = task.metrics(examples)[0]
    # A model that is sure of every token needs no bits; its perplexity is 1.
    assert metric.value(items) == (0.0 if kind in NO_BITS else 1.0)
    # A long text is several items; everywhere else an example is one.
    assert {len(column) for column in items.values()} == {len(items["id"])}
    assert len(items["id"]) == len(examples) or kind == "text_perplexity"
    assert len(set(items["id"])) == len(items["id"])


@pytest.mark.parametrize("kind", catalogue("evaluation.tasks"))
def test_a_model_answers_every_example_and_baselines_are_scored_alike(kind, inputs):
    task = make_task(kind, inputs)
    examples = task.examples(inputs[kind])
    assert [str(e) for e in examples] == [str(e) for e in task.examples(inputs[kind])]
    model = LanguageModel.load(inputs[kind]["model"].path("model"))
    answers = task.answers(model, [task.prompt(example) for example in examples], quiet)
    items = task.score(examples, answers)
    baselines = task.baselines(inputs[kind], examples, model, answers, quiet)
    assert baselines
    for metric in task.metrics(examples):
        assert np.isfinite(metric.value(items))
        for baseline in baselines.values():
            if not isinstance(baseline, Figures):
                assert np.isfinite(metric.value(task.score(examples, baseline)))


def graph(**stages):
    """As much of a graph as tasks ask for; stages are written `pretrain_causal`."""
    named = {name.replace("_", ".", 1): SimpleNamespace(objective=o) for name, o in stages.items()}

    def require(name):
        if name not in named and name != "tokenize":
            raise RecipeError(f"needs '{name}'")
        return name

    return SimpleNamespace(
        stage=named.get,
        names=lambda kind: [n for n in named if n.startswith(kind)],
        require=require,
        input_of=lambda name, role, otherwise: otherwise,
    )


def test_the_only_fitting_model_is_taken():
    found = Perplexity().inputs(graph(pretrain_a=MaskedLM(), pretrain_b=CausalLM()))
    assert found == {"model": "pretrain.b", "tokens": "tokenize"}


@pytest.mark.parametrize(
    ("task", "stages", "message"),
    [
        (Perplexity(), {"pretrain_a": CausalLM(), "pretrain_b": CausalLM()}, "several models fit.*pretrain.a"),
        (Perplexity(), {"pretrain_a": MaskedLM()}, "needs a pretrain stage with the objective causal_lm"),
        (Perplexity(model="pretrain.a"), {"pretrain_a": MaskedLM()}, "'pretrain.a' does not fit"),
        (Entities(model="finetune.a"), {"finetune_a": SequenceClassification()}, "'finetune.a' does not fit"),
        (Classification(model="finetune.b"), {}, "needs 'finetune.b'"),
    ],
)
def test_models_that_do_not_fit_are_refused(task, stages, message):
    with pytest.raises(RecipeError, match=message):
        task.inputs(graph(**stages))


class Foreign(CausalLM):
    """An objective from outside the package: its kind is `module:Foreign`."""


def test_a_named_model_of_an_unknown_or_finished_stage_is_taken():
    assert Perplexity(model="pretrain.a").inputs(graph(pretrain_a=Foreign()))["model"] == "pretrain.a"
    stages = graph()
    stages.require = lambda name: name
    assert Perplexity(model="pretrain.given").inputs(stages)["model"] == "pretrain.given"


def test_names_become_file_names_and_default_to_the_kind():
    assert Perplexity().title == "perplexity"
    assert build(Perplexity, {"name": "language"}).title == "language"
    for name in ("../up", "", "a b", "x" * 41):
        with pytest.raises(RecipeError, match="name"):
            build(Perplexity, {"name": name})
