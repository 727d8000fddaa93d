"""The repetition kernels against plain Python."""

from collections import Counter
from itertools import pairwise

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.marked_words import split_marked
from firstwords.data.repetition import (
    count_repeated_lines,
    count_repeated_marked_ngrams,
    count_repeated_ngrams,
)

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "dddd", "\n", ".\n\n"]), max_size=60).map(" ".join)


def ngrams(text: str) -> list[list[tuple[str, int]]]:
    """For each size from 2 to 10, the n-grams and their characters (runs of white space as one)."""
    flat = " ".join(text.split())
    places, at = [], 0
    for token in flat.split(" ") if flat else []:
        word = token.strip(".")
        if word:
            places.append((word, at, at + len(word)))
        at += len(token) + 1
    return [
        [
            (" ".join(word for word, _, _ in places[i : i + size]), places[i + size - 1][2] - places[i][1])
            for i in range(len(places) - size + 1)
        ]
        for size in range(2, 11)
    ]


def most_in_one(grams: list[tuple[str, int]]) -> int:
    times, characters = Counter(gram for gram, _ in grams), Counter[str]()
    for gram, length in grams:
        characters[gram] += length
    return max((characters[gram] for gram in times if times[gram] > 1), default=0)


def repeated(grams: list[tuple[str, int]], size: int) -> int:
    seen, total, index = set(), 0, 0
    while index < len(grams):
        gram, length = grams[index]
        if gram in seen:
            total += length
            index += size
        else:
            seen.add(gram)
            index += 1
    return total


@given(st.lists(WORDS, max_size=3))
@example(["a " * 30, "", "a bb . . ccc a bb . ccc"])
@settings(max_examples=150, deadline=None)
def test_repeated_ngrams_are_as_stated(texts: list[str]) -> None:
    frequent, again = count_repeated_ngrams(Features(pa.array(texts, pa.string())).words)
    for row, text in enumerate(texts):
        grams = ngrams(text)
        assert frequent[row].tolist() == [most_in_one(grams[size - 2]) for size in (2, 3, 4)]
        assert again[row].tolist() == [repeated(grams[size - 2], size) for size in range(5, 11)]


@given(st.lists(WORDS, max_size=3))
@example(["a\n\na\n\na", "a\nbb\n\nbb\na", "", "a\nbb\n\na\nbb\n"])
@settings(max_examples=150, deadline=None)
def test_repeated_lines_are_as_stated(texts: list[str]) -> None:
    counts = count_repeated_lines(Features(pa.array(texts, pa.string())).lines)
    for row, text in enumerate(texts):
        expected = []
        lines = [" ".join(line.split()) for line in text.split("\n")]
        paragraphs: list[list[str]] = [[]]
        for line in lines:
            if line:
                paragraphs[-1].append(line)
            elif paragraphs[-1]:
                paragraphs.append([])
        units = [line for line in lines if line], [tuple(p) for p in paragraphs if p]
        for unit in units:
            seen: set = set()
            again = [each for each in unit if each in seen or seen.add(each)]
            length = [len(each) if isinstance(each, str) else sum(map(len, each)) for each in unit]
            repeated_length = sum(len(each) if isinstance(each, str) else sum(map(len, each)) for each in again)
            expected += [len(unit), len(again), sum(length), repeated_length]
        assert counts[row].tolist() == expected


@given(st.lists(st.text(st.sampled_from("ab ,>.\n"), max_size=40), max_size=3))
@example(["> > a\n> > b", "a b", "a", "", "a, b, a, b, a, b, a, b a, b, a, b, a, b"])
@settings(max_examples=100)
def test_words_and_marks_are_counted_as_datatrove_counts_them(texts: list[str]) -> None:
    marked = split_marked(pa.array(texts, pa.string()))
    frequent, repeats = count_repeated_marked_ngrams(marked)
    for row, (first, last) in enumerate(pairwise(marked.offsets)):
        words = list(zip(marked.hashes[first:last].tolist(), marked.lengths[first:last].tolist(), strict=True))
        for column, size in enumerate(range(2, 11)):
            grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
            lengths = [sum(length for _, length in gram) for gram in grams]
            if size <= 4:
                spaced = list(zip(map(str, grams), (length + size - 1 for length in lengths), strict=True))
                lone = spaced[0][1] if spaced else 0
                assert frequent[row, column] == (most_in_one(spaced) or lone)
            else:
                assert repeats[row, column - 3] == repeated(list(zip(map(str, grams), lengths, strict=True)), size)
