"""What the trained classifiers are worth beside TF-IDF + logistic regression, on texts and sites they never saw.

    FIRSTWORDS_DATA=... python benchmarks/data/classifiers.py [--development]

Harm: tweets of Davidson et al. 2017 (four fifths to learn from, a fifth to score, by a hash of the text) and OLID level
A (its own split), settings of recipes/harm.toml. Quality: articles and novels against the whole text of pages with
forms, split by registered domain and book. With `--development` the test parts stay closed: a part of the training
texts stands for them, which is how the settings were chosen. Nothing outside FIRSTWORDS_DATA is read.
"""

import csv
import io
import json
import re
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from firstwords.data.dataset import TextRecord, cut_validation, draw, read_file
from firstwords.data.ngram_classifier import probabilities_of
from firstwords.evaluation.baselines import linear_probabilities
from firstwords.evaluation.classifier_report import scores
from firstwords.recipe import build, resolve
from firstwords.stages.train_classifier import TrainClassifier

Records = list[TextRecord]
RECIPE = Path(__file__).parents[2] / "recipes" / "harm.toml"
PASSAGE_WORDS = 300
PASSAGES = 12
TEST_SHARE = 0.3


def figures(development: bool = False, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Task to system to metric to `{value, low, high}`, and the numbers of texts under `texts`.

    Args:
        development: Leave the test parts closed.
        quick: Only OLID, the smallest task.
    """
    harm = build(TrainClassifier, tomllib.loads(RECIPE.read_text())["train_classifier"]["harm"])
    quality = build(TrainClassifier, {"data": harm.data, "bits": 18})
    tasks = {"harm tox-olid A": (harm, *olid())}
    if not quick:
        tasks = {"harm tox-davidson": (harm, *davidson(harm)), **tasks, "quality": (quality, *quality_texts())}
    return {
        name: compare(stage, *(opened(train, test) if development else (train, test)))
        for name, (stage, train, test) in tasks.items()
    }


def opened(train: Records, test: Records) -> tuple[Records, Records]:
    """A part of the training texts in place of the test part."""
    del test
    held = [each for each in train if draw("development", each.group) < 0.25]
    return [each for each in train if draw("development", each.group) >= 0.25], held


def compare(stage: TrainClassifier, train: Records, test: Records) -> dict[str, Any]:
    """Scores on the test texts of ours and of two baselines (as it is, and with rare labels weighted up)."""
    fitted_to, validation = cut_validation(train, 0.1)
    gold, groups, texts = zip(*((each.label, each.group, each.text) for each in test), strict=True)
    model, strength = stage.fit(fitted_to, validation)
    result: dict[str, Any] = {
        "texts": {"train": len(train), "test": len(test), "groups": len(set(groups)), "strength": strength},
        "firstwords": scores(gold, probabilities_of(model, texts), model.labels, groups),
    }
    for name, balanced in (("TF-IDF", False), ("TF-IDF balanced", True)):
        labels, probabilities = linear_probabilities(fitted_to, validation, texts, balanced)
        result[name] = scores(gold, probabilities, labels, groups)
    return result


# --- Harm ------------------------------------------------------------------------------------------------------------


def davidson(harm: TrainClassifier) -> tuple[Records, Records]:
    """Training and test tweets as the recipe cuts them."""
    parts: Any = harm.data.parts()
    return [*parts["train"], *parts["validation"]], parts["test"]


def olid() -> tuple[Records, Records]:
    """OLID level A: OFF or NOT, its own split."""
    folder = resolve("$FIRSTWORDS_DATA/tox-olid")
    label_of = dict(csv.reader(io.StringIO((folder / "labels-levela.csv").read_text())))
    test = [
        TextRecord(row["id"], row["id"], row["tweet"], label_of[row["id"]])
        for row in _tab_separated((folder / "testset-levela.tsv").read_bytes())
    ]
    train = [
        TextRecord(row["id"], row["tweet"], row["tweet"], row["subtask_a"])
        for row in _tab_separated(read_file(folder / "olid-training-v1.0.tsv.xz"))
    ]
    return train, test


def _tab_separated(content: bytes) -> Iterator[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    yield from csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


# --- Quality ---------------------------------------------------------------------------------------------------------


def quality_texts() -> tuple[Records, Records]:
    """Articles and passages of novels (`good`), text of pages with forms (`form`); a site or book is on one side."""
    records = [*_articles(), *_passages(), *_form_pages()]
    test = [each for each in records if draw("quality test", each.group) < TEST_SHARE]
    return [each for each in records if draw("quality test", each.group) >= TEST_SHARE], test


def _articles() -> Iterator[TextRecord]:
    folder = resolve("$FIRSTWORDS_DATA/web-article-extraction-benchmark")
    for name, entry in json.loads(read_file(folder / "ground-truth.json.xz")).items():
        if entry["articleBody"].strip():
            yield TextRecord(name, registered_domain(entry["url"]), entry["articleBody"], "good")


def _passages() -> Iterator[TextRecord]:
    with tarfile.open(resolve("$FIRSTWORDS_DATA/books-eltec-eng/level1.tar.xz"), "r:xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            body = file.read().decode().partition("<body")[2]
            text = re.sub(r"<[^>]+>", "", body.replace("</p>", "\n\n"))
            paragraphs = [" ".join(each.split()) for each in text.split("\n\n") if each.strip()]
            passages = list(_cut(paragraphs))
            for number in range(min(PASSAGES, len(passages))):
                passage = passages[number * len(passages) // PASSAGES]
                yield TextRecord(f"{member.name}#{number}", member.name, passage, "good")


def _cut(paragraphs: list[str]) -> Iterator[str]:
    held: list[str] = []
    words = 0
    for paragraph in paragraphs:
        held.append(paragraph)
        words += len(paragraph.split())
        if words >= PASSAGE_WORDS:
            yield "\n\n".join(held)
            held, words = [], 0


def _form_pages() -> Iterator[TextRecord]:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    from firstwords.data.charset import decode

    folder = resolve("$FIRSTWORDS_DATA/web-formasaurus")
    index = json.loads(read_file(folder / "index.json.xz"))
    with tarfile.open(folder / "html.tar.xz", "r:xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".html") else None
            entry = index.get(member.name) or index.get(member.name.partition("/")[2])
            decoded = decode(file.read(), None) if file and entry else None
            if decoded is None:
                continue
            text = extract_plain_text(
                HTMLTree.parse(decoded.text), main_content=False, alt_texts=False, noscript=False
            ).strip()
            if text:
                yield TextRecord(member.name, registered_domain(entry["url"]), text, "form")


def registered_domain(url: str) -> str:
    """About the domain that was registered: two labels, three where the second is short ("bbc.co.uk")."""
    labels = (urlsplit(url if "//" in url else f"//{url}").hostname or url).split(".")
    known = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if known else labels[-2:])


def main(arguments: list[str]) -> None:
    """Print one line for each task and system."""
    for task, systems in figures(development="--development" in arguments).items():
        print(f"{task}   {systems.pop('texts')}")
        for system, metrics in systems.items():
            cells = [
                f"{name} {figure['value']:.4f}"
                + (f" [{figure['low']:.4f}, {figure['high']:.4f}]" if "low" in figure else "")
                for name, figure in metrics.items()
            ]
            print(f"  {system:16s} {'   '.join(cells)}")


if __name__ == "__main__":
    main(sys.argv[1:])
