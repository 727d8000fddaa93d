"""Counting and scoring n-grams against a plain statement."""

import math
import runpy
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data.characters import MARK, SPACE
from firstwords.data.features import Features
from firstwords.data.ngram_classifier import NgramClassifier, NgramSettings, count_ngrams

SAID = runpy.run_path(str(Path(__file__).parent / "line_reference.py"))
MASK = 2**64 - 1
CHAIN, PAIR, CHARACTERS = 0x9E3779B97F4A7C15, 0x5851F42D4C957F2D, 0x14057B7EF767814F
BITS = 24  # wide, so that a wrong n-gram cannot fall into a right one's bucket
SETTINGS = NgramSettings(bits=BITS, min_texts=1)


def mix(value: int) -> int:
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & MASK
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def bucket_of_characters(characters: str) -> int:
    value = mix((CHARACTERS + ord(characters[0])) * CHAIN & MASK)
    for character in characters[1:]:
        value = mix((value + ord(character)) * CHAIN & MASK)
    return value >> 64 - BITS


def ngrams_of(text: str) -> list[Counter[int]]:
    """How often each bucket is hit by words, by pairs, and by runs of 3 to 5 characters inside tokens."""
    hashes = [int(each) for each in Features(pa.array([text])).words.hashes]
    pairs = [mix(((a + PAIR) * CHAIN + b) & MASK) >> 64 - BITS for a, b in pairwise(hashes)]
    kind_of, lower_of = SAID["kind_of"], SAID["lower_of"]
    spaced = "".join(" " if kind_of(c) == SPACE else lower_of(c) for c in text if kind_of(c) != MARK)
    tokens = [f" {token} " for token in spaced.split(" ") if token]
    runs = [t[at : at + size] for t in tokens for size in (3, 4, 5) for at in range(len(t) - size + 1)]
    return [Counter(each >> 64 - BITS for each in hashes), Counter(pairs), Counter(map(bucket_of_characters, runs))]


TEXTS = st.text(st.sampled_from("abAB1 .\n\té\u0301中\U0001f600É"), max_size=30)


@given(st.lists(TEXTS, max_size=3))
@example(["", " ", "a", "Ab ab AB", "\u0301a \u0301", "abcdef abcdef"])
@settings(max_examples=40)
def test_counts_are_as_stated(texts: list[str]) -> None:
    bounds, buckets, occurrences = count_ngrams(texts, SETTINGS, batch=2)
    found = [dict(zip(buckets[a:b], occurrences[a:b], strict=True)) for a, b in pairwise(bounds)]
    assert found == [group for text in texts for group in ngrams_of(text)]


def test_a_score_is_the_sum_of_weights_of_groups_of_length_one() -> None:
    texts = ["the cat and the dog", "a dog", ""]
    draw = np.random.default_rng(0)
    rarity = draw.integers(0, 40, 2**BITS).astype(np.float32) / 16
    rarity[draw.random(2**BITS) < 0.2] = 0
    weights = draw.normal(size=(2**BITS, 2)).astype(np.float32)
    bias = np.array([0.1, -0.2])
    model = NgramClassifier(("x", "y"), SETTINGS, rarity, weights, bias)
    for text, row in zip(texts, model.probabilities(Features(pa.array(texts))), strict=True):
        sums = bias.copy()
        for group in ngrams_of(text):
            values = {b: round(1 + math.log(n), 6) for b, n in group.items() if rarity[b] > 0}
            length = math.sqrt(sum((value * rarity[b]) ** 2 for b, value in values.items()))
            if length:
                sums += sum(value * weights[b].astype(float) for b, value in values.items()) / length
        chances = 1 / (1 + np.exp(-sums))
        assert row.tolist() == [round(each, 6) for each in chances / chances.sum()]


def test_very_many_occurrences_count_as_many() -> None:
    _, _, occurrences = count_ngrams(["a " * 5000], SETTINGS)
    assert occurrences.max() == 4095
