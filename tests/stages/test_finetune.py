"""The stage `finetune`: what it writes, what it refuses, and that a kill changes nothing."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from firstwords.artifact import Artifact, digest_payload
from firstwords.console import SilentConsole
from firstwords.data.dataset import read_records
from firstwords.errors import IntegrityError, RecipeError
from firstwords.inference.language_model import LanguageModel
from firstwords.metrics.entities import entity_f1
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.hugging_face import save_folder
from firstwords.model.transformer import Model
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.finetune import Finetune

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
TAGS = {"kind": "token_classification"}
LABELS = {"kind": "sequence_classification"}
EPISODES = {"kind": "in_context", "num_examples": 2, "ways": [2, 2], "max_words": 2}


def make_base(folder: Path, causal: bool, hybrid: bool = False) -> Artifact:
    ids = TINY["tokenizer"]()
    config = ModelConfig.from_depth(
        1,
        layout="llama" if hybrid else "qwen3" if causal else "eurobert",
        hybrid=hybrid,
        vocab_size=ids.vocab_size,
        width=32,
        num_heads=2,
        context=32,
        pad_id=ids.pad,
        bos_id=ids.end_of_text,
        eos_id=ids.end_of_text,
        mask_id=None if causal and not hybrid else ids.mask,
    )
    ids.save(folder / "tokenizer")
    save_folder(folder / "model", Model(config, LanguageModelHead(config)), tokenizer_folder=folder / "tokenizer")
    return Artifact(name="pretrain.base", folder=folder)


def conll_files(folder: Path) -> dict:
    paths = {}
    for part, number in (("train", 60), ("validation", 12), ("test", 12)):
        records = TINY["words_records"](part, number)
        text = "\n".join("".join(f"{w} {t}\n" for w, t in zip(r.words, r.tags, strict=True)) for r in records)
        paths[part] = str(folder / f"{part}.conll")
        Path(paths[part]).write_text(text)
    return {"kind": "conll"} | paths


def class_folders(folder: Path) -> dict:
    for part, number in (("train", 60), ("validation", 12), ("test", 12)):
        for place, record in enumerate(TINY["text_records"](part, number)):
            path = folder / "texts" / part / record.label / str(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record.text)
    return {"kind": "folders", "path": str(folder / "texts"), "validation": "validation"}


def question_files(folder: Path) -> dict:
    """The answer repeats the first word of the question."""
    rows = [{"prompt": f"{n} {word} {other}", "response": f"the {word}"} for n, word, other in _words(80)]
    return {"kind": "instructions", "paths": [_write(folder / "questions.jsonl", rows)]}


def pair_files(folder: Path) -> dict:
    rows = [
        {"prompt": f"{n} {word} {other}", "chosen": f"the {word}", "rejected": f"the {other} error"}
        for n, word, other in _words(80)
    ]
    return {"kind": "preferences", "paths": [_write(folder / "pairs.jsonl", rows)]}


def _words(number: int):
    words = TINY["WORDS"]
    return [(n, words[n * 5 % len(words)], words[(n * 7 + 3) % len(words)]) for n in range(number)]


def _write(place: Path, rows: list) -> str:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(place)


def task_tables(folder: Path) -> dict:
    (folder / "tasks").mkdir()
    for task in ("colours", "numbers", "moods"):
        rows = [f"{n}\t{task[n % 2]}\n" for n in range(40)]
        (folder / "tasks" / f"{task}.tsv").write_text("text\tlabel\n" + "".join(rows))
    return {"kind": "task_mixture", "folder": str(folder / "tasks"), "held_out": ["moods"]}


def run(folder: Path, objective: dict, data: dict, base: Artifact, **fields):
    stage = build(Finetune, {"base": "pretrain.base", "objective": objective, "data": data} | fields)
    work = Work(name="finetune.x", folder=folder, inputs={"base": base}, pool=None, console=SilentConsole())
    return stage.run(work)


@pytest.mark.parametrize("causal", [False, True])
def test_a_tagger_is_written_and_has_learnt(tmp_path, causal):
    base = make_base(tmp_path / "base", causal)
    outcome = run(tmp_path / "x", TAGS, conll_files(tmp_path), base, epochs=6, rate=3e-3, batch_examples=8)
    labels = ["O", "B-class", "I-class", "B-module", "I-module"]
    assert json.loads((tmp_path / "x" / "labels.json").read_text()) == labels
    test = read_records(tmp_path / "x" / "test.parquet")
    assert [(r.words, r.tags) for r in test] == [(r.words, r.tags) for r in TINY["words_records"]("test", 12)]
    model = LanguageModel.load(tmp_path / "x" / "model")
    assert model.labels == tuple(labels)
    assert entity_f1([r.tags for r in test], model.tags([r.words for r in test])) > 0.9
    curve = pq.read_table(tmp_path / "x" / "curve.parquet").to_pydict()
    assert curve["step"] == list(range(1, 46))
    assert curve["entity_f1"][-1] > 0.9
    assert outcome.counts["kept"] == 60
    assert "60 train, 12 validation, 12 test examples, 5 labels" in outcome.summary


@pytest.mark.parametrize("causal", [False, True])
def test_a_classifier_is_written_and_has_learnt(tmp_path, causal):
    base = make_base(tmp_path / "base", causal)
    run(tmp_path / "x", LABELS, class_folders(tmp_path), base, epochs=8, rate=5e-3, batch_examples=8)
    test = read_records(tmp_path / "x" / "test.parquet")
    predicted = LanguageModel.load(tmp_path / "x" / "model").predict([r.text for r in test])
    assert np.mean([a == b.label for a, b in zip(predicted, test, strict=True)]) > 0.8


def test_a_model_learns_to_answer_and_then_what_is_preferred(tmp_path):
    base = make_base(tmp_path / "base", causal=True)
    fields = {"epochs": 20, "rate": 5e-3, "batch_examples": 8}
    outcome = run(tmp_path / "x", {"kind": "instruction"}, question_files(tmp_path), base, **fields)
    assert "bits per byte" in outcome.summary and "labels" not in outcome.summary
    answers = Artifact(name="finetune.answers", folder=tmp_path / "x")
    model = LanguageModel.load(answers.path("model"))
    asked = [[{"role": "user", "content": f"{n} {word} {other}"}] for n, word, other in _words(20)]
    said = ["".join(model.reply(each, max_tokens=12, temperature=0)[0]) for each in asked]
    # The end of an answer is learnt as well as its text.
    assert np.mean([text == f"the {word}" for text, (_, word, _) in zip(said, _words(20), strict=True)]) > 0.7

    run(tmp_path / "y", {"kind": "preference"}, pair_files(tmp_path), answers, epochs=4, rate=1e-3, batch_examples=8)
    curve = pq.read_table(tmp_path / "y" / "curve.parquet").to_pydict()
    assert curve["loss"][0] == pytest.approx(np.log(2), abs=1e-3)  # it begins at its own reference
    assert curve["preference_accuracy"][-1] == 1.0
    assert len(pq.read_table(tmp_path / "y" / "reference.parquet")) == 80

    # Left to itself, so short a run keeps the layers as they are.
    outcome = run(tmp_path / "z", {"kind": "preference"}, pair_files(tmp_path), answers, epochs=1)
    assert {"rate", "matrix_rate", "vector_rate"} <= {name for name, _, _ in outcome.reasons}
    before, after = (dict(LanguageModel.load(tmp_path / name / "model").model.named_parameters()) for name in "xz")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and all("embed_tokens" in name or "lm_head" in name for name in moved)


def test_an_adapter_is_written_by_itself_and_is_part_of_the_model(tmp_path):
    base = make_base(tmp_path / "base", causal=False)
    fields = {"adapter": {"kind": "lora", "rank": 4}, "epochs": 8, "rate": 2e-2, "batch_examples": 8}
    outcome = run(tmp_path / "x", TAGS, conll_files(tmp_path), base, **fields)
    assert "trained parameters" in [name for name, _, _ in outcome.reasons]
    values = json.loads((tmp_path / "x" / "adapter" / "adapter_config.json").read_text())
    assert values["base_model_name_or_path"] == "pretrain.base"
    assert values["modules_to_save"] == ["classifier"]
    losses = pq.read_table(tmp_path / "x" / "curve.parquet")["loss"].to_pylist()
    assert losses[-1] < 0.5 * losses[0]
    LanguageModel.load(tmp_path / "x" / "model")
    with pytest.raises(RecipeError, match="cannot be trained by the engine 'fsdp'"):
        run(tmp_path / "z", TAGS, conll_files(tmp_path), base, engine="fsdp", **fields)


def test_a_hybrid_base_becomes_a_backbone_that_reads_in_both_directions(tmp_path):
    base = make_base(tmp_path / "base", causal=True, hybrid=True)
    run(tmp_path / "t", TAGS, conll_files(tmp_path), base, epochs=6, rate=3e-3, batch_examples=8)
    model = LanguageModel.load(tmp_path / "t" / "model")
    assert model.config.layout == "eurobert" and not model.config.hybrid
    test = read_records(tmp_path / "t" / "test.parquet")
    assert entity_f1([r.tags for r in test], model.tags([r.words for r in test])) > 0.9
    run(tmp_path / "s", LABELS, class_folders(tmp_path), base, epochs=8, rate=5e-3, batch_examples=8)
    test = read_records(tmp_path / "s" / "test.parquet")
    predicted = LanguageModel.load(tmp_path / "s" / "model").predict([r.text for r in test])
    assert np.mean([a == b.label for a, b in zip(predicted, test, strict=True)]) > 0.8


def test_transformers_reads_the_folders_and_agrees(tmp_path):
    transformers = pytest.importorskip("transformers")
    base = make_base(tmp_path / "base", causal=False)
    for name, objective, data in (("t", TAGS, conll_files(tmp_path)), ("s", LABELS, class_folders(tmp_path))):
        run(tmp_path / name, objective, data, base, epochs=1)
        kind = "AutoModelForTokenClassification" if objective is TAGS else "AutoModelForSequenceClassification"
        theirs = getattr(transformers, kind).from_pretrained(tmp_path / name / "model").eval()
        ours = LanguageModel.load(tmp_path / name / "model")
        assert tuple(theirs.config.id2label[i] for i in range(len(ours.labels))) == ours.labels
        ids = torch.tensor([ours.tokenizer.encode("the list of names raise an error")])
        scores = theirs(ids).logits[0].detach()
        if objective is LABELS:
            found = ours.label_log_probabilities(["the list of names raise an error"])[0]
            assert np.allclose(found, scores.double().log_softmax(0), atol=1e-4)
        else:
            from firstwords.model.batch import Batch

            assert torch.allclose(ours.model(Batch.of(ids.tolist())), scores, atol=1e-4)


# Runs the stage three times with a checkpoint at every fifth step: left alone, killed behind the seventh, continued.
# Each run is a process of its own, a fork of one that has loaded everything and computed nothing.
SCRIPT = """
import json, os, runpy, signal, sys, time
from pathlib import Path
import torch
test = runpy.run_path(sys.argv[1])
torch.set_num_threads(1)
import firstwords.training.train as loop
from firstwords.artifact import Artifact
place, base = Path(sys.argv[2]), Artifact(name="pretrain.base", folder=Path(sys.argv[3]))
objective, data, fields = map(json.loads, sys.argv[4:])
def die_behind_the_seventh():
    tell = loop.Run._tell
    def deadly(self, record, shown):
        tell(self, record, shown)
        if self.step == 7:
            # It is written beside the steps, which may be over sooner.
            for _ in range(3000):
                if (place / "killed/scratch/checkpoints/step-000000005").is_dir():
                    break
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
    loop.Run._tell = deadly
