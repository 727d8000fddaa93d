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


@pytest.fixture
def conversations(recipe, tmp_path):
    """Two fine-tunings of conversations; the base is not trained yet, its tokenizer is."""
    place = tmp_path / "chat.toml"
    place.write_text(
        f"""[given]
train_tokenizer = "{tmp_path}/tokenizer"
{UNTRAINED.replace("texts.jsonl", f"{tmp_path}/texts.jsonl")}
model = {{ context = 40 }}
[finetune.answers]
base = "pretrain.masked"
objective = {{ kind = "instruction" }}
data = {{ kind = "instructions", paths = ["{tmp_path}/answers.jsonl"], test_share = 0, validation_share = 0 }}
[finetune.preferred]
base = "finetune.answers"
objective = {{ kind = "preference" }}
data = {{ kind = "preferences", paths = ["{tmp_path}/pairs.jsonl"], test_share = 0, validation_share = 0 }}
""".replace("masked", "causal")
    )
    TINY["tokenizer"]().save(tmp_path / "tokenizer")
    (tmp_path / "tokenizer" / "manifest.json").write_text(
        json.dumps({"stage": "train_tokenizer", "digest": "d", "identity": "i"})
    )
    rows = [
        {"prompt": "name " * 60, "response": "list", "chosen": "list", "rejected": "json"},
        {"prompt": "the list?", "response": "of names", "chosen": "of names", "rejected": "json"},
    ]
    for name in ("answers", "pairs"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def test_of_conversations_what_is_learnt_is_told_from_what_is_read(conversations, tmp_path, capsys) -> None:
    view = examples_of(conversations, "finetune.answers", tmp_path, 3)
    (example,) = view.examples  # the other does not fit
    assert view.context == 40 and "not trained yet" in view.note
    learnt = [token for token, is_learnt in zip(example.tokens, example.learnt, strict=True) if is_learnt]
    assert "".join(learnt) == "of names<|end|>"
    assert "the list?" in "".join(example.tokens)
    show(str(conversations), examples="finetune.answers", artifacts=tmp_path)
    out = capsys.readouterr().out
    assert out.index("  read:") < out.index("  learnt:") and max(map(len, out.splitlines())) <= 80


def test_both_answers_of_a_pair_are_shown(conversations, tmp_path) -> None:
    good, bad = examples_of(conversations, "finetune.preferred", tmp_path, 1).examples
    assert good.id.endswith("the preferred answer") and bad.id.endswith("the other answer")
    learnt = [
        "".join(token for token, is_learnt in zip(each.tokens, each.learnt, strict=True) if is_learnt)
        for each in (good, bad)
    ]
    assert learnt == ["of names<|end|>", "json<|end|>"]


def test_of_an_episode_its_text_and_answer_are_shown(recipe, tmp_path) -> None:
    (tmp_path / "base" / "model" / "config.json").write_text('{"max_position_embeddings": 64}')
    for name, labels in (("one", "ab"), ("two", "cd")):
        rows = [{"text": f"{word} {label}", "label": label} for label in labels for word in ("list", "name", "error")]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe.write_text(
        recipe.read_text()
        + f"""
[finetune.episodes]
base = "pretrain.masked"
objective = {{ kind = "in_context", num_examples = 1 }}
[finetune.episodes.data]
kind = "task_mixture"
held_out = ["two"]
[finetune.episodes.data.tasks]
two = {{ kind = "table", path = "{tmp_path}/two.jsonl", test_share = 0, validation_share = 0 }}
one = {{ kind = "table", path = "{tmp_path}/one.jsonl", test_share = 0, validation_share = 0 }}
"""
    )
    example = examples_of(recipe, "finetune.episodes", tmp_path, 1).examples[0]
    learnt = [token for token, is_learnt in zip(example.tokens, example.learnt, strict=True) if is_learnt]
    assert "".join(learnt).strip() in {"a", "b"}
