"""Finished artifacts small enough for tests: a token store, untrained models, labelled parts. Loaded with `runpy`."""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path

import pyarrow as pa
import torch

from firstwords.artifact import Artifact
from firstwords.console import SilentConsole
from firstwords.data.conversation import ChatRecord, PreferenceRecord
from firstwords.data.dataset import TextRecord, WordsRecord, label_names, table_of
from firstwords.data.shards import write_table
from firstwords.data.token_store import Encoded, StoreWriter, write_store_index
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead, SequenceHead, TokenHead
from firstwords.model.hugging_face import load_folder, save_folder
from firstwords.model.transformer import Model
from firstwords.model.vocabulary import add_tokens
from firstwords.stage import Work
from firstwords.tokenizer.conversation import with_template
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

VOCABULARY = "the list of names returns a new value when json and email raise an error in this class"
WORDS = tuple(VOCABULARY.split())
SUBJECTS = ("json", "email", "os")


def sentences(seed, number):
    draws = random.Random(seed)
    return [" ".join(draws.choice(WORDS) for _ in range(draws.randrange(3, 25))) + ".\n" for _ in range(number)]


@functools.cache
def tokenizer() -> Tokenizer:
    return ByteBPE().train([sentences(0, 200)], 320)


def finish(folder: Path, name: str) -> Artifact:
    """Make a folder look committed."""
    identity = f"{name}-identity"[:10]
    (folder / "manifest.json").write_text(json.dumps({"identity": identity, "digest": "d", "files": {}}))
    return Artifact(name=name, folder=folder)


def token_store(folder: Path, documents=(60, 8, 12)) -> Artifact:
    """Splits train, validation and test with so many documents; two test documents per module."""
    counts = {}
    header = {"vocab_size": tokenizer().vocab_size, "end_of_text": tokenizer().end_of_text}
    for seed, (split, number) in enumerate(zip(("train", "validation", "test"), documents, strict=True)):
        with StoreWriter(
            folder, split, vocab_size=tokenizer().vocab_size, end_of_text=tokenizer().end_of_text
        ) as writer:
            for place, text in enumerate(sentences(seed, number)):
                url = f"pydoc:///{split}{place // 2}.part{place % 2}"
                ids = tokenizer().encode(text)
                writer.write([Encoded(document=f"{split}-{place}", url=url, ids=ids, num_bytes=len(text.encode()))])
        counts[split] = writer.counts
    write_store_index(folder, splits=counts, **header)
    return finish(folder, "tokenize")


