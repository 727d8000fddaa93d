"""From word counts to a unigram vocabulary: seeds, expectation and maximisation, pruning (Kudo 2018).

Sums are always formed in the same order, so the result does not depend on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from firstwords.tokenizer import unigram_kernels as kernels
from firstwords.tokenizer.encode_kernels import fill_pairs
from firstwords.tokenizer.word_counts import WordCounts

NUM_BYTES = 256
NUM_WORDS = 500_000
"""Most distinct words that are learnt from, the most frequent: in a gigabyte the others are one word in a hundred."""
NUM_SEEDS = 500_000
KEPT_SHARE = 0.75
"""Of the pieces, at each round of pruning, as in SentencePiece."""
ROUNDS_OF_EXPECTATION = 2
SLACK = 1.1
"""Pruning stops at so many times the pieces wanted; the last are chosen by their score."""
LEAST_EXPECTED = 0.5
PARTS = 8
"""The words are summed in so many parts, whatever the number of threads."""


@dataclass
class Pieces:
    """Candidates: the 256 bytes, then others; all arrays have one entry a piece."""

    texts: list[bytes]
    scores: np.ndarray
    keys: np.ndarray

    def chosen(self, keep: np.ndarray) -> Pieces:
        """Those whose numbers are given, in that order."""
        return Pieces([self.texts[i] for i in keep.tolist()], self.scores[keep], self.keys[keep])


class Lattices:
    """The edges of some words."""

    def __init__(self, data: np.ndarray, offsets: np.ndarray, table: np.ndarray) -> None:
        self.offsets = offsets
        self.firsts = np.zeros(len(data) + 1, np.int64)
        none = np.empty(0, np.int32), np.empty(0, np.uint8)
        number = kernels.find_edges(data, offsets, table, self.firsts, *none)
        self.edges, self.lengths = np.empty(number, np.int32), np.empty(number, np.uint8)
        if number:
            kernels.find_edges(data, offsets, table, self.firsts, self.edges, self.lengths)

    def keep(self, numbers: np.ndarray) -> None:
        """Drop and renumber; see `unigram_kernels.keep_edges`."""
        left = kernels.keep_edges(self.firsts, self.edges, self.lengths, numbers)
        self.edges, self.lengths = self.edges[:left].copy(), self.lengths[:left].copy()


def learn_pieces(words: WordCounts, num_pieces: int, threads: int) -> list[tuple[bytes, float]]:
    """The pieces of a vocabulary with their log-probabilities: the 256 bytes first, then the others, best first.

    Args:
        words: What to learn from.
        num_pieces: At most so many, bytes included.
        threads: Changes nothing but the time.
    """
    words = words.most_frequent(NUM_WORDS).cut(kernels.MAX_WORD, whole_characters=True)
    pieces = seeds(words)
    lattices = Lattices(words.data, words.offsets, _table(pieces.keys))
    wanted = int(num_pieces * SLACK)
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for _ in range(ROUNDS_OF_EXPECTATION):
                pieces = _maximise(pieces, _expectation(pieces, words, lattices, pool), lattices)
            if len(pieces.texts) <= wanted:
                break
            pieces = _prune(pieces, words, lattices, max(wanted, int(len(pieces.texts) * KEPT_SHARE)))
    # Rounded so that a reader of decimals gets the same number back, whichever way it reads them.
    scored = [(text, round(float(s), 6)) for text, s in zip(pieces.texts, pieces.scores, strict=True)]
    others = sorted(scored[NUM_BYTES:], key=lambda each: (-each[1], each[0]))
    return scored[:NUM_BYTES] + others[: num_pieces - NUM_BYTES]


def seeds(words: WordCounts) -> Pieces:
    """The bytes, and the substrings of at least two bytes and two occurrences with the most characters in all.

    Args:
        words: None longer than `MAX_WORD`.
    """
    table, state = np.zeros((2**16, 3), np.uint64), np.zeros(2, np.int64)
    while not kernels.count_substrings(words.data, words.offsets, words.counts, table, state):
        larger = np.zeros((2 * len(table), 3), np.uint64)
        kernels.move_substrings(table, larger)
        table = larger
    rows = table[table[:, kernels.FREQUENCY] >= 2]
    keys, frequencies, where = (rows[:, column] for column in (kernels.KEY, kernels.FREQUENCY, kernels.WHERE))
    covered = (frequencies * (where & np.uint64(0xFF))).astype(np.int64)
    order = np.lexsort((keys, -covered))[:NUM_SEEDS]
    places, sizes = (
        (where[order] >> np.uint64(16)).tolist(),
        ((where[order] >> np.uint64(8)) & np.uint64(0xFF)).tolist(),
    )
    texts = [bytes([byte]) for byte in range(NUM_BYTES)]
    texts += [words.data[p : p + n].tobytes() for p, n in zip(places, sizes, strict=True)]
    lengths = np.diff(words.offsets)
    occurrences = np.bincount(words.data, np.repeat(words.counts, lengths), NUM_BYTES)
    weights = np.concatenate([np.maximum(occurrences, LEAST_EXPECTED), covered[order]])
    return Pieces(texts, np.log(weights / weights.sum()), np.concatenate([np.zeros(NUM_BYTES, np.uint64), keys[order]]))


def _table(keys: np.ndarray) -> np.ndarray:
    """Key to number, of the pieces that are not bytes."""
    table = np.full((max(16, 1 << (2 * len(keys)).bit_length()), 2), np.uint64(2**64 - 1), np.uint64)
    fill_pairs(table, keys[NUM_BYTES:], np.arange(NUM_BYTES, len(keys), dtype=np.uint64))
    return table


def _expectation(pieces: Pieces, words: WordCounts, lattices: Lattices, pool: ThreadPoolExecutor) -> np.ndarray:
    sizes = np.array([len(text) for text in pieces.texts])
    chances = np.exp(pieces.scores + kernels.SHIFT * sizes)
    borders = np.searchsorted(words.offsets, len(words.data) * np.arange(PARTS + 1) // PARTS)
    borders[-1] = len(words)

    def part(first: int, last: int) -> np.ndarray:
        expected = np.zeros(len(sizes))
        edges = lattices.firsts, lattices.edges, lattices.lengths
        kernels.expect(words.offsets, words.counts, first, last, *edges, chances, expected)
        return expected

    total = np.zeros(len(sizes))
    for expected in pool.map(part, borders[:-1].tolist(), borders[1:].tolist()):
        total += expected
    return total


def _maximise(pieces: Pieces, expected: np.ndarray, lattices: Lattices) -> Pieces:
    """New scores; pieces that are expected less than once in two corpora go, bytes stay.

    The digamma function in place of the logarithm takes from rare pieces (a Dirichlet prior; Liang & Klein 2007).
    """
    from scipy.special import digamma

    expected[:NUM_BYTES] = np.maximum(expected[:NUM_BYTES], LEAST_EXPECTED)
    kept = np.flatnonzero(expected >= LEAST_EXPECTED)
    _renumber(lattices, kept, len(expected))
    chosen = pieces.chosen(kept)
    return Pieces(chosen.texts, digamma(expected[kept]) - digamma(expected[kept].sum()), chosen.keys)


def _prune(pieces: Pieces, words: WordCounts, lattices: Lattices, number: int) -> Pieces:
    """Keep the bytes and those pieces without which the corpus would lose most."""
    frequencies = np.zeros(len(pieces.texts))
    edges = lattices.firsts, lattices.edges, lattices.lengths
    kernels.count_best(words.offsets, words.counts, *edges, pieces.scores, frequencies)
    others = pieces.texts[NUM_BYTES:]
    data = np.frombuffer(b"".join(others), np.uint8)
    offsets = np.cumsum([0, *map(len, others)])
    own = Lattices(data, offsets, _table(pieces.keys))
    lost = np.full(len(pieces.texts), np.inf)
    arguments = (own.firsts, own.edges, own.lengths, pieces.scores, frequencies, frequencies.sum())
    kernels.losses(offsets, *arguments, lost)
    # The sort is stable: of equal ones the first, which has more characters in the corpus.
    order = np.argsort(-lost, kind="stable")[: max(number, NUM_BYTES)]
    kept = np.sort(order[lost[order] >= 0])
    _renumber(lattices, kept, len(lost))
    return pieces.chosen(kept)


def _renumber(lattices: Lattices, kept: np.ndarray, number: int) -> None:
    if len(kept) < number:
        numbers = np.full(number, -1, np.int32)
        numbers[kept] = np.arange(len(kept))
        lattices.keep(numbers)
