"""The stage `finetune` with misspelt texts, an adversary and hard examples: a kill changes nothing, and so on."""

import runpy
from pathlib import Path

import pytest

from firstwords.artifact import Artifact, digest_payload
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.stages.finetune import Finetune

OTHER = Path(__file__).with_name("test_finetune.py")
STAGE = runpy.run_path(str(OTHER))
FIELDS = {"perturb": {"texts": 0.7}, "correct": {}, "adversary": {"kind": "freelb"}}


def test_a_killed_run_that_continues_writes_the_same_bytes(tmp_path):
    data = STAGE["class_folders"](tmp_path)
    STAGE["make_base"](tmp_path / "base", causal=False)
    STAGE["killed_and_continued"](tmp_path, tmp_path / "base", STAGE["LABELS"], data, FIELDS)
    assert digest_payload(tmp_path / "killed") == digest_payload(tmp_path / "whole")


def test_a_second_round_learns_from_what_the_first_got_wrong(tmp_path):
    base, data = STAGE["make_base"](tmp_path / "base", causal=False), STAGE["class_folders"](tmp_path)
    STAGE["run"](tmp_path / "first", STAGE["LABELS"], data, base, epochs=1)
    stage = build(
        Finetune,
        {
            "base": "pretrain.base",
            "objective": STAGE["LABELS"],
            "data": data,
            "epochs": 1,
            "hard_examples": {"model": "finetune.first", "share": 0.25, "times": 2},
        },
    )
    inputs = {"base": base, "earlier": Artifact(name="finetune.first", folder=tmp_path / "first")}

    def work(name):
        console = STAGE["SilentConsole"]()
        return STAGE["Work"](name="finetune.x", folder=tmp_path / name, inputs=inputs, pool=None, console=console)

    outcome = stage.run(work("x"))
    assert (tmp_path / "x" / "model").is_dir()
    assert outcome.counts["kept"] == 60
    steps = STAGE["pq"].read_table(tmp_path / "x" / "curve.parquet")["step"].to_pylist()
    assert len(steps) == 3  # 75 rows, 32 at once

    inputs["earlier"] = base
    with pytest.raises(RecipeError, match="'finetune.first' knows the labels"):
        stage.run(work("y"))


def test_unknown_fields_of_an_adversary_are_refused(tmp_path):
    fields = {"base": "pretrain.x", "objective": STAGE["LABELS"], "data": STAGE["class_folders"](tmp_path)}
    with pytest.raises(RecipeError, match="adversary.pases: unknown field. Did you mean 'passes'"):
        build(Finetune, fields | {"adversary": {"kind": "freelb", "pases": 2}})
    with pytest.raises(RecipeError, match="unknown kind 'freelbb'.*freelb"):
        build(Finetune, fields | {"adversary": "freelbb"})
    with pytest.raises(RecipeError, match="adversary needs all weights on every rank"):
        build(Finetune, fields | {"adversary": "freelb", "engine": "fsdp"})


def test_a_model_that_corrects_answers_about_a_slip_as_about_the_word(tmp_path):
    base, data = STAGE["make_base"](tmp_path / "base", causal=False), STAGE["class_folders"](tmp_path)
    for name, fields in (("plain", {}), ("corrected", {"correct": {}})):
        STAGE["run"](tmp_path / name, STAGE["LABELS"], data, base, epochs=1, **fields)
    plain, corrected = (STAGE["LanguageModel"].load(tmp_path / name / "model") for name in ("plain", "corrected"))
    train = STAGE["read_records"](tmp_path / "plain" / "train.parquet")
    text, word = next((r.text, w) for r in train for w in r.text.split() if w.isalpha() and len(w) > 4)
    slip = text.replace(word, word[:2] + "q" + word[2:])
    asked = [text, slip]
    same = corrected.label_log_probabilities(asked)
    assert (same[0] == same[1]).all()
    assert (same[0] == plain.label_log_probabilities([text])[0]).all()  # known texts are learnt from as before
    assert (plain.label_log_probabilities(asked)[0] != plain.label_log_probabilities(asked)[1]).any()
    assert "known_words.json" in (tmp_path / "corrected" / "model" / "README.md").read_text()

    # A second fine-tuning goes on correcting.
    again = STAGE["Artifact"](name="finetune.corrected", folder=tmp_path / "corrected")
    STAGE["run"](tmp_path / "again", STAGE["LABELS"], data, again, epochs=1)
    known = STAGE["LanguageModel"].load(tmp_path / "again" / "model").tokenizer.known_words
    assert known.words == corrected.tokenizer.known_words.words


def test_only_whole_texts_are_corrected(tmp_path):
    fields = {"base": "pretrain.x", "objective": "token_classification", "correct": {}}
    with pytest.raises(RecipeError, match="correct: the words of whole texts"):
        build(Finetune, fields | {"data": STAGE["conll_files"](tmp_path)})
