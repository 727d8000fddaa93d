"""The stage `pretrain`: its payload, its numbers, and the configuration it asks for."""

import json
import runpy
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from firstwords.artifact import Artifact, digest_payload
from firstwords.console import SilentConsole
from firstwords.errors import RecipeError
from firstwords.graph import Graph
from firstwords.inference.language_model import LanguageModel
from firstwords.model.config import ModelConfig
from firstwords.model.hugging_face import load_folder
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import build
from firstwords.recipe_file import Recipe
from firstwords.stage import Work
from firstwords.stages.configure import Configure
from firstwords.stages.pretrain import Pretrain
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.hybrid_lm import HybridLM
from firstwords.training.objectives.masked_lm import MaskedLM

STORE = runpy.run_path(str(Path(__file__).parents[1] / "training" / "tiny_store.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Token store and tokenizer, shared."""
    folder = tmp_path_factory.mktemp("made")
    return folder, STORE["make_store"](folder)


def make_inputs(made, objective, folder):
    source, tokenizer = made
    config = ModelConfig.from_depth(
        1,
        layout=objective.layouts[0],
        hybrid=objective.is_hybrid,
        vocab_size=tokenizer.vocab_size,
        width=32,
        num_heads=2,
        context=32,
        pad_id=tokenizer.pad,
        bos_id=tokenizer.end_of_text,
        eos_id=tokenizer.end_of_text,
        mask_id=tokenizer.mask,
    )
    training = {
        "tokens": 30 * 256,
        "batch_tokens": 256,
        "betas": [0.9, 0.95],
        "num_evaluations": 3,
        "seed": 5,
    }
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps({"model": config.as_dict(), "training": training}))
    places = {"configuration": folder, "tokens": source / "tokens", "tokenizer": source / "tokenizer"}
    return {role: Artifact(name=role, folder=place) for role, place in places.items()}


def run(made, folder, objective):
    folder.mkdir(exist_ok=True)
    inputs = make_inputs(made, objective, folder / "plan")
    work = Work(name="pretrain.x", folder=folder / "out", inputs=inputs, pool=None, console=SilentConsole(), threads=1)
    return Pretrain(objective=objective).run(work), work


@pytest.mark.parametrize("objective", [CausalLM(), MaskedLM()], ids=["causal", "masked"])
def test_the_payload(made, tmp_path, objective):
    outcome, work = run(made, tmp_path / "one", objective)
    bits = pq.read_table(work.path("curve.parquet"))["bits_per_byte"].drop_null().to_pylist()
    assert len(bits) == 3
    assert bits[-1] < bits[0]
    assert outcome.summary.startswith(f"{bits[-1]:.3f} bits/byte on validation, 30 steps, ")
    assert outcome.summary.endswith("tokens/s")
    samples = [json.loads(line) for line in work.path("samples.jsonl").read_text().splitlines()]
    assert {sample["step"] for sample in samples} == {8, 15, 22, 30}
    _, config, _ = load_folder(work.path("model"))
    assert config.causal == isinstance(objective, CausalLM)
    assert LanguageModel.load(work.path("model")).task == ("language_model" if config.causal else "masked")

    _, again = run(made, tmp_path / "two", objective)
    assert digest_payload(again.folder)[1] == digest_payload(work.folder)[1]


def test_a_hybrid_is_written_for_both_uses(made, tmp_path):
    outcome, work = run(made, tmp_path / "hybrid", HybridLM(masked=MaskedLM(unit="word")))
    curve = pq.read_table(work.path("curve.parquet"))
    for name in ("bits_per_byte", "masked_bits_per_byte", "masked_validation_loss"):
        values = curve[name].drop_null().to_pylist()
        assert len(values) == 3 and values[-1] < values[0]
    assert "nats per masked token" in outcome.summary
    assert "masks are filled in by firstwords alone" in outcome.tables[0]
    samples = [json.loads(line) for line in work.path("samples.jsonl").read_text().splitlines()]
    assert len(samples) == 4 * 3
    model = LanguageModel.load(work.path("model"))
    assert model.task == "language_model" and model.fills_masks
    assert model.generate("The cat", max_tokens=4, temperature=0.0)
    (filled,) = model.predict(["The cat runs from the<|mask|> to"])
    assert filled.startswith("The cat runs from the") and "<|mask|>" not in filled
    assert load_folder(work.path("encoder"), "tokens", num_labels=2)[1].layout == "eurobert"


def graph(**stages):
    """A graph of these stages alone; the stages in front of them are taken as given."""
    named = {name.replace("__", "."): stage for name, stage in stages.items()}
    given = {name: Artifact(name=name, folder=Path("nowhere")) for name in ("tokenize", "train_tokenizer")}
    return Graph(Recipe(name="r", path="r.toml", stages=named, given=given))


def test_its_numbers_come_from_a_stage_of_its_own_name():
    made = graph(pretrain__a=Pretrain(objective=MaskedLM(), budget=60.0, model=ModelSizes(depth=3), seed=4))
    assert made.inputs["pretrain.a"]["configuration"] == "configure.a"
    assert made.stage("configure.a") == Configure(objective=MaskedLM(), budget=60.0, model=ModelSizes(depth=3), seed=4)


def test_a_configure_stage_of_the_recipe_is_used():
    own, plain, other = (Configure(tokens=number) for number in (1, 2, 3))
    pretrain = Pretrain(objective=CausalLM())
    assert graph(configure__a=own, pretrain__a=pretrain).inputs["pretrain.a"]["configuration"] == "configure.a"
    assert graph(configure=plain, pretrain__a=pretrain).inputs["pretrain.a"]["configuration"] == "configure"
    named = Pretrain(objective=CausalLM(), configuration="configure.b")
    assert graph(configure__b=other, pretrain__a=named).inputs["pretrain.a"]["configuration"] == "configure.b"


def test_numbers_in_two_places_are_refused():
    with pytest.raises(RecipeError, match=r"tokens, seed: write it in \[configure\.a\]"):
        graph(configure__a=Configure(tokens=1), pretrain__a=Pretrain(objective=CausalLM(), tokens=5, seed=1))


def test_an_unknown_configuration_is_refused():
    with pytest.raises(RecipeError, match=r"configure\.b"):
        graph(pretrain__a=Pretrain(objective=CausalLM(), configuration="configure.b"))


def test_the_recipe_form():
    pretrain = build(Pretrain, {"objective": {"kind": "masked_lm", "share": 0.4}, "budget": "3min", "engine": "single"})
    assert pretrain.objective == MaskedLM(share=0.4)
    assert pretrain.budget == 180