def run(name, deadly):
    if deadly:
        die_behind_the_seventh()
    test["run"](place / name, objective, data, base, epochs=2, batch_examples=10,
                training={"checkpoint_steps": 5}, **fields)
for name, deadly in (("whole", False), ("killed", True), ("killed", False)):
    child = os.fork()
    if not child:
        try:
            run(name, deadly)
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == (-signal.SIGKILL if deadly else 0), (name, ended)
    if deadly:
        assert not (place / name / "model").exists()
        assert (place / name / "scratch/checkpoints/step-000000005").is_dir()
"""


def killed_and_continued(
    folder: Path, base: Path, objective: dict, data: dict, fields: dict, test: str = __file__
) -> None:
    """Both ways to the end, by the `run` of a test file: `whole` and `killed` lie in the folder."""
    arguments = [test, str(folder), str(base), *map(json.dumps, (objective, data, fields))]
    subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=True, timeout=300)


@pytest.mark.parametrize(
    ("objective", "files", "fields"),
    [
        (TAGS, conll_files, {}),
        (EPISODES, task_tables, {}),
        ({"kind": "instruction"}, question_files, {"adapter": {"kind": "lora", "dora": True}}),
        pytest.param(LABELS, class_folders, {}, marks=pytest.mark.slow),
        pytest.param({"kind": "contrastive"}, class_folders, {}, marks=pytest.mark.slow),
        pytest.param({"kind": "preference"}, pair_files, {}, marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_that_continues_writes_the_same_bytes(tmp_path, objective, files, fields):
    data = files(tmp_path)
    make_base(tmp_path / "base", causal=files in (question_files, pair_files, task_tables))

    killed_and_continued(tmp_path, tmp_path / "base", objective, data, fields)
    assert digest_payload(tmp_path / "killed") == digest_payload(tmp_path / "whole")


def test_several_seeds_leave_their_models_and_the_median_one(tmp_path):
    base = make_base(tmp_path / "base", causal=False)
    data = class_folders(tmp_path)
    outcome = run(tmp_path / "x", LABELS, data, base, epochs=1, batch_examples=10, seeds=[4, 0, 1])
    told = json.loads((tmp_path / "x" / "seeds.json").read_text())
    assert [each["seed"] for each in told["seeds"]] == [4, 0, 1]
    weights = {p.parts[-3]: p.read_bytes() for p in (tmp_path / "x" / "seeds").glob("*/model/model.safetensors")}
    assert len(set(weights.values())) == 3
    assert (tmp_path / "x" / "model" / "model.safetensors").read_bytes() == weights[str(told["median"])]
    assert f"3 seeds, the median one is {told['median']}" in outcome.summary
    run(tmp_path / "alone", LABELS, data, base, epochs=1, batch_examples=10, seed=4)
    assert (tmp_path / "alone" / "model" / "model.safetensors").read_bytes() == weights["4"]
    counted = build(Finetune, {"base": "pretrain.x", "objective": LABELS, "data": data, "seed": 5, "seeds": 3})
    assert counted.all_seeds == (5, 6, 7)
    with pytest.raises(RecipeError, match="must be different numbers"):
        build(Finetune, {"base": "pretrain.x", "objective": LABELS, "data": data, "seeds": [1, 1]})


def test_episodes_keep_the_head_of_a_causal_base(tmp_path):
    data = task_tables(tmp_path)
    base = make_base(tmp_path / "base", causal=True)
    outcome = run(tmp_path / "x", EPISODES, data, base, epochs=1, batch_examples=10)
    assert outcome.counts["train"] > 0 and 0 <= outcome.counts["accuracy"] <= 1
    model = LanguageModel.load(tmp_path / "x" / "model")
    assert model.task == "language_model" and np.isfinite(model.log_likelihood("a", " b"))
    masked = make_base(tmp_path / "masked", causal=False)
    with pytest.raises(RecipeError, match="is no causal language model"):
        run(tmp_path / "y", EPISODES, data, masked, epochs=1)


def test_data_and_objective_must_fit(tmp_path):
    data = conll_files(tmp_path)
    with pytest.raises(
        RecipeError,
        match="'sequence_classification' trains on labelled texts, but the data 'conll'",
    ):
        build(Finetune, {"base": "pretrain.x", "objective": LABELS, "data": data})
    with pytest.raises(RecipeError, match="'masked_lm' is for pre-training"):
        build(Finetune, {"base": "pretrain.x", "objective": {"kind": "masked_lm"}, "data": data})
    with pytest.raises(RecipeError, match="training.epoch: unknown field. Did you mean 'epochs'"):
        build(Finetune, {"base": "pretrain.x", "objective": TAGS, "data": data, "training": {"epoch": 1}})


def test_data_that_cannot_be_learnt_from_is_told(tmp_path):
    base = make_base(tmp_path / "base", causal=False)
    (tmp_path / "f").write_text("a O\nb O\n")
    data = {"kind": "conll", "train": str(tmp_path / "f"), "test": str(tmp_path / "f"), "validation_share": 0.0}
    with pytest.raises(RecipeError, match="one label only"):
        run(tmp_path / "x", TAGS, data, base)


def test_the_corpus_is_an_input_only_where_labels_come_from_it(tmp_path):
    def inputs(data, objective):
        stage = build(Finetune, {"base": "pretrain.masked", "objective": objective, "data": data})
        return stage.inputs(SimpleNamespace(require=lambda name: name, names=lambda stage: []))

    assert inputs({"kind": "documentation_names"}, TAGS) == {"base": "pretrain.masked", "documents": "deduplicate"}
    assert inputs(conll_files(tmp_path), TAGS) == {"base": "pretrain.masked"}


def test_texts_with_several_labels_and_pairs_are_learnt_and_kept(tmp_path):
    base = make_base(tmp_path / "base", causal=False)
    rows = [
        {"text": TINY["VOCABULARY"][: 20 + n % 30],
         "pair": f"{'json ' * 4 * (n % 2)}list {'email ' * 4 * (n % 3 > 0)}{n}",
         "label": ["j"] * (n % 2) + ["m"] * (n % 3 > 0)}
        for n in range(240)
    ]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"kind": "table", "path": str(tmp_path / "t.jsonl"), "pair": "pair"}
    objective = LABELS | {"hidden_share": 0.0}
    outcome = run(tmp_path / "x", objective, data, base, epochs=8, rate=5e-3, batch_examples=8)
    model = LanguageModel.load(tmp_path / "x" / "model")
    assert model.labels == ("j", "m") and 0 < model.model.head.threshold < 1
    assert ("threshold", f"{model.model.head.threshold}", outcome.reasons[-1][2]) in outcome.reasons
    test = read_records(tmp_path / "x" / "test.parquet")
    found = model.label_sets([(r.text, r.pair) for r in test])
    assert np.mean([a == b.labels for a, b in zip(found, test, strict=True)]) > 0.8
    assert json.loads((tmp_path / "x/model/config.json").read_text())["problem_type"] == "multi_label_classification"


def test_transformers_gives_the_same_probabilities_of_several_labels(tmp_path):
    transformers = pytest.importorskip("transformers")
    base = make_base(tmp_path / "base", causal=False)
    rows = [{"text": f"the list {n}", "label": ["a"] * (n % 2) + ["b"]} for n in range(40)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(tmp_path / "x", LABELS, {"kind": "table", "path": str(tmp_path / "t.jsonl")}, base, epochs=1)
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "x" / "model").eval()
    ours = LanguageModel.load(tmp_path / "x" / "model")
    ids = torch.tensor([ours.tokenizer.encode("the list of names")])
    expected = theirs(ids).logits[0].detach().double().sigmoid().log()
    assert np.allclose(ours.label_log_probabilities(["the list of names"])[0], expected, atol=1e-4)


def test_a_tagger_with_a_crf_keeps_it_beside_weights_that_transformers_loads(tmp_path):
    base = make_base(tmp_path / "base", causal=False)
    run(tmp_path / "x", TAGS | {"crf": True}, conll_files(tmp_path), base, epochs=6, rate=3e-3, batch_examples=8)
    model = LanguageModel.load(tmp_path / "x" / "model")
    assert model.model.head.crf.transitions.abs().max() > 0
    test = read_records(tmp_path / "x" / "test.parquet")
    assert entity_f1([r.tags for r in test], model.tags([r.words for r in test])) > 0.9
    assert "crf.safetensors" in (tmp_path / "x" / "model" / "README.md").read_text()
    transformers = pytest.importorskip("transformers")
    theirs, told = transformers.AutoModelForTokenClassification.from_pretrained(
        tmp_path / "x" / "model", output_loading_info=True
    )
    assert not told["missing_keys"] and not told["unexpected_keys"]
    assert theirs.config.num_labels == 5
    (tmp_path / "x" / "model" / "crf.safetensors").write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match=r"crf\.safetensors cannot be read"):
        LanguageModel.load(tmp_path / "x" / "model")
