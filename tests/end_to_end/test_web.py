"""The recipe `web` on real archives, newsgroups and tweets, with tiny models and a part of each set."""

import itertools
import json
import lzma
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from shrunk_quickstart import ROOT

DATA = Path(os.environ.get("FIRSTWORDS_DATA", "/nonexistent"))
NEWSGROUPS = DATA / "cls-20newsgroups/20news-bydate.tar.xz"
MESSAGES_OF_A_GROUP, GROUPS = 25, ("rec.autos", "sci.space", "talk.politics.guns")
TWEETS = {
    "train": ("wnut17train.conll.xz", 500),
    "validation": ("emerging.dev.conll", 100),
    "test": ("emerging.test.annotated", 250),
}
OVERRIDES = (
    'collect.sources.0.path="$FIRSTWORDS_DATA/warc/aut/example.warc.gz"',
    *(f"pretrain.{name}.budget=" for name in ("causal", "masked")),
    *(f"pretrain.{name}.tokens=30_720" for name in ("causal", "masked")),
    *(f"pretrain.{name}.model={{ depth = 1 }}" for name in ("causal", "masked")),
    "finetune.emerging.epochs=1",
)

pytestmark = [
    pytest.mark.skipif(not NEWSGROUPS.exists(), reason="FIRSTWORDS_DATA has no 20 Newsgroups"),
    pytest.mark.xdist_group("end_to_end"),
]


def some_messages(place: Path) -> None:
    """A tar archive with a few messages of a few groups, both parts."""
    taken: Counter[str] = Counter()
    with tarfile.open(NEWSGROUPS) as source, tarfile.open(place, "w") as target:
        for member in source:
            folder, group = Path(member.name).parent, Path(member.name).parent.name
            if member.isfile() and group in GROUPS and taken[str(folder)] < MESSAGES_OF_A_GROUP:
                taken[str(folder)] += 1
                target.addfile(member, source.extractfile(member))
    assert len(taken) == 2 * len(GROUPS)


def some_sentences(name: str, number: int, place: Path) -> None:
    """The first sentences of a file of WNUT-17."""
    file = DATA / "ner-wnut17" / name
    with (lzma.open if file.suffix == ".xz" else open)(file, "rt", encoding="utf-8") as lines:
        sentences = [list(rows) for filled, rows in itertools.groupby(lines, lambda line: bool(line.strip())) if filled]
    place.write_text("\n".join("".join(rows) for rows in sentences[:number]), encoding="utf-8")


def test_from_archives_to_two_classic_tasks(tmp_path: Path) -> None:
    some_messages(tmp_path / "some.tar")
    for part, (name, number) in TWEETS.items():
        some_sentences(name, number, tmp_path / part)
    root = tmp_path / "artifacts"
    command = [sys.executable, "-m", "firstwords", "run", str(ROOT / "recipes/web.toml"), *OVERRIDES]
    command += [f'finetune.emerging.data.{part}="{tmp_path}/{part}"' for part in TWEETS]
    command += [f'finetune.newsgroups.data.path="{tmp_path}/some.tar"', "--artifacts", str(root), "--threads", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads((root / "recipes/web.json").read_text())["artifacts"]
    results = json.loads((root / record["evaluate"] / "results.json").read_text())
    figures = list(itertools.chain.from_iterable(task.values() for task in results.values()))
    assert set(results) == {"language", "newsgroups", "emerging"}
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures)
    assert all(figure["baseline"] for figure in figures)
    counts = json.loads((root / record["extract"] / "manifest.json").read_text())["counts"]
    assert counts["kept"] > 300 and counts["rejected"]["unsupported"] > 100
