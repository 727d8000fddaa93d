"""Personal data: precision and recall on labelled sentences, what is found in ordinary text, and the speed there.

    FIRSTWORDS_DATA=... python benchmarks/data/personal_data.py

A labelled span counts as found only with the same type, start and end. Sentences made from even-numbered templates were
looked at while patterns were written; those from odd-numbered ones are the test.
"""

import json
import lzma
import os
import re
import sys
import sysconfig
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.personal.check_digits import luhn
from firstwords.data.personal_data import ALL_TYPES, TYPES, Span, find_personal_data, personal_data
from firstwords.metrics.statistics import Interval, wilson

SENTENCES = ("synth_dataset_v2.json.xz", "generated_large.json.xz", "generated_small.json")
LABELS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip_address",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
    "DOMAIN_NAME": "url",
}
# presidio-analyzer 2.2.366 without a model on synth_dataset_v2, precision and recall (research measurement, 2026-11).
PRESIDIO = {
    "email": (1.00, 1.00),
    "iban": (1.00, 0.95),
    "ip_address": (1.00, 1.00),
    "us_ssn": (1.00, 1.00),
    "card": (1.00, 0.77),
    "phone": (0.69, 0.55),
    "url": (0.43, 1.00),
}
TEXT_BYTES = 8_000_000


@dataclass(frozen=True)
class Quality:
    """One type on one file of sentences."""

    file: str
    part: str
    type: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> Interval | None:
        """Right among found; None where nothing was found."""
        return wilson(self.right, self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> Interval | None:
        """Right among labelled; None where nothing is labelled."""
        return wilson(self.right, self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float:
        """Of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True)
class Ordinary:
    """What is found in text without labels, and how fast."""

    name: str
    megabytes: float
    megabytes_per_second: float
    found: Counter[str]


def quality(data: Path) -> tuple[list[Quality], dict[str, int]]:
    """Precision and recall of each type on each file, for all sentences and those of the test half.

    Returns:
        The figures, and how many labels are odd: their offsets do not give their value (left out), or they are cards
        whose check digit is wrong (counted as any other).
    """
    figures = []
    odd: Counter[str] = Counter()
    for file in SENTENCES:
        raw = (data / "pii-presidio-research" / file).read_bytes()
        sentences = json.loads(lzma.decompress(raw) if file.endswith(".xz") else raw)
        counts: Counter[tuple[str, str, str]] = Counter()
        for item in sentences:
            gold = set(_labels(item, odd))
            got = {span for span in personal_data(item["full_text"], ALL_TYPES) if span.type in LABELS.values()}
            parts = ("all", "test") if item["template_id"] % 2 else ("all",)
            for outcome, spans in (("right", gold & got), ("wrong", got - gold), ("missed", gold - got)):
                counts.update((part, span.type, outcome) for part in parts for span in spans)
        for part in ("all", "test"):
            for kind in LABELS.values():
                found = {outcome: counts[part, kind, outcome] for outcome in ("right", "wrong", "missed")}
                figures.append(Quality(file=file, part=part, type=kind, **found))
    return figures, dict(odd)


def _labels(item: dict, odd: Counter[str]) -> Iterator[Span]:
    for label in item["spans"]:
        start, end, value = label["start_position"], label["end_position"], label["entity_value"]
        if item["full_text"][start:end] != value:
            odd["offsets do not give the value"] += 1
        elif label["entity_type"] in LABELS:
            digits = re.sub(r"\D", "", value)
            odd["cards with a wrong check digit"] += label["entity_type"] == "CREDIT_CARD" and not luhn(digits.encode())
            yield Span(LABELS[label["entity_type"]], start, end)


def bytes_per_second(texts: list[bytes]) -> float:
    """Speed of the search for all usual types, in bytes of text a second of one core's time."""
    list(find_personal_data([b"a@b.com +49 30 901820 0171 4567 8901 192.0.2.7"]))  # what is loaded once
    started = time.process_time()
    for _ in find_personal_data(texts, TYPES):
        pass
    return sum(map(len, texts)) / (time.process_time() - started)


def ordinary(data: Path) -> list[Ordinary]:
    """What is found in novels, contracts, man pages, newsgroups and Python's library, and megabytes a second of one
    core's time.
    """
    list(find_personal_data([b"a@b.com +49 30 901820 0171 4567 8901 192.0.2.7"]))  # what is loaded once
    figures = []
    for name, texts in _texts(data):
        started = time.process_time()
        found = Counter(span.type for _, span in find_personal_data(texts, TYPES))
        seconds = time.process_time() - started
        size = sum(map(len, texts)) / 1e6
        figures.append(Ordinary(name=name, megabytes=size, megabytes_per_second=size / seconds, found=found))
    return figures


def _texts(data: Path) -> Iterator[tuple[str, list[bytes]]]:
    yield "novels", [re.sub(rb"<[^>]*>", b"", text) for text in _members(data / "books-eltec-eng/level1.tar.xz")]
    yield "contracts", list(_members(data / "legal-contracts/agreements.tar.xz"))
    yield "man pages", list(_members(data / "tech-man-pages/man.tar.xz"))
    yield "newsgroups", list(_members(data / "cls-20newsgroups/20news-bydate.tar.xz", "latin-1"))
    library = Path(sysconfig.get_path("stdlib"))
    files = [path for path in sorted(library.rglob("*.py")) if not {"site-packages", "test"} & set(path.parts)]
    yield "Python's library", [path.read_bytes().decode("utf-8", "replace").encode() for path in files]


def _members(archive: Path, encoding: str = "utf-8") -> Iterator[bytes]:
    size = 0
    with tarfile.open(archive) as source:
        for member in source:
            file = source.extractfile(member)
            if file is not None and size < TEXT_BYTES:
                text = file.read().decode(encoding, "replace").encode()
                size += len(text)
                yield text


def main() -> int:
    """Print the tables."""
    if not os.environ.get("FIRSTWORDS_DATA"):
        print("set FIRSTWORDS_DATA to the data folder", file=sys.stderr)
        return 2
    data = Path(os.environ["FIRSTWORDS_DATA"])
    figures, odd = quality(data)
    print(f"{'file':26}{'part':6}{'type':12} right wrong missed   {'precision':19}{'recall':19}F1     presidio F1")
    for each in figures:
        if each.right + each.wrong + each.missed:
            peer = ""
            if each.file == SENTENCES[0] and each.part == "all":
                precision, recall = PRESIDIO[each.type]
                peer = f"{2 * precision * recall / (precision + recall):.2f}"
            print(
                f"{each.file:26}{each.part:6}{each.type:12}{each.right:6}{each.wrong:6}{each.missed:7}   "
                f"{_shown(each.precision):19}{_shown(each.recall):19}{each.f1:.3f}  {peer}"
            )
    print("odd labels:", ", ".join(f"{name} {count}" for name, count in odd.items()))
    print(f"\n{'text':18}{'MB':>6}{'MB/s':>7}   found for each MB")
    for text in ordinary(data):
        found = "  ".join(f"{kind} {count / text.megabytes:.2f}" for kind, count in text.found.most_common())
        print(f"{text.name:18}{text.megabytes:6.1f}{text.megabytes_per_second:7.0f}   {found or 'nothing'}")
    return 0


def _shown(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
