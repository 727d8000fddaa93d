import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.evaluation_items import ItemIndex, covered_words

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12)


def brute_force(
    texts: list[list[str]], items: list[list[str]], size: int, least: int
) -> set[tuple[int, int, tuple[str, ...]]]:
    """(text, position, n-gram) of every place where an n-gram of an item stands."""
    ngrams = set()
    for item in items:
        if len(item) >= least:
            own = min(size, len(item))
            ngrams |= {tuple(item[at : at + own]) for at in range(len(item) - own + 1)}
    return {
        (number, at, ngram)
        for number, text in enumerate(texts)
        for ngram in ngrams
        for at in range(len(text) - len(ngram) + 1)
        if tuple(text[at : at + len(ngram)]) == ngram
    }


@given(st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=5), st.integers(2, 5), st.integers(1, 3), st.data())
def test_all_places_of_ngrams_are_found_and_no_others(texts, items, size, least, data) -> None:
    wanted = np.array([data.draw(st.booleans()) for _ in texts], bool)
    index = ItemIndex.build([" ".join(item) for item in items], size, least)
    rows, at, found = index.find(pa.array([" ".join(text) for text in texts], pa.string()), wanted)

    def words_of(ngram: int) -> tuple[str, ...]:
        place = index.bounds[ngram]
        item, first = index.items[place], index.places[place]
        return tuple(items[item][first : first + index.sizes[item]])

    got = [(int(row), int(position), words_of(ngram)) for row, position, ngram in zip(rows, at, found, strict=True)]
    expected = {each for each in brute_force(texts, items, size, least) if wanted[each[0]]}
    assert set(got) == expected and len(got) == len(expected)


def test_every_place_in_the_items_is_kept() -> None:
    index = ItemIndex.build(["x y z x y", "x y"], 2, 1)
    places = {(int(i), int(p)) for i, p in zip(index.items, index.places, strict=True)}
    assert places == {(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)}
    assert len(index.keys) == 3 and index.lengths.tolist() == [2]


def test_short_items_are_one_ngram_and_very_short_ones_none() -> None:
    index = ItemIndex.build(["one two three", "one two", "one", ""], 3, 2)
    assert index.sizes.tolist() == [3, 2, 0, 0] and index.words.tolist() == [3, 2, 1, 0]
    assert index.lengths.tolist() == [2, 3]


def test_words_covered_by_usable_ngrams() -> None:
    index = ItemIndex.build(["a b c d e f", "a b"], 3, 2)
    assert index.covered(np.ones(len(index.keys), bool)).tolist() == [6, 2]
    assert index.covered(np.zeros(len(index.keys), bool)).tolist() == [0, 0]
    usable = np.ones(len(index.keys), bool)
    usable[[index.items.tolist().index(1)]] = True
    first = index.bounds[:-1]
    usable = ~((index.items[first] == 0) & (index.places[first] == 1))  # without "b c d"
    assert index.covered(usable).tolist() == [6, 2]
    usable &= ~((index.items[first] == 0) & (index.places[first] == 0))
    assert index.covered(usable).tolist() == [4, 2]


def test_covered_words_never_count_one_twice() -> None:
    assert covered_words(np.array([0, 0, 0, 1]), np.array([0, 1, 9, 2]), np.array([3, 4])).tolist() == [1, 3, 3, 4]


def test_saved_and_loaded_it_is_the_same_and_holds_no_text(tmp_path) -> None:
    index = ItemIndex.build(["confidential words of a test", "few"], 3, 2)
    index.save(tmp_path)
    loaded = ItemIndex.load(tmp_path)
    texts, wanted = pa.array(["these are confidential words of"]), np.array([True])
    assert [part.tolist() for part in loaded.find(texts, wanted)] == [p.tolist() for p in index.find(texts, wanted)]
    assert all(b"confidential" not in place.read_bytes() for place in tmp_path.iterdir())


def test_halves_of_surrogate_pairs_do_no_harm() -> None:
    assert ItemIndex.build(["one \ud800 two three"], 2, 1).words.tolist() == [3]
