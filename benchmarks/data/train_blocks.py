"""Train the block classifier of `balanced` and judge it on sites that it has not seen.

    FIRSTWORDS_DATA=... python -m benchmarks.data.train_blocks                 five folds over registered domains
    FIRSTWORDS_DATA=... python -m benchmarks.data.train_blocks --write FILE    on everything: the weights that ship

Learnt from the two scored sets (gold) and web-htmldate (what `best` keeps); a page is never scored by trees that saw
its domain. The same versions of lxml, resiliparse and trafilatura give the same bytes.
"""

import argparse
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.data.block_labels import block_labels, taught_texts
from benchmarks.data.extraction import extracted, text_scores
from benchmarks.data.trees import Settings, train
from benchmarks.data.web_pages import ARTICLES, DATES, SEGMENTS, WebPage, read_pages
from firstwords.data.block_classifier import ONE, Trees, decision
from firstwords.data.block_features import block_features
from firstwords.data.block_text import text_of
from firstwords.data.charset import decode
from firstwords.data.extractors.best import Best
from firstwords.data.page_blocks import PageBlocks, page_blocks

NUM_FOLDS = 5
MAX_OTHERS = 50  # blocks of a page outside its main text that are learnt from, if it has not more inside
SETTINGS = Settings()


@dataclass(frozen=True)
class Example:
    """A page, cut and labelled."""

    page: WebPage
    blocks: PageBlocks
    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray

    @property
    def fold(self) -> int:
        """All pages of a domain are in one fold."""
        return int(hashlib.blake2b(self.page.domain.encode()).hexdigest()[:8], 16) % NUM_FOLDS


def read_examples() -> dict[str, Example]:
    """All pages that can be decoded, cut into blocks, labelled; of web-htmldate those whose address is known."""
    examples = {}
    for page in (page for name in (ARTICLES, SEGMENTS, DATES) for page in read_pages(name)):
        decoded = decode(page.html)
        if decoded is None or page.url is None:
            continue
        blocks = page_blocks(decoded.text)
        features = block_features(blocks)
        labels, weights = block_labels(page, blocks.texts, taught_texts(page, decoded.text))
        examples[page.key] = Example(page, blocks, features, labels, weights)
    return examples


def trained(examples: list[Example], settings: Settings = SETTINGS) -> Trees:
    """Trees from the blocks of some pages."""
    features, labels, weights = [], [], []
    for example in examples:
        chosen, scale = _chosen(example)
        features.append(example.features[chosen])
        labels.append(example.labels[chosen])
        weights.append((example.weights * scale)[chosen])
    weight = np.concatenate(weights)
    return train(np.concatenate(features), np.concatenate(labels), weight / weight.mean(), settings)


def _chosen(example: Example) -> tuple[np.ndarray, np.ndarray]:
    """The blocks of a page that are learnt from: all of its main text, as many others, evenly spread, weighing more."""
    known = example.weights > 0
    inside = np.flatnonzero(known & example.labels)
    others = np.flatnonzero(known & ~example.labels)
    scale = np.ones(len(known))
    wanted = max(MAX_OTHERS, len(inside))
    if len(others) > wanted:
        some = others[np.arange(wanted) * (len(others) - 1) // (wanted - 1)]
        scale[some] = len(others) / wanted
        others = some
    return np.sort(np.concatenate([inside, others])), scale


def cross_validated(examples: dict[str, Example], settings: Settings = SETTINGS) -> dict[str, np.ndarray]:
    """Margins of the blocks of every page, by trees that saw no page of its domain."""
    margins = {}
    for fold in range(NUM_FOLDS):
        trees = trained([each for each in examples.values() if each.fold != fold], settings)
        margins |= {key: trees.margins(each.features) for key, each in examples.items() if each.fold == fold}
    return margins


def cross_validated_scores() -> dict[str, dict[str, dict[str, float]]]:
    """Both sets' scores of `balanced` and `best`, as they ship, by models that never saw a page's site."""
    examples = read_examples()
    margins = cross_validated(examples)
    decisions = {key: decision(each.blocks, margins[key]) for key, each in examples.items()}
    texts = {key: text_of(examples[key].blocks, each.keep) for key, each in decisions.items()}
    most, slow = round(1000 * Best().max_doubt), Best(max_doubt=0.0)

    def best(page: WebPage) -> str:
        is_sure = page.key in texts and texts[page.key] and decisions[page.key].doubt <= most
        return texts[page.key] if is_sure else extracted(slow, page)

    return {"balanced": text_scores(lambda page: texts.get(page.key, "")), "best": text_scores(best)}


def write(trees: Trees, path: Path) -> None:
    """As .npz with fixed times and without compression: equal trees, equal bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("roots", "feature", "number", "right"):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as file:
                np.lib.format.write_array(file, getattr(trees, name), version=(1, 0), allow_pickle=False)


def main() -> None:
    """Print the cross-validated scores, or write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", type=Path, help="train on everything and write the weights here")
    path = parser.parse_args().write
    examples = read_examples()
    if path is not None:
        write(trained(list(examples.values())), path)
        print(f"{path}: {path.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
        return
    margins = cross_validated(examples)
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
        bound = round(np.log(threshold / (1 - threshold)) * ONE)
        texts = {key: text_of(each.blocks, margins[key] > bound) for key, each in examples.items()}
        for name, row in text_scores(lambda page, texts=texts: texts.get(page.key, "")).items():
            told = " ".join(f"{part} {row[part]:.4f}" for part in ("precision", "recall", "f1"))
            print(f"threshold {threshold}  {name:<9} {told}  [{row['low']:.3f}, {row['high']:.3f}]", flush=True)


if __name__ == "__main__":
    main()
