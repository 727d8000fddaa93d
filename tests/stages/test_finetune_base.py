"""Fine-tuning from a Hugging Face folder of somebody else."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from firstwords.artifact import Artifact, digest_payload
from firstwords.console import SilentConsole
from firstwords.data.dataset import read_records
from firstwords.inference.language_model import LanguageModel
from firstwords.metrics.entities import entity_f1
from firstwords.model.base import BaseFolder
from firstwords.model.batch import Batch
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.finetune import Finetune
from firstwords.tokenizer.texts import encode_text
from firstwords.tokenizer.words import encode_sentence
from firstwords.training.touched_rows import LARGE_TABLE

transformers = pytest.importorskip("transformers")

FILES = runpy.run_path(str(Path(__file__).with_name("test_finetune.py")))
TAGS, LABELS, conll_files, class_folders = (FILES[name] for name in ("TAGS", "LABELS", "conll_files", "class_folders"))
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SIZES |= {"max_position_embeddings": 40, "pad_token_id": 0}
TEXT = "The list of names, raise an error!"


def bert_folder(folder: Path, kind: str = "Bert") -> Path:
    """A random model with a WordPiece tokenizer, whose file asks for padding and truncation as some do."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [prefix + chr(code) for prefix in ("", "##") for code in range(33, 127)]
    words = ["the", "list", "of", "names", "raise", "an", "error", "##s"]
    entries = [*special, *letters, *words]
    entries += [f"[unused{number}]" for number in range(LARGE_TABLE + 4 - len(entries))]
    vocabulary = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    backend.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    backend.add_special_tokens(special)
    backend.enable_truncation(8)
    backend.enable_padding(length=8, pad_token="[PAD]")
    folder.mkdir(parents=True)
    backend.save(str(folder / "tokenizer.json"))
    names = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    names |= {"mask_token": "[MASK]", "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(vocab_size=len(vocabulary), **SIZES)
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
    return folder


def run(folder: Path, objective: dict, data: dict, base: Path | Artifact, **fields):
    base = base.folder if isinstance(base, Artifact) else base
    stage = build(Finetune, {"base": f"{base}/", "objective": objective, "data": data} | fields)
    assert isinstance(stage.base, BaseFolder)
    work = Work(name="finetune.x", folder=folder, inputs={}, pool=None, console=SilentConsole())
    return stage.run(work)


def test_a_classifier_has_learnt_and_agrees_with_transformers(tmp_path):
    base = bert_folder(tmp_path / "base")
    outcome = run(tmp_path / "x", LABELS, class_folders(tmp_path), base, epochs=20, rate=5e-3, batch_examples=8)
    ours = LanguageModel.load(tmp_path / "x" / "model")
    test = read_records(tmp_path / "x" / "test.parquet")
    predicted = ours.predict([r.text for r in test])
    assert np.mean([a == b.label for a, b in zip(predicted, test, strict=True)]) > 0.8
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "x" / "model").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "x" / "model")
    encoded = tokenizer([TEXT, "an error"], padding=True, return_tensors="pt")
    assert encoded["input_ids"][0].tolist() == encode_text(ours.tokenizer, TEXT, 40).input_ids.tolist()
    with torch.no_grad():
        expected = theirs(**encoded).logits.double().log_softmax(-1)
    assert np.allclose(ours.label_log_probabilities([TEXT, "an error"]), expected, atol=1e-5)
    assert ("rate", "0.005", "the recipe says so") in outcome.reasons


def test_a_tagger_has_learnt_and_agrees_with_transformers(tmp_path):
    base = bert_folder(tmp_path / "base")
    run(tmp_path / "x", TAGS, conll_files(tmp_path), base, epochs=20, rate=5e-3, batch_examples=8)
    ours = LanguageModel.load(tmp_path / "x" / "model")
    test = read_records(tmp_path / "x" / "test.parquet")
    assert entity_f1([r.tags for r in test], ours.tags([r.words for r in test])) > 0.8
    theirs = transformers.AutoModelForTokenClassification.from_pretrained(tmp_path / "x" / "model").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "x" / "model")
    words = ["The", "list", "raise"]
    ids = tokenizer(words, is_split_into_words=True)["input_ids"]
    sentence = encode_sentence(ours.tokenizer, words, 40)
    assert sentence.input_ids.tolist() == ids
    assert [ours.tokenizer.token(ids[place]) for place in sentence.places] == ["the", "list", "raise"]
    with torch.no_grad():
        assert torch.allclose(ours.model(Batch.of([ids])), theirs(torch.tensor([ids])).logits[0], atol=1e-5)


def test_any_other_model_is_run_by_transformers(tmp_path):
    base = bert_folder(tmp_path / "base", "ModernBert")
    run(tmp_path / "x", LABELS, class_folders(tmp_path), base, epochs=12, rate=5e-3, batch_examples=8)
    ours = LanguageModel.load(tmp_path / "x" / "model")
    test = read_records(tmp_path / "x" / "test.parquet")
    predicted = ours.predict([r.text for r in test])
    assert np.mean([a == b.label for a, b in zip(predicted, test, strict=True)]) > 0.8


def test_defaults_are_those_of_a_base_that_is_well_trained(tmp_path):
    outcome = run(tmp_path / "x", LABELS, class_folders(tmp_path), bert_folder(tmp_path / "base"), epochs=1)
    told = {name: why for name, _, why in outcome.reasons}
    assert "well trained" in told["rate"]


def test_a_folder_is_no_stage_and_its_content_counts(tmp_path):
    base = bert_folder(tmp_path / "base")
    data = conll_files(tmp_path)
    stage = build(Finetune, {"base": str(base), "objective": TAGS, "data": data})
    assert stage.inputs(SimpleNamespace(require=lambda name: name)) == {}
    before = stage.base.fingerprint()
    (base / "README.md").write_text("words")
    assert stage.base.fingerprint() == before
    (base / "tokenizer_config.json").write_text(json.dumps({"sep_token": "[SEP]"}))
    assert stage.base.fingerprint() != before
    of_stage = build(Finetune, {"base": "finetune.first", "objective": TAGS, "data": data})
    assert of_stage.inputs(SimpleNamespace(require=lambda name: name)) == {"base": "finetune.first"}


@pytest.mark.parametrize("kind", ["Bert", pytest.param("ModernBert", marks=pytest.mark.slow)])
def test_a_killed_run_that_continues_writes_the_same_bytes(tmp_path, kind):
    data = class_folders(tmp_path)
    bert_folder(tmp_path / "base", kind)
    FILES["killed_and_continued"](tmp_path, tmp_path / "base", LABELS, data, {}, __file__)
    assert digest_payload(tmp_path / "killed") == digest_payload(tmp_path / "whole")
