"""How well and how fast duplicates are found.

    python benchmarks/data/duplicates.py [--documents 3000] [--megabytes 100] [--workers 2]

Quality: texts of 20 Newsgroups, each with two copies in which 0.5 to 5 % of the words are replaced, and the news
articles with planted near-duplicates. What is judged is computed here in plain Python, apart from the code that is
judged: the exact Jaccard similarity of the sets of five-word runs. Speed: the whole stage, Parquet to Parquet, on
generated text. Needs the folder that FIRSTWORDS_DATA names.
"""

from __future__ import annotations

import argparse
import lzma
import os
import random
import re
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset

from firstwords.artifact import Artifact
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.shards import write_table
from firstwords.stage import Work
from firstwords.stages.deduplicate import Deduplicate

BANDS = ((0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 1.0))
SHARDS = 8
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Found:
    """What the stage did to a corpus of known groups of copies."""

    pairs: dict[tuple[float, float], int]
    """Pairs of one group whose exact similarity is in a band."""
    found: dict[tuple[float, float], int]
    """Those of which at least one document went."""
    removed: int
    """Documents that went for another."""
    unlike: int
    """Those whose exact similarity to the one that is named as kept is below 0.6."""
    groups: int
    groups_without_survivor: int


def data_folder() -> Path:
    """The folder of data sets.

    Raises:
        SystemExit: If the variable is not set.
    """
    folder = os.environ.get("FIRSTWORDS_DATA")
    if not folder:
        raise SystemExit("set FIRSTWORDS_DATA to the data folder")
    return Path(folder)


