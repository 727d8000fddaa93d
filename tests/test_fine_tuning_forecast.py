"""What a fine-tuning takes is told before it runs, with the settings that it then has."""

import json
import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.fine_tuning_forecast import ASSUMED_BYTES_PER_TOKEN, fine_tunings, lines
from firstwords.forecast import Guess, as_json, forecast
from firstwords.graph import Graph, Plan
from firstwords.model.cost import layer_parameters, num_parameters, training_flops_per_token
from firstwords.model.hugging_face import config_under
from firstwords.recipe_file import read_recipe
from firstwords.training.resolution import ON_PROCESSOR

FILES = runpy.run_path(str(Path(__file__).parent / "stages" / "test_finetune.py"))
TABLE = '{{ kind = "table", path = "{0}/train.csv", test = "{0}/test.csv", validation = "{0}/test.csv" }}'
PRETRAINED = """
[collect]
sources = [{ kind = "python_documentation" }]
[pretrain]
objective = { kind = "masked_lm" }
tokens = 1_000_000
model = { depth = 2, width = 128 }
"""


@pytest.fixture
def told(tmp_path):
    """Fine-tunings of a recipe on a machine of 1e9 operations a second."""
    for part, number in (("train", 300), ("test", 40)):
        rows = [f"{'word ' * 19}{n},{'even' if n % 2 else 'odd'}" for n in range(number)]
        (tmp_path / f"{part}.csv").write_text("\n".join(["text,label", *rows]))

    def tell(recipe):
        (tmp_path / "r.toml").write_text(recipe)
        plan = Plan(Graph(read_recipe(tmp_path / "r.toml", ()), None), tmp_path / "artifacts")
        return plan, fine_tunings(
            plan, forecast(plan), Guess(1e9, ((1, 1.0), (2, 1.0)), 2**34, ON_PROCESSOR, "a clock")
        )

    return tell


def tuned(tmp_path, base, data=None, objective="sequence_classification", more=""):
    data = data or TABLE.format(tmp_path)
    return f'[finetune.x]\nbase = "{base}"\nobjective = {{ kind = "{objective}" }}\ndata = {data}\n{more}\n'


def test_a_model_that_is_not_there_yet(told, tmp_path):
    _, (found,) = told(PRETRAINED + tuned(tmp_path, "pretrain"))
    assert found.sizes == "2 layers x 128, eurobert"
    assert found.tokens_per_example == pytest.approx(98 / ASSUMED_BYTES_PER_TOKEN, rel=0.02)
    assert (found.examples, found.settings.epochs, found.settings.batch_examples) == (300, 12, 32)
    assert found.updates == round(12 * 300 / 32)
    assert any("bytes a token" in each for each in found.assumed)


def test_a_model_that_is_there(told, tmp_path):
    base = FILES["make_base"](tmp_path / "base", causal=False).path("model")
    _, (found,) = told(tuned(tmp_path, base, more="epochs = 2\nseeds = 3"))
    config = config_under(base)
    tokens = found.tokens_per_example
    assert len(found.assumed) == 1 and found.assumed[0].startswith("100% of a clock's 1 GFLOP/s") and tokens > 1
    per_token = training_flops_per_token(config, tokens, predicted_share=0)
    # the validation part is looked at four times, a third of a step each
    assert found.flops == pytest.approx(3 * per_token * tokens * (2 * 300 + 40 * 4 / 3), rel=1e-6)
    assert found.seconds == found.flops / 1e9 and found.seeds == 3
    inner = num_parameters(config, None) - layer_parameters(config) - config.vocab_size * config.width
    assert found.parameters == num_parameters(config, None) - inner  # norms are left out


def test_a_chain_of_fine_tunings(told, tmp_path):
    further = tuned(tmp_path, "finetune.x").replace("[finetune.x]", "[finetune.y]")
    _, found = told(PRETRAINED + tuned(tmp_path, "pretrain") + further)
    assert [each.name for each in found] == ["finetune.x", "finetune.y"]
    assert found[0].sizes == found[1].sizes


def test_labels_from_a_corpus_that_is_not_made(told, tmp_path):
    data = '{ kind = "documentation_modules" }'
    plan, (found,) = told(PRETRAINED + tuned(tmp_path, "pretrain", data))
    assert list(lines(found)) == ["finetune.x             its examples come from the corpus, which is not made yet"]
    steps = as_json(plan.steps(), [], None, [found])
    assert steps[-1]["training"] == {"problem": found.problem}


@pytest.mark.parametrize("inside", ["{0}", '{{ kind = "few_per_label", per_label = 8, data = {0} }}'])
def test_nothing_is_fetched(told, tmp_path, inside):
    data = inside.format('{ kind = "huggingface", dataset = "owner/name" }')
    _, (found,) = told(PRETRAINED + tuned(tmp_path, "pretrain", data))
    assert found.problem == "its examples are fetched when it runs"


def test_every_kind_of_record_is_read(told, tmp_path):
    (tmp_path / "t.conll").write_text("\n\n".join("Anna B-PER\nreads O\n. O" for _ in range(50)))
    (tmp_path / "c.jsonl").write_text(
        "\n".join(json.dumps({"prompt": f"{n}?", "response": "yes " * 9}) for n in range(50))
    )
    (tmp_path / "p.jsonl").write_text(
        "\n".join(json.dumps({"prompt": f"{n}?", "chosen": "yes " * 9, "rejected": "no"}) for n in range(50))
    )
    conll = f'{{ kind = "conll", train = "{tmp_path}/t.conll", test = "{tmp_path}/t.conll" }}'
    chat = f'{{ kind = "instructions", paths = ["{tmp_path}/c.jsonl"] }}'
    pairs = f'{{ kind = "preferences", paths = ["{tmp_path}/p.jsonl"] }}'
    causal = PRETRAINED.replace("masked_lm", "causal_lm")
    for recipe, data, objective, least in (
        (PRETRAINED, conll, "token_classification", len("Anna reads .")),
        (causal, chat, "instruction", 36),
        (causal, pairs, "preference", 36),
    ):
        _, (found,) = told(recipe + tuned(tmp_path, "pretrain", data, objective))
        assert least <= found.tokens_per_example * ASSUMED_BYTES_PER_TOKEN <= least + 30
        text = list(lines(found))
        assert max(map(len, text)) <= 80 and text[0].startswith("finetune.x")


def test_an_adversary_is_said_to_cost_more(told, tmp_path):
    _, (found,) = told(PRETRAINED + tuned(tmp_path, "pretrain", more='adversary = { kind = "fgm" }'))
    assert any("adversary" in each for each in found.assumed)


def test_broken_data_is_told_before_anything_runs(told, tmp_path):
    (tmp_path / "empty.csv").write_text("text,label\n")
    data = f'{{ kind = "table", path = "{tmp_path}/empty.csv", test = "{tmp_path}/test.csv" }}'
    with pytest.raises(RecipeError, match="empty"):
        told(PRETRAINED + tuned(tmp_path, "pretrain", data))
