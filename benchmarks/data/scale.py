"""Many short documents: does memory stay flat, and does a document cost the same, when there are ten times as many?"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.line import Judged, Setting
from benchmarks.process import Ran, run_recipe

DOCUMENTS = 5_000_000
QUICK_DOCUMENTS = 200_000
DOCUMENTS_A_FILE = 50_000
WORDS = 40
VOCABULARY = 50_000
COPIES, NEAR_COPIES = 0.05, 0.05  # of an earlier document of the same file
STAGES = ("collect", "extract", "clean", "deduplicate")
RECIPE = """
name = "scale"
[collect]
sources = [{{ kind = "jsonl", path = "{source}" }}]
[[clean.steps]]
kind = "unicode"
[[clean.steps]]
kind = "gopher_repetition"
[[clean.steps]]
kind = "personal_data"
[deduplicate]
"""


@dataclass(frozen=True)
class Measured:
    """One run: documents, what the process tree took, and the seconds of every stage."""

    documents: int
    ran: Ran
    seconds: dict[str, float]
    kept: int

    def microseconds(self, stage: str | None = None) -> float:
        """Of one document, in a stage or in all."""
        return 1e6 * (self.seconds[stage] if stage else sum(self.seconds.values())) / self.documents


def scale(setting: Setting) -> list[Judged]:
    """Documents a second, and memory and cost beside those at a tenth of the documents."""
    documents = QUICK_DOCUMENTS if setting.quick else DOCUMENTS
    tenth, whole = measure(setting.work / "tenth", documents // 10), measure(setting.work / "whole", documents)
    stages = ", ".join(f"{s} {tenth.microseconds(s):.0f} -> {whole.microseconds(s):.0f}" for s in STAGES)
    memory = f"{tenth.ran.peak_bytes / 2**20:,.0f} MiB at {tenth.documents:,} and {whole.ran.peak_bytes / 2**20:,.0f}"
    rate = f"kept {whole.kept:,}; {whole.ran.seconds:,.0f} s; foreign load {whole.ran.foreign_cores:.2f} cores"
    memory_ratio = whole.ran.peak_bytes / tenth.ran.peak_bytes
    cost_ratio = whole.microseconds() / tenth.microseconds()
    return [
        Judged(name="scale", figure=documents / whole.ran.seconds, unit="documents/s", note=rate),
        Judged(name="scale-memory", figure=memory_ratio, unit="x a tenth", bar=1.3, at_least=False, note=memory),
        Judged(
            name="scale-cost",
            figure=cost_ratio,
            unit="x a tenth",
            bar=1.0,
            at_least=False,
            note=f"microseconds a document: {stages}",
        ),
    ]


def measure(folder: Path, documents: int) -> Measured:
    """Generate so many documents and run the data stages over them with two workers."""
    source = folder / "corpus"
    generate(source, documents)
    (folder / "scale.toml").write_text(RECIPE.format(source=source), encoding="utf-8")
    ran = run_recipe(folder / "scale.toml", folder, workers=2)
    manifests = {
        json.loads(place.read_text())["stage"]: place for place in (folder / "artifacts").glob("*/*/manifest.json")
    }
    read = {stage: json.loads(place.read_text()) for stage, place in manifests.items()}
    seconds = {stage: read[stage]["seconds"] for stage in STAGES}
    return Measured(documents, ran, seconds, read["deduplicate"]["counts"]["kept"])


def generate(folder: Path, documents: int) -> None:
    """Write JSONL files, the same for the same number; a file of a larger corpus is the file of a smaller one."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, documents, DOCUMENTS_A_FILE)):
        size = min(DOCUMENTS_A_FILE, documents - first)
        with (folder / f"{number:05d}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(_lines(number, size))


def _lines(number: int, size: int) -> Iterator[str]:
    chance = np.random.default_rng([2026, number])
    words = np.random.default_rng(1).integers(97, 123, (VOCABULARY, 7), np.uint8)
    vocabulary = np.array([bytes(row[: 3 + index % 5]).decode() for index, row in enumerate(words)], object)
    # Frequent words are short of nothing: a tenth of the vocabulary makes half of the text.
    picks = np.where(
        chance.random((size, WORDS)) < 0.5,
        chance.integers(0, VOCABULARY // 10, (size, WORDS)),
        chance.integers(0, VOCABULARY, (size, WORDS)),
    )
    kind = chance.random(size)
    origin = (chance.random(size) * np.arange(size)).astype(np.int64)
    copied = kind < COPIES + NEAR_COPIES
    copied[0] = False
    for row in np.flatnonzero(copied):
        picks[row] = picks[origin[row]]
        if kind[row] >= COPIES:
            picks[row, -1] = (picks[row, -1] + 1) % VOCABULARY
    for row in range(size):
        text = " ".join(vocabulary[picks[row]].tolist())
        yield f'{{"text": "{text}.", "url": "http://{number % 997}.example.org/{number}/{row}"}}\n'


def main() -> None:
    """`python -m benchmarks.data.scale --documents 200000`: prints the figures for that many and a tenth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=QUICK_DOCUMENTS)
    documents = parser.parse_args().documents
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        for each in (documents // 10, documents):
            found = measure(Path(folder) / str(each), each)
            stages = "   ".join(f"{stage} {found.microseconds(stage):.1f}" for stage in STAGES)
            rate, peak = each / found.ran.seconds, found.ran.peak_bytes / 2**20
            print(f"{each:>10,} documents   {rate:,.0f}/s   peak {peak:,.0f} MiB   kept {found.kept:,}", flush=True)
            print(f"   microseconds a document: {stages}   foreign load {found.ran.foreign_cores:.1f}", flush=True)


if __name__ == "__main__":
    main()