def newsgroups(number: int, min_words: int = 100) -> Iterator[str]:
    """Messages of 20 Newsgroups (training part, without headers) of at least so many words, no two equal."""
    seen = set()
    with tarfile.open(data_folder() / "cls-20newsgroups/20news-bydate.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None or "train" not in member.name or len(seen) >= number:
                continue
            text = file.read().decode("latin-1").partition("\n\n")[2]
            if len(_WORD.findall(text)) >= min_words and text not in seen:
                seen.add(text)
                yield text


def edited(text: str, share: float, draw: random.Random) -> str:
    """The text with a share of its words replaced by words that stand nowhere else."""
    parts = re.split(r"(\w+)", text)
    for place in range(1, len(parts), 2):
        if draw.random() < share:
            parts[place] = f"x{draw.getrandbits(40):x}"
    return "".join(parts)


def groups_of_copies(number: int, seed: int = 1) -> Iterator[list[str]]:
    """Texts with two copies each, of which 0.5 to 5 % of the words are replaced."""
    draw = random.Random(seed)
    for text in newsgroups(number):
        yield [text, *(edited(text, draw.uniform(0.005, 0.05), draw) for _ in range(2))]


def runs(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """The set of word runs of a text, in plain Python."""
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}


def similarity(one: set[Any], two: set[Any]) -> float:
    """Exact Jaccard similarity."""
    return len(one & two) / max(1, len(one | two))


def deduplicated(folder: Path, texts: dict[str, str], **fields: Any) -> tuple[set[str], dict[str, str]]:
    """Run the stage over texts by name; the names that stay, and of each that went for another the name of that one."""
    rows = [{"id": document_id(name), "title": name, "text": text} for name, text in texts.items()]
    for shard in range(SHARDS):
        place = folder / "clean/documents" / f"{shard}.parquet"
        write_table(place, pa.Table.from_pylist(rows[shard::SHARDS], schema=DOCUMENT))
    run_stage(folder / "clean", folder / "out", 1, **fields)
    names = {document_id(name): name for name in texts}
    kept, dropped = (pyarrow.dataset.dataset(folder / "out" / part).to_table() for part in ("documents", "dropped"))
    gone = zip(dropped["title"].to_pylist(), dropped["kept_id"].to_pylist(), strict=True)
    return set(kept["title"].to_pylist()), {name: names[other] for name, other in gone if other}


def run_stage(clean: Path, out: Path, workers: int, **fields: Any) -> dict[str, Any]:
    """The stage over a cleaned corpus; its counts."""
    documents = Artifact(name="clean", folder=clean)
    pool, console = Local(workers=workers), SilentConsole()
    work = Work(name="deduplicate", folder=out, inputs={"documents": documents}, pool=pool, console=console)
    return Deduplicate(**fields).run(work).counts


def near_duplicates(number: int, **fields: Any) -> Found:
    """Groups of generated copies through the stage as it is by default."""
    groups = list(groups_of_copies(number))
    texts = {f"{group}.{copy}": text for group, each in enumerate(groups) for copy, text in enumerate(each)}
    with tempfile.TemporaryDirectory() as folder:
        kept, gone = deduplicated(Path(folder), texts, **fields)
    sets = {name: runs(text) for name, text in texts.items()}
    pairs, found = dict.fromkeys(BANDS, 0), dict.fromkeys(BANDS, 0)
    for group in range(len(groups)):
        for one, two in combinations([f"{group}.{copy}" for copy in range(3)], 2):
            exact = similarity(sets[one], sets[two])
            for band in BANDS:
                if band[0] <= exact < band[1] or exact == band[1] == 1:
                    pairs[band] += 1
                    found[band] += not {one, two} <= kept
    return Found(
        pairs=pairs,
        found=found,
        removed=len(gone),
        unlike=sum(similarity(sets[name], sets[other]) < 0.6 for name, other in gone.items()),
        groups=len(groups),
        groups_without_survivor=sum(
            not any(f"{group}.{copy}" in kept for copy in range(3)) for group in range(len(groups))
        ),
    )


def planted_pairs(number: int) -> tuple[int, int, int]:
    """The planted pairs of `neardup-minhash-articles` (100, 1,000 or 2,500 articles), those found, and pairs beside
    them.
    """
    folder = data_folder() / "neardup-minhash-articles"
    plain, packed = folder / f"articles_{number}.train", folder / f"articles_{number}.train.xz"
    raw = plain.read_bytes() if plain.exists() else lzma.decompress(packed.read_bytes())
    texts = dict(line.split(" ", 1) for line in raw.decode().splitlines())
    truth = {frozenset(line.split()) for line in (folder / f"articles_{number}.truth").read_text().splitlines()}
    with tempfile.TemporaryDirectory() as place:
        _, gone = deduplicated(Path(place), texts)
    named = {frozenset(pair) for pair in gone.items()}
    return len(truth), len(truth & named), len(named - truth)


def write_corpus(folder: Path, megabytes: float, seed: int = 1) -> int:
    """A corpus of messages and edited copies of them (up to 40 % of the words replaced); returns its bytes of text."""
    texts = list(newsgroups(4000))
    draw = random.Random(seed)
    rows: list[list[dict[str, str]]] = [[] for _ in range(SHARDS)]
    size = number = shard_part = 0
    while size < megabytes * 1e6:
        text = texts[number % len(texts)]
        if number >= len(texts):
            text = edited(text, draw.uniform(0.005, 0.4), draw)
        url = f"https://site{number % 500}.example/{number}"
        rows[number % SHARDS].append({"id": document_id(url), "url": url, "text": text, "source": "generated"})
        size += len(text.encode())
        number += 1
        if number % (len(texts) * 2) == 0:
            shard_part = _write_parts(folder, rows, shard_part)
    _write_parts(folder, rows, shard_part)
    return size


def _write_parts(folder: Path, rows: list[list[dict[str, str]]], part: int) -> int:
    for shard, each in enumerate(rows):
        place = folder / "documents" / f"{part:03}-{shard}.parquet"
        write_table(place, pa.Table.from_pylist(each, schema=DOCUMENT))
        each.clear()
    return part + 1


def speed(megabytes: float, workers: int, **fields: Any) -> tuple[float, float]:
    """Megabytes of text, and seconds for all steps."""
    with tempfile.TemporaryDirectory() as folder:
        size = write_corpus(Path(folder) / "clean", megabytes)
        # Compiled loops are kept on disk; the first run of all makes them.
        write_corpus(Path(folder) / "warm", 0.1)
        run_stage(Path(folder) / "warm", Path(folder) / "warm-out", 1, **fields)
        begun = time.perf_counter()
        run_stage(Path(folder) / "clean", Path(folder) / "out", workers, **fields)
        seconds = time.perf_counter() - begun
    return size / 1e6, seconds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    result = near_duplicates(arguments.documents)
    print("near-duplicates   pairs   found   share")
    for band in BANDS:
        pairs, found = result.pairs[band], result.found[band]
        print(f"{band[0]:.2f} to {band[1]:.2f}  {pairs:7,} {found:7,}   {found / max(1, pairs):.4f}")
    print(f"removed {result.removed:,}   exact similarity to the kept one below 0.6: {result.unlike}")
    print(f"groups {result.groups:,}   without a survivor: {result.groups_without_survivor}")
    for number in (100, 1000, 2500):
        planted, found, others = planted_pairs(number)
        print(f"{number:,} articles: {found} of {planted} planted pairs found, {others} others")
    everything = {"urls": True, "lines": True, "substrings": True}
    for name, fields in (("by default", {}), ("every kind", everything)):
        megabytes, seconds = speed(arguments.megabytes, arguments.workers, **fields)
        print(f"{name}: {megabytes:.0f} MB in {seconds:.1f} s = {megabytes / seconds:.1f} MB/s")


if __name__ == "__main__":
    main()
