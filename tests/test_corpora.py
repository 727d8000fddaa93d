"""Several corpora in one recipe: what is implied, and which tokenizer and texts a stage gets."""

import pytest

from firstwords.errors import RecipeError
from firstwords.graph import Graph
from firstwords.recipe_file import make_recipe

BASE = {
    "collect": {"general": {"sources": [{"kind": "text_files", "path": "."}]},
                "legal": {"sources": [{"kind": "text_files", "path": "."}]}},
    "clean": {"steps": [{"kind": "unicode"}]},
    "pretrain": {"general": {"objective": "causal_lm", "tokens": 1000}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("a text")
    monkeypatch.chdir(tmp_path)


def graph(legal, **more):
    pretrain = BASE["pretrain"] | {"legal": {"objective": "causal_lm", "base": "pretrain.general"} | legal} | more
    return Graph(make_recipe(BASE | {"pretrain": pretrain}, where="r.toml", default_name="r"))


def test_a_corpus_is_read_with_the_tokenizer_of_the_base():
    made = graph({})
    inputs = made.inputs["pretrain.legal"]
    assert inputs["tokenizer"] == "train_tokenizer.general"
    assert inputs["tokens"] == "tokenize.legal-general"
    assert inputs["tokens.general"] == "tokenize.general"  # watched, though nothing of it is replayed
    assert made.inputs["tokenize.legal-general"]["documents"] == "deduplicate.legal"
    assert "train_tokenizer.legal" not in made.order and "clean" not in made.order
    assert len(made.stage("clean.legal").steps) == len(made.stage("clean.general").steps) == 1
    assert made.stage("pretrain.legal").remember == "general"


def test_replay_is_a_mixture():
    made = graph({"replay": 0.25})
    assert made.stage("pretrain.legal").mixture == {"legal": 0.75, "general": 0.25}
    assert made.stage("configure.legal").mixture == {"legal": 0.75, "general": 0.25}
    assert made.inputs["configure.legal"]["tokens.general"] == "tokenize.general"


def test_an_extended_vocabulary_reads_both_texts():
    made = graph({"replay": 0.25, "extend_vocabulary": 64})
    inputs = made.inputs["pretrain.legal"]
    assert inputs["tokenizer"] == "train_tokenizer.legal"
    assert (inputs["tokens"], inputs["tokens.general"]) == ("tokenize.legal", "tokenize.general-legal")
    assert made.inputs["train_tokenizer.legal"] == {
        "documents": "deduplicate.legal", "base": "train_tokenizer.general"
    }  # fmt: skip
    assert made.inputs["tokenize.general-legal"]["documents"] == "deduplicate.general"


def test_several_ways_with_one_corpus():
    made = graph({}, other={"objective": "causal_lm", "base": "pretrain.general", "corpus": "legal"})
    assert made.inputs["pretrain.other"]["tokens"] == "tokenize.legal-general"
    assert made.corpus_of("pretrain.other") == "legal"


def test_a_mixture_from_the_beginning():
    made = graph({}, both={"objective": "causal_lm", "mixture": {"legal": 3, "general": 1}})
    inputs = made.inputs["pretrain.both"]
    assert inputs["tokenizer"] == "train_tokenizer.legal"
    assert (inputs["tokens"], inputs["tokens.general"]) == ("tokenize.legal", "tokenize.general-legal")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mixture": {"legal": 1, "generl": 1}}, "no corpus 'generl'. Did you mean 'general'"),
        ({"remember": "generl"}, "no corpus 'generl'. Did you mean 'general'"),
        ({"corpus": "lagal"}, "no corpus 'lagal'. Did you mean 'legal'"),
        ({"final_mixture": {"legal": 1}}, "there is none"),
        ({"mixture": {"legal": 1}, "final_mixture": {"generl": 1}}, "final_mixture: no corpus 'generl'. Did you mean"),
        ({"replay": 0.2, "mixture": {"legal": 1}}, "give one of the two"),
        ({"base": "pretrain.generl"}, "pretrain.generl"),
    ],
)
def test_mistakes_are_told(fields, message):
    with pytest.raises(RecipeError, match=message):
        graph(fields)


def test_a_stage_that_names_no_corpus_is_asked():
    with pytest.raises(RecipeError, match='which corpus.*corpus = "general"'):
        graph({}, other={"objective": "causal_lm"})


def test_a_recipe_with_one_corpus_is_as_before():
    values = {"collect": BASE["collect"]["legal"], "pretrain": {"a": BASE["pretrain"]["general"]}}
    made = Graph(make_recipe(values, where="r.toml", default_name="r"))
    assert made.corpora == []
    assert made.inputs["pretrain.a"]["tokens"] == "tokenize"
