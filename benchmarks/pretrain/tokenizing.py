"""Training and encoding with 16,384 entries on 100 MB of novels and contracts, beside the libraries people use.

Every job is a process of its own, ours and theirs in turn, the best of `TURNS` counts; each side has all cores.
"""

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, Ran, peer, peer_version, run, run_recipe

PEERS = ["tokenizers==0.23.3 tiktoken==0.14.0 sentencepiece==0.2.3 rustbpe==0.1.0 pyarrow==26.0.1"]
ENTRIES = 16_384
NUM_BYTES = 100_000_000
TURNS = 3
SHARDS = 8
HERE = Path(__file__).parent


def texts(data: Path) -> Iterator[str]:
    """Novels, then books, then contracts."""
    with tarfile.open(data / "books-eltec-eng/level1.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                body = _read(archive, member).decode("utf-8").partition("<body>")[2]
                paragraphs = (re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", each)).strip() for each in body.split("</p>"))
                yield "\n".join(each for each in paragraphs if each)
    for place in sorted((data / "books-gutenberg").rglob("*.txt")):
        yield place.read_text(encoding="utf-8", errors="replace")
    with tarfile.open(data / "legal-contracts/agreements.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                yield _read(archive, member).decode("utf-8", "replace")


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def write_corpus(data: Path, place: Path, most: int) -> tuple[int, list[str]]:
    """Write the texts, evenly thinned out to about so many bytes; returns the bytes and the texts."""
    whole = list(texts(data))
    share = min(1.0, most / sum(len(text.encode()) for text in whole))
    chosen = [text for i, text in enumerate(whole) if int((i + 1) * share) > int(i * share)]
    pq.write_table(pa.table({"text": pa.array(chosen, pa.large_string())}), place, row_group_size=64)
    return sum(len(text.encode()) for text in chosen), chosen


def tokenizers(setting: Setting) -> list[Judged]:
    """Seconds to train, MB/s to encode, equal ids, and the stage from documents to token store."""
    source = setting.work / "corpus.parquet"
    size, chosen = write_corpus(setting.data, source, NUM_BYTES // 10 if setting.quick else NUM_BYTES)
    turns = 1 if setting.quick else TURNS
    python = peer("tokenizers", PEERS)
    ours, theirs = setting.work / "ours", setting.work / "theirs.json"

    def own(job: str, *more: str, folder: Path = ours) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.pretrain.tokenizers_own", job, str(source), str(folder), *more]
        done = run(command, folder=setting.work / "run", environment={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"})
        return told(done)

    def other(job: str, place: Path, *more: str) -> dict[str, Any]:
        script = str(HERE / "peers" / "tokenizers_run.py")
        return told(run([str(python), script, job, str(source), str(place), *more], folder=setting.work / "run"))

    entries = str(ENTRIES)
    jobs = {
        "train": lambda: own("train", "byte_bpe", entries),
        "hf": lambda: other("hf-train", theirs, entries),
        "rustbpe": lambda: other("rustbpe-train", theirs, entries),
        "sentencepiece": lambda: other("sentencepiece-train", setting.work / "sp.json", entries),
    }
    trained = best(jobs, turns)
    version = {name: peer_version(python, name) for name in ("tokenizers", "tiktoken", "rustbpe", "sentencepiece")}
    judged = [
        ratio("tokenizer-training", trained["hf"], trained["train"], 1.8, "tokenizers", version),
        ratio("tokenizer-training-rustbpe", trained["rustbpe"], trained["train"], None, "rustbpe", version),
        ratio(
            "tokenizer-training-sentencepiece",
            trained["sentencepiece"],
            trained["train"],
            None,
            "sentencepiece",
            version,
        ),
    ]
    equal = json.loads(theirs.read_text())["model"] == json.loads((ours / "tokenizer.json").read_text())["model"]
    judged.append(Judged(name="tokenizer-merges-equal", figure=float(equal), unit="", bar=1.0, peer="tokenizers"))
    place = ours / "tokenizer.json"
    encoded = best(
        {
            "ours": lambda: own("encode", "2"),
            "hf": lambda: other("hf-encode", place),
            "hf-fast": lambda: other("hf-encode-fast", place),
            "tiktoken": lambda: other("tiktoken-encode", place),
            "sentencepiece": lambda: other("sentencepiece-encode", setting.work / "sp.json"),
        },
        turns,
    )
    rate = {name: f"{size / 1e6 / found['seconds']:.1f} MB/s" for name, found in encoded.items()}
    for name, bar, library in (
        ("hf", 3.0, "tokenizers"), ("hf-fast", None, "tokenizers"), ("tiktoken", None, "tiktoken"),
        ("sentencepiece", None, "sentencepiece"),
    ):  # fmt: skip
        found = ratio(f"tokenizer-encoding-{name}", encoded[name], encoded["ours"], bar, library, version)
        judged.append(replace(found, note=f"{rate['ours']} and {rate[name]}"))
    for kind in ("unigram", "word_piece"):
        folder = setting.work / kind
        seconds = own("train", kind, entries, folder=folder)["seconds"]
        reached = size / 1e6 / own("encode", "2", folder=folder)["seconds"]
        judged.append(Judged(name=f"tokenizer-{kind}-training", figure=seconds, unit="s"))
        judged.append(Judged(name=f"tokenizer-{kind}-encoding", figure=reached, unit="MB/s"))
        judged.append(_same(own("same", folder=folder), kind))
    judged.append(_same(own("same"), "byte_bpe"))
    return [*judged, *stage(setting, chosen, size)]


def told(done: Ran) -> dict[str, Any]:
    """What a job printed last."""
    return dict(json.loads(done.output.strip().splitlines()[-1]), peak=done.peak_bytes, foreign=done.foreign_cores)


def best(jobs: dict[str, Any], turns: int) -> dict[str, dict[str, Any]]:
    """Each job's fastest of some turns, all jobs in turn."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(turns):
        for name, job in jobs.items():
            result = job()
            if name not in found or result["seconds"] < found[name]["seconds"]:
                found[name] = result
    return found


def ratio(
    name: str, theirs: dict[str, Any], ours: dict[str, Any], bar: float | None, library: str, version: dict[str, str]
) -> Judged:
    """How many times as fast ours is."""
    foreign = max(theirs["foreign"], ours["foreign"])
    note = f"{ours['seconds']:.2f} and {theirs['seconds']:.2f} s; {ours['peak'] / 2**20:.0f} and "
    note += f"{theirs['peak'] / 2**20:.0f} MiB; foreign load {foreign:.2f} cores"
    figure = theirs["seconds"] / ours["seconds"]
    return Judged(name=name, figure=figure, unit="x", bar=bar, peer=library, peer_version=version[library], note=note)


def _same(found: dict[str, Any], kind: str) -> Judged:
    share = 100 * found["equal"] / found["texts"]
    note = f"{found['texts']:,} texts"
    return Judged(name=f"tokenizer-{kind}-same-ids", figure=share, unit="%", bar=100.0, peer="transformers", note=note)


def stage(setting: Setting, chosen: list[str], size: int) -> list[Judged]:
    """Documents to token store, as a whole program, start included."""
    folder = setting.work / "stage"
    (folder / "jsonl").mkdir(parents=True)
    for shard in range(SHARDS):
        rows = (json.dumps({"id": str(i), "text": text}) for i, text in enumerate(chosen) if i % SHARDS == shard)
        (folder / f"jsonl/{shard}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    recipe = folder / "tokenize.toml"
    text = f'name = "tokenize"\n[collect]\nsources = [{{ kind = "jsonl", path = "{folder}/jsonl" }}]\n'
    text += f"[train_tokenizer]\ntokenizer = {{ kind = 'byte_bpe', vocab_size = {ENTRIES} }}\n[tokenize]\n"
    recipe.write_text(text, encoding="utf-8")
    run_recipe(recipe, folder, until="train_tokenizer")
    done = run_recipe(recipe, folder, until="tokenize")
    note = f"{done.seconds:.1f} s, {done.peak_bytes / 2**20:.0f} MiB; foreign load {done.foreign_cores:.2f} cores"
    return [Judged(name="tokenize-stage", figure=size / 1e6 / done.seconds, unit="MB/s", note=note)]
