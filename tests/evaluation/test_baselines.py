import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.dataset import TextRecord, WordsRecord
from firstwords.evaluation.baselines import (
    dictionary_tags,
    linear_answers,
    linear_labels,
    majority_label,
    majority_record,
)
from firstwords.metrics.entities import find_entities


def text(number, words, label):
    return TextRecord(str(number), str(number), words, label)


def tagged(words, tags):
    return WordsRecord("", "", tuple(words.split()), tuple(tags.split()))


def test_the_majority_is_the_first_in_the_alphabet_among_equals():
    assert majority_label([text(0, "", "b"), text(1, "", "a"), text(2, "", "b"), text(3, "", "a")]) == "a"
    assert majority_label([text(0, "", "b"), text(1, "", "a"), text(2, "", "b")]) == "b"


def test_the_linear_model_learns_words_and_is_the_same_twice():
    draws = random.Random(0)
    noise = ["one", "two", "three", "four", "five", "six", "seven"]
    records = [
        text(i, f"{draws.choice(noise)} {label}word {draws.choice(noise)}", label)
        for i, label in enumerate(draws.choices("xyz", k=60))
    ]
    asked = ["one xword two", "three yword", "zword"]
    assert linear_labels(records[:40], records[40:], asked) == ["x", "y", "z"]
    assert linear_labels(records, [], asked) == ["x", "y", "z"]


def test_one_label_needs_no_model():
    assert linear_labels([text(0, "a", "x")], [], ["b", "c"]) == ["x", "x"]


def test_the_longest_entry_wins_and_case_counts():
    train = [tagged("New York and York", "B-place I-place O B-place")]
    assert dictionary_tags(train, [["in", "New", "York", "or", "York", "or", "york"]]) == [
        ["O", "B-place", "I-place", "O", "B-place", "O", "O"]
    ]


def test_words_that_are_mostly_no_entity_are_left_out():
    twice = [tagged("May came", "B-month O"), tagged("May I", "O O")]
    assert dictionary_tags(twice, [["May"]]) == [["B-month"]]
    assert dictionary_tags([*twice, tagged("May you", "O O")], [["May"]]) == [["O"]]


def test_the_most_frequent_type_is_taken():
    train = [tagged("Paris", "B-person"), tagged("Paris", "B-place"), tagged("Paris", "B-place")]
    assert dictionary_tags(train, [["Paris"]]) == [["B-place"]]


def test_no_training_entities_find_nothing():
    assert dictionary_tags([tagged("a b", "O O")], [["a"], []]) == [["O"], []]


words = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=8)


@given(st.lists(words, min_size=1, max_size=5), words, st.randoms(use_true_random=False))
def test_tags_are_valid_and_only_known_entities_are_found(sentences, asked, draws):
    train = []
    for sentence in sentences:
        tags = [draws.choice(["O", "B-x", "B-y"]) for _ in sentence]
        train.append(WordsRecord("", "", tuple(sentence), tuple(tags)))
    [tags] = dictionary_tags(train, [asked])
    assert len(tags) == len(asked)
    known = {r.words[e.start : e.end] for r in train for e in find_entities(r.tags)}
    assert find_entities(tags, "strict") == find_entities(tags)
    for entity in find_entities(tags):
        assert tuple(asked[entity.start : entity.end]) in known


@pytest.mark.parametrize("seed", range(3))
def test_the_dictionary_reads_its_training_text_back(seed):
    draws = random.Random(seed)
    kinds = {f"w{i}": draws.choice(["O", "B-x", "B-y"]) for i in range(20)}
    train = []
    for _ in range(30):
        sentence = draws.choices(list(kinds), k=6)
        train.append(WordsRecord("", "", tuple(sentence), tuple(kinds[w] for w in sentence)))
    assert dictionary_tags(train, [r.words for r in train]) == [list(r.tags) for r in train]


def test_texts_with_several_labels_have_a_model_a_label_and_pairs_are_read_whole() -> None:
    rows = [(f"{'red ' * (n % 2)}word{n % 7}", "blue " * (n % 3 > 0) + "x") for n in range(60)]
    labels = [["r"] * (n % 2) + ["b"] * (n % 3 > 0) for n in range(60)]
    records = [
        TextRecord.several(str(n), str(n), text, names, pair)
        for n, ((text, pair), names) in enumerate(zip(rows, labels, strict=True))
    ]
    asked = [TextRecord("a", "a", "red thing", "", "blue"), TextRecord("b", "b", "thing", "", "x")]
    assert linear_answers(records, records[:10], asked) == [["b", "r"], []]
    assert majority_record(records).labels == ("b",)
