"""What `show --examples` prints: tokens with their labels, before anything is trained."""

import json
import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.example_view import examples_of, lines
from firstwords.looking import show

TINY = runpy.run_path(str(Path(__file__).parent / "evaluation" / "tiny_artifacts.py"))

UNTRAINED = """
[collect]
sources = [{ kind = "text_files", path = "texts.jsonl" }]
[pretrain.masked]
objective = { kind = "masked_lm" }
tokens = 1000
"""


@pytest.fixture
def recipe(tmp_path):
    """Two fine-tunings of a base that is a finished artifact."""
    base = tmp_path / "base"
    TINY["tokenizer"]().save(base / "model")
    (base / "model" / "config.json").write_text('{"max_position_embeddings": 16}')
    (base / "manifest.json").write_text(json.dumps({"stage": "pretrain", "digest": "d", "identity": "i"}))
    (tmp_path / "words.txt").write_text("json B-module\nraise O\n\nan O\nerror B-class\n" + "list O\n" * 30)
    (tmp_path / "texts.jsonl").write_text(
        '{"text": "the list\\nof names", "label": "b"}\n{"text": "json", "label": "a"}\n'
    )
    place = tmp_path / "r.toml"
    place.write_text(
        f"""[given.pretrain]
masked = "{base}"
[finetune.words]
base = "pretrain.masked"
objective = {{ kind = "token_classification" }}
data = {{ kind = "conll", train = "{tmp_path}/words.txt", test = "{tmp_path}/words.txt", validation_share = 0.0 }}
[finetune.texts]
base = "pretrain.masked"
objective = {{ kind = "sequence_classification" }}
data = {{ kind = "table", path = "{tmp_path}/texts.jsonl", test_share = 0, validation_share = 0 }}
"""
    )
    return place


def test_every_word_is_shown_with_its_tag_in_80_columns(recipe, tmp_path) -> None:
    view = examples_of(recipe, "finetune.words", tmp_path, 3)
    first, second = view.examples[:2]
    assert [(t, label) for t, label in zip(first.tokens, first.token_labels, strict=True) if label] == [
        (first.tokens[0], "B-module"),
        (" raise", "O"),
    ]
    assert second.documents > 1 and sum(label is not None for label in second.token_labels) == 32
    shown = list(lines(view))
    assert max(map(len, shown)) <= 80
    assert any("\N{MIDDLE DOT}raise/O" in line for line in shown)
    assert f"train   train:4   {len(second.tokens)} tokens, {second.documents} documents of at most 16" in shown


def test_a_text_is_shown_with_its_label_and_line_breaks(recipe, tmp_path, capsys) -> None:
    show(str(recipe), examples="finetune.texts", artifacts=tmp_path)
    out = capsys.readouterr().out
    assert "  label: b\n" in out and "\\n" in out and "2 train, 0 validation, 0 test" in out
    show(str(recipe), examples="finetune.texts", json_output=True, limit=1, artifacts=tmp_path)
    told = json.loads(capsys.readouterr().out)
    (example,) = told["examples"]
    assert "".join(example["tokens"]) == "the list\nof names"
    assert example["labels"] == ["b"] and len(example["input_ids"]) == len(example["tokens"])


def test_what_cannot_be_shown_is_told(recipe, tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"no fine-tuning 'finetune\.word'\. Did you mean 'finetune\.words'"):
        examples_of(recipe, "finetune.word", tmp_path, 3)
    recipe.write_text(
        recipe.read_text().replace('masked = "', '# "') + UNTRAINED.replace("texts.jsonl", f"{tmp_path}/texts.jsonl")
    )
    with pytest.raises(RecipeError, match="the tokenizer of pretrain.masked is not there yet: firstwords run"):
        examples_of(recipe, "finetune.words", tmp_path, 3)


def test_texts_are_shown_as_they_are_read_where_words_are_corrected(recipe, tmp_path) -> None:
    (tmp_path / "slips.jsonl").write_text('{"text": "lsit of naems", "label": "a"}\n')
    table = f'kind = "table", path = "{tmp_path}/texts.jsonl", test = "{tmp_path}/slips.jsonl", validation_share = 0'
    for name, field in (("read", ""), ("corrected", "correct = {}\n")):
        recipe.write_text(
            recipe.read_text() + f'[finetune.{name}]\nbase = "pretrain.masked"\n{field}'
            f'objective = {{ kind = "sequence_classification" }}\ndata = {{ {table} }}\n'
        )
    shown = {
        name: ["".join(each.tokens).strip() for each in examples_of(recipe, f"finetune.{name}", tmp_path, 9).examples]
        for name in ("read", "corrected")
    }
    assert shown["read"][-1] == "lsit of naems"
    assert shown["corrected"] == [*shown["read"][:-1], "list of names"]
