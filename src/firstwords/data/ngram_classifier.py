"""A linear classifier over hashed n-grams: quick to train, a few hundred kilobytes, and as fast as the word splitter.

A text becomes three vectors: its words, its word pairs (the hashes of `features`, so the words are split once for all
filters) and the runs of characters inside its tokens, which see through inflection and odd spelling. A value is
(1 + ln occurrences) x inverse document frequency; each vector is scaled to length one. Logistic regression, one class
against the rest, gives the weights. The parts: Weinberger et al. 2009 (hashing), Salton and Buckley 1988 (weights),
Joulin et al. 2016 (that linear models over word pairs suffice).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.data.characters import tables
from firstwords.data.features import utf8
from firstwords.errors import IntegrityError

if TYPE_CHECKING:
    from firstwords.data.features import Features

    Array = np.ndarray

WEIGHTS, DESCRIPTION = "weights.npz", "classifier.json"
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class NgramSettings:
    """What counts as an n-gram. `word_size` 1: words, 2: pairs too; characters 0: none; 2 ** `bits` buckets; n-grams
    in fewer than `min_texts` training texts count nothing.
    """

    word_size: int = 2
    shortest_characters: int = 3
    longest_characters: int = 5
    bits: int = 18
    min_texts: int = 2


@dataclass(frozen=True)
class NgramClassifier:
    """A trained classifier of C labels over B buckets.

    `rarity` (B,) and `weights` (B, C) are what `ngram_kernels.score_ngrams` reads, `bias` (C,). `limits` says which
    probabilities a filter accepts unless told otherwise: label to lowest and highest. `card` is for readers.
    """

    labels: tuple[str, ...]
    settings: NgramSettings
    rarity: Array
    weights: Array
    bias: Array
    limits: dict[str, Bounds] = field(default_factory=dict)
    card: str = ""

    def probabilities(self, features: Features) -> Array:
        """(D, C) the probability of each label, of each text; rows add up to 1.

        Args:
            features: Of D texts.
        """
        from firstwords.data import ngram_kernels

        scores = np.tile(self.bias.astype(np.float64), (len(features), 1))
        counting = _counting(features, self.settings)
        ngram_kernels.score_ngrams(*counting, self.rarity, _damped(), self.weights, scores)
        shares = 1 / (1 + np.exp(-scores))
        # Rounded: the last bits of an exponential differ between processors.
        return np.round(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12), 6)

    def save(self, folder: Path) -> list[str]:
        """Write `weights.npz`, `classifier.json` and `card.md`; returns these names."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / WEIGHTS).open("wb") as file:
            np.savez_compressed(file, rarity=self.rarity, weights=self.weights.astype(np.float16), bias=self.bias)
        description = {"labels": self.labels, "settings": asdict(self.settings), "limits": self.limits}
        (folder / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        (folder / "card.md").write_text(self.card, encoding="utf-8")
        return [WEIGHTS, DESCRIPTION, "card.md"]

    @staticmethod
    def load(folder: Any) -> NgramClassifier:
        """A classifier that `save` wrote.

        Args:
            folder: A path, or a folder among a package's resources.

        Raises:
            IntegrityError: If the files do not fit together.
        """
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        with (folder / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            rarity, weights, bias = (np.ascontiguousarray(stored[name]) for name in ("rarity", "weights", "bias"))
        settings, labels = NgramSettings(**described["settings"]), tuple(described["labels"])
        if rarity.shape != (2**settings.bits,) or weights.shape != (len(rarity), len(labels)):
            raise IntegrityError(f"{folder}: {WEIGHTS} does not fit {DESCRIPTION}: {weights.shape} weights")
        limits = {label: (low, high) for label, (low, high) in described["limits"].items()}
        card = (folder / "card.md").read_text(encoding="utf-8")
        return NgramClassifier(labels, settings, rarity, weights.astype(np.float32), bias, limits, card)


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    settings: NgramSettings,
    strengths: Sequence[float],
    balanced: bool = True,
) -> list[NgramClassifier]:
    """Classifiers fitted to labelled texts, one for each strength.

    Args:
        texts, labels: One label for each text; at least two different ones.
        settings: Which n-grams.
        strengths: Inverse regularisation, each tried.
        balanced: Count a class as much as any other, however rare it is.
    """
    from sklearn.linear_model import LogisticRegression

    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise ValueError(f"a classifier needs texts of two labels; all are '{names[0] if names else ''}'")
    bounds, buckets, occurrences = count_ngrams(texts, settings)
    rarity = _rarity(buckets, len(texts), settings)
    matrix = _matrix(bounds, buckets, occurrences, rarity)
    gold = np.array(labels)
    weighting = "balanced" if balanced else None
    found = []
    for strength in strengths:
        weights, bias = np.zeros((len(rarity), len(names)), np.float32), np.zeros(len(names))
        for index, name in enumerate(names):
            if len(names) == 2 and index == 0:
                continue
            # liblinear: no threads and a fixed order, so the same texts give the same weights.
            fitted = LogisticRegression(C=strength, solver="liblinear", class_weight=weighting, max_iter=1000)
            fitted.fit(matrix, gold == name)
            weights[:, index], bias[index] = fitted.coef_[0] * rarity, fitted.intercept_[0]
        if len(names) == 2:
            # 1 / (1 + e^-s) and its complement, so that the two probabilities are those of one regression.
            weights[:, 0], bias[0] = -weights[:, 1], -bias[1]
        weights = weights.astype(np.float16).astype(np.float32)  # as they are stored
        found.append(NgramClassifier(names, settings, rarity, weights, bias))
    return found


def probabilities_of(model: NgramClassifier, texts: Sequence[str], batch: int = 1000) -> Array:
    """(D, C) the probability of each label of some texts."""
    import pyarrow as pa

    from firstwords.data.features import Features

    starts = range(0, len(texts), batch)
    parts = [model.probabilities(Features(pa.array(texts[each : each + batch], pa.string()))) for each in starts]
    return np.concatenate([np.zeros((0, len(model.labels))), *parts])


def predict(model: NgramClassifier, texts: Sequence[str]) -> list[str]:
    """The likeliest label of each text."""
    return [model.labels[index] for index in probabilities_of(model, texts).argmax(axis=1)]


def count_ngrams(texts: Sequence[str], settings: NgramSettings, batch: int = 1000) -> tuple[Array, Array, Array]:
    """(3 D + 1,) bounds, and the buckets and occurrences of the different n-grams, of D texts."""
    import pyarrow as pa

    from firstwords.data import ngram_kernels
    from firstwords.data.features import Features

    bounds, buckets, occurrences = [np.zeros(1, np.int64)], [], []
    total = 0
    for start in range(0, len(texts), batch):
        features = Features(pa.array(texts[start : start + batch], pa.string()))
        some = np.empty(ngram_kernels.GROUPS * len(features) + 1, np.int64)
        counting = _counting(features, settings)
        size = ngram_kernels.count_ngrams(*counting, some, np.empty(0, np.uint32), np.empty(0, np.uint16))
        buckets.append(np.empty(size, np.uint32))
        occurrences.append(np.empty(size, np.uint16))
        ngram_kernels.count_ngrams(*counting, some, buckets[-1], occurrences[-1])
        bounds.append(some[1:] + total)
        total += size
    return np.concatenate(bounds), _joined(buckets, np.uint32), _joined(occurrences, np.uint16)


def _joined(parts: Iterable[Array], kind: type) -> Array:
    return np.concatenate([np.zeros(0, kind), *parts])


def _counting(features: Features, settings: NgramSettings) -> tuple[Any, ...]:
    """The arguments that both kernels begin with."""
    data, offsets = utf8(features.texts)
    words = features.words
    sizes = np.array([settings.word_size, settings.shortest_characters, settings.longest_characters], np.int64)
    room = np.zeros(2**settings.bits, np.int32), np.empty(2**settings.bits, np.uint32)
    return (data, offsets, *tables(), words.hashes, words.offsets, sizes, np.uint64(64 - settings.bits), *room)


def _rarity(buckets: Array, num_texts: int, settings: NgramSettings) -> Array:
    """(B,) inverse document frequency, in steps of 1/16 so that it packs well; 0 for n-grams in too few texts."""
    texts = np.bincount(buckets, minlength=2**settings.bits)
    rarity = np.round((np.log((1 + num_texts) / (1 + texts)) + 1) * 16) / 16
    return np.where(texts >= settings.min_texts, np.maximum(rarity, 1 / 16), 0).astype(np.float32)


def _matrix(bounds: Array, buckets: Array, occurrences: Array, rarity: Array) -> Any:
    """(D, B) sparse values as scoring computes them."""
    from scipy.sparse import csr_matrix

    from firstwords.data.ngram_kernels import GROUPS

    values = _damped()[occurrences] * rarity[buckets]
    rows = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(bounds) - 1))
    values /= np.where(lengths > 0, lengths, 1)[rows]
    shape = ((len(bounds) - 1) // GROUPS, len(rarity))
    matrix = csr_matrix((values, buckets.astype(np.int32), bounds[::GROUPS]), shape)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _damped() -> Array:
    from firstwords.data.ngram_kernels import MAX_COUNT

    # Rounded: logarithms differ in their last bits between processors.
    return np.concatenate(([0.0], np.round(1 + np.log(np.arange(1, MAX_COUNT + 1)), 6)))
