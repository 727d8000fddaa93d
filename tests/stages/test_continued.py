"""A base goes through the stages: its tokenizer, its sizes, its weights, and a model that knows more."""

import json
import runpy
from pathlib import Path

import pyarrow as pa
import pytest
import torch

from firstwords.artifact import Artifact
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.graph import Graph
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import load_folder, save_folder
from firstwords.model.transformer import Model
from firstwords.recipe import build
from firstwords.recipe_file import Recipe
from firstwords.stage import Work
from firstwords.stages.configure import Configure
from firstwords.stages.pretrain import Pretrain
from firstwords.stages.train_tokenizer import TrainTokenizer
from firstwords.tokenizer.tokenizer import Tokenizer

STORE = runpy.run_path(str(Path(__file__).parents[1] / "training" / "tiny_store.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A token store, and a base with that tokenizer, a larger vocabulary and a longer context."""
    folder = tmp_path_factory.mktemp("made")
    tokenizer = STORE["make_store"](folder)
    config = ModelConfig.from_depth(
        2, layout="llama", vocab_size=tokenizer.vocab_size + 12, width=32, num_heads=2, context=512,
        pad_id=tokenizer.pad, bos_id=tokenizer.mask, eos_id=tokenizer.end_of_text, norm_epsilon=1e-5,
        rope_scaling={"kind": "llama3", "factor": 4.0, "original_context": 128},
    )  # fmt: skip
    model = Model(config, make_head("language_model", config), seed=4)
    save_folder(folder / "base", model, tokenizer_folder=folder / "tokenizer")
    return folder


def work(folder, name, **inputs):
    artifacts = {role: Artifact(name=role, folder=place) for role, place in inputs.items()}
    return Work(name=name, folder=folder, inputs=artifacts, pool=Local(), console=SilentConsole())


def test_a_base_is_configured_and_trained_on(made, tmp_path):
    places = {"tokens": made / "tokens", "tokenizer": made / "tokenizer"}
    fields = {
        "base": str(made / "base"), "tokens": 30 * 256, "model": {"context": 64}, "seed": 5,
        "training": {"batch_tokens": 256, "num_evaluations": 2, "keep_every_steps": 20, "embedding_rate": 1e-5},
    }  # fmt: skip
    build(Configure, fields | {"objective": "causal_lm"}).run(work(tmp_path / "plan", "configure", **places))
    plan = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert plan["model"]["context"] == 64
    assert plan["model"]["rope_scaling"]["factor"] == 4.0
    made_by = build(Pretrain, fields | {"objective": "causal_lm", "engine": "single"})
    made_by.run(work(tmp_path / "run", "pretrain", configuration=tmp_path / "plan", **places))

    base, base_config, _ = load_folder(made / "base")
    trained, config, _ = load_folder(tmp_path / "run" / "model")
    assert config == base_config  # the longest context too
    assert not torch.equal(trained.head.lm_head.weight, base.head.lm_head.weight)
    between = load_folder(tmp_path / "run" / "steps" / "step-000000020")[0]
    weights = [each.backbone.embed_tokens.weight.detach() for each in (base, between)]
    assert 0 < (weights[0] - weights[1]).norm() < 0.1 * weights[0].norm()  # it went on from there, by small steps


def test_another_base_than_the_one_configured_is_refused(made, tmp_path):
    places = {"tokens": made / "tokens", "tokenizer": made / "tokenizer"}
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=400, width=32, num_heads=2, context=64)
    settings = {"tokens": 256, "batch_tokens": 256}
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "plan.json").write_text(json.dumps({"model": config.as_dict(), "training": settings}))
    stage = build(Pretrain, {"base": str(made / "base"), "objective": "causal_lm"})
    with pytest.raises(RecipeError, match="is not the model that `configure` looked at"):
        stage.run(work(tmp_path / "run", "pretrain", configuration=tmp_path / "plan", **places))


def test_a_masked_objective_does_not_go_with_a_causal_base(made, tmp_path):
    places = {"tokens": made / "tokens", "tokenizer": made / "tokenizer"}
    with pytest.raises(RecipeError, match="does not go with the objective 'masked_lm'"):
        stage = build(Configure, {"base": str(made / "base"), "tokens": 5000, "objective": "masked_lm"})
        stage.run(work(tmp_path / "plan", "configure", **places))


def test_what_the_base_cannot_be_is_refused_before_anything_runs(made, tmp_path):
    with pytest.raises(RecipeError, match=r"model.width = 64, but the base has 32"):
        build(Configure, {"base": str(made / "base"), "model": {"width": 64}}).check()


def test_its_tokenizer_is_taken_over(made, tmp_path):
    rows = [{"id": str(i), "text": f"The cat runs {i}.", "split": ("train", "test")[i % 2]} for i in range(20)]
    write_table(tmp_path / "corpus" / "documents" / "0.parquet", pa.Table.from_pylist(rows))
    config = made / "base" / "tokenizer_config.json"
    before = config.read_text()
    try:
        config.write_text(json.dumps(json.loads(before) | {"auto_map": {"AutoTokenizer": ["evil.py", None]}}))
        build(TrainTokenizer, {"base": str(made / "base")}).run(
            work(tmp_path / "out", "train_tokenizer", documents=tmp_path / "corpus")
        )
    finally:
        config.write_text(before)
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (made / "base" / "tokenizer.json").read_bytes()
    assert "auto_map" not in (tmp_path / "out" / "tokenizer_config.json").read_text()
    assert Tokenizer.load(tmp_path / "out").end_of_text == Tokenizer.load(made / "base").end_of_text
    assert json.loads((tmp_path / "out" / "report.json").read_text())["share_learnt_from"] == 0.0


def graph(**stages):
    named = {name.replace("__", "."): stage for name, stage in stages.items()}
    given = {"tokenize": Artifact(name="tokenize", folder=Path("nowhere"))}
    given["deduplicate"] = Artifact(name="deduplicate", folder=Path("nowhere"))
    return Graph(Recipe(name="r", path="r.toml", stages=named, given=given))


def test_the_recipe_says_it_once(made):
    pretrain = build(Pretrain, {"base": str(made / "base"), "objective": "causal_lm"})
    stages = graph(pretrain__a=pretrain).stages
    assert stages["configure.a"].base == stages["train_tokenizer"].base == pretrain.base
    configure = build(Configure, {"base": str(made / "base"), "tokens": 5})
    stages = graph(configure__a=configure, pretrain__a=build(Pretrain, {"objective": "causal_lm"})).stages
    assert stages["pretrain.a"].base == stages["train_tokenizer"].base == pretrain.base


def test_two_bases_or_a_tokenizer_of_its_own_are_refused(made, tmp_path):
    import shutil

    shutil.copytree(made / "base", tmp_path / "other")
    first, second = (
        build(Pretrain, {"base": str(place), "objective": "causal_lm"}) for place in (made / "base", tmp_path / "other")
    )
    with pytest.raises(RecipeError, match="have a tokenizer each"):
        graph(pretrain__a=first, pretrain__b=second)
    own = build(TrainTokenizer, {"tokenizer": {"kind": "byte_bpe", "vocab_size": 999}})
    with pytest.raises(RecipeError, match="leave `tokenizer` out"):
        graph(train_tokenizer=own, pretrain__a=first)