def planted_documents(folder: Path, number=8) -> Artifact:
    """Documents of all parts, as a stage `clean` that planted two canaries for each of 0 and 2 copies makes them."""
    from firstwords.data.canaries import make_canaries
    from firstwords.data.document import DOCUMENT

    step = {"kind": "canaries", "times": [0, 2], "number": 2, "seed": 0}
    canaries = make_canaries(step["times"], step["number"], step["seed"])
    rows = []
    for place, text in enumerate(sentences(9, number)):
        held = [canary.text for canary in canaries if place < canary.times]
        row = dict.fromkeys(DOCUMENT.names) | {"id": f"d{place}", "text": "\n\n".join([text, *held]), "metadata": []}
        rows.append(row | {"split": "train" if place < number - 1 else "test"})
    schema = DOCUMENT.append(pa.field("split", pa.string()))
    write_table(folder / "documents" / "0.parquet", pa.Table.from_pylist(rows, schema=schema))
    artifact = finish(folder, "clean")
    manifest = artifact.manifest | {"ingredients": {"configuration": {"steps": [{"kind": "unicode"}, step]}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Artifact(name="clean", folder=folder)


def text_records(part, number):
    """Every text names its subject, so words tell it; three texts a page."""
    draws = random.Random(part)
    records = []
    for place, text in enumerate(sentences(part, number)):
        subject = draws.choice(SUBJECTS)
        records.append(
            TextRecord(f"{part}-{place}", f"{part}-page{place // 3}", " ".join([f"{subject}_call"] * 9) + text, subject)
        )
    return records


def words_records(part, number):
    """`json` is a module wherever it stands, `error` a class after `an`."""
    records = []
    for place, text in enumerate(sentences(part, number)):
        words = tuple(text.rstrip(".\n").split())
        tags = tuple("B-module" if w == "json" else "B-class" if w == "error" else "O" for w in words)
        records.append(WordsRecord(f"{part}-{place}", f"{part}-{place}", words, tags))
    return records


def _model(folder: Path, layout: str, make_head, **more) -> None:
    ids = tokenizer()
    config = ModelConfig(
        layout=layout,
        vocab_size=ids.vocab_size,
        num_layers=1,
        width=16,
        num_heads=2,
        num_kv_heads=2,
        head_size=8,
        mlp_width=32,
        context=32,
        pad_id=ids.pad,
        bos_id=ids.end_of_text,
        eos_id=ids.end_of_text,
        mask_id=ids.mask,
        **more,
    )
    torch.manual_seed(0)
    ids.save(folder / "tokenizer")
    save_folder(folder / "model", Model(config, make_head(config)), tokenizer_folder=folder / "tokenizer")


def causal_model(folder: Path) -> Artifact:
    _model(folder, "llama", LanguageModelHead)
    return finish(folder, "pretrain.causal")


def masked_model(folder: Path) -> Artifact:
    _model(folder, "eurobert", LanguageModelHead)
    return finish(folder, "pretrain.masked")


def hybrid_model(folder: Path) -> Artifact:
    _model(folder, "llama", LanguageModelHead, hybrid=True)
    return finish(folder, "pretrain.hybrid")


def tokenizer_artifact(folder: Path) -> Artifact:
    folder.mkdir(parents=True)
    tokenizer().save(folder)
    return finish(folder, "train_tokenizer")


def write_pairs(folder: Path, number=6) -> None:
    """Two paradigms of one phenomenon and one of another, in BLiMP's form."""
    folder.mkdir(parents=True)
    for paradigm, phenomenon in (("first", "order"), ("second", "order"), ("third", "agreement")):
        lines = [
            {
                "sentence_good": f"the list of {paradigm} names {place} returns a new value.",
                "sentence_bad": f"the list {paradigm} of names {place} returns new a value.",
                "UID": paradigm,
                "linguistics_term": phenomenon,
                "pairID": str(place),
            }
            for place in range(number)
        ]
        (folder / f"{paradigm}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _lines(place: Path, rows) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def questions(folder: Path) -> Path:
    """Twelve questions, half of them with the choice in the context."""
    rows = [
        {"query": f"the list of names {n}", "choices": ["returns a value", "json", "an error"], "gold": n % 3}
        for n in range(6)
    ]
    rows += [
        {"context_options": [f"when json {n}", f"when email {n}"], "continuation": "returns a value", "gold": n % 2}
        for n in range(6)
    ]
    return _lines(folder / "questions.jsonl", rows)


def gaps(folder: Path) -> Path:
    rows = [{"context": f"the list of names {n} returns a new", "continuation": WORDS[n]} for n in range(12)]
    return _lines(folder / "gaps.jsonl", rows)


def text_pairs(folder: Path) -> Path:
    rows = [{"good": f"the list {n} returns", "bad": f"list the {n} returns"} for n in range(12)]
    return _lines(folder / "pairs.jsonl", rows)


def asked(folder: Path) -> Path:
    rows = [{"question": f"which list {n}", "answer": f"the new value {n}"} for n in range(12)]
    return _lines(folder / "asked.jsonl", rows)


def own_text(folder: Path) -> Path:
    (folder / "own.txt").write_text("".join(sentences(9, 100)))
    return folder / "own.txt"


def labelled_file(folder: Path) -> Path:
    rows = [{"text": record.text, "label": record.label} for record in text_records("own", 30)]
    return _lines(folder / "labelled.jsonl", rows)


def labelled_model(folder: Path, records, make_head, name: str) -> Artifact:
    for part, number in (("train", 60), ("validation", 20), ("test", 30)):
        found = records(part, number)
        write_table(folder / f"{part}.parquet", table_of(found, type(found[0])))
    _model(folder, "eurobert", lambda config: make_head(config, label_names(records("train", 60))))
    return finish(folder, name)


def classifier(folder: Path) -> Artifact:
    return labelled_model(folder, text_records, SequenceHead, "finetune.subjects")


def tagger(folder: Path) -> Artifact:
    return labelled_model(folder, words_records, TokenHead, "finetune.entities")


def conversations(number):
    """Answers repeat a word of the question; every second conversation has four turns."""
    draws = random.Random(7)
    found = []
    for place in range(number):
        turns = []
        for _ in range(1 + place % 2):
            first, second = draws.choice(WORDS), draws.choice(WORDS)
            turns += [("user", f"{first} {second} {place}"), ("assistant", f"names {first}")]
        found.append(ChatRecord(f"talk-{place}", turns[0][1], tuple(turns)))
    return found


def pairs(number):
    """The preferred answer repeats a word of the question."""
    return [
        PreferenceRecord(each.id, each.group, each.messages[:-1], each.messages[-1][1], "email json value")
        for each in conversations(number)
    ]


def _answering(folder: Path, records, name: str) -> Artifact:
    """An untrained language model with our chat template, and records as its test part."""
    _model(folder, "llama", LanguageModelHead)
    with_template(folder / "tokenizer", folder / "chat")
    model, _, _ = load_folder(folder / "model")
    ids = Tokenizer.load(folder / "chat").special.values()
    add_tokens(model, [number for number in ids if number >= model.config.vocab_size])
    save_folder(folder / "model", model, tokenizer_folder=folder / "chat")
    write_table(folder / "test.parquet", table_of(records, type(records[0])))
    return finish(folder, name)


def answering_model(folder: Path) -> Artifact:
    return _answering(folder, conversations(12), "finetune.answers")


def preferring_model(folder: Path) -> Artifact:
    artifact = _answering(folder, pairs(12), "finetune.preferred")
    # The fourth pair was too long; the sixth is of another part.
    rows = [
        {"part": "train" if row == 5 else "test", "row": row, "chosen": -9.0 - row, "rejected": -12.0}
        for row in range(12)
        if row != 3
    ]
    write_table(folder / "reference.parquet", pa.Table.from_pylist(rows))
    return artifact


def work_in(folder: Path, inputs, console=None) -> Work:
    return Work(name="evaluate", folder=folder, inputs=inputs, pool=None, console=console or SilentConsole())
