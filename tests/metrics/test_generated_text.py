import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.generated_text import longest_common, normalise, rouge_l, rouge_n, rouge_words, token_f1

STORED = runpy.run_path(str(Path(__file__).parent / "references.py"))["stored"]
WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


def test_rouge_is_that_of_rouge_score():
    for case, figures in STORED("texts"):
        found = [rouge_n(case["wanted"], case["given"], n) for n in (1, 2)] + [rouge_l(case["wanted"], case["given"])]
        assert found == pytest.approx([figures["rouge1"], figures["rouge2"], figures["rougeL"]], abs=1e-9)


def brute_longest(first, second):
    if not first or not second:
        return 0
    if first[0] == second[0]:
        return 1 + brute_longest(first[1:], second[1:])
    return max(brute_longest(first[1:], second), brute_longest(first, second[1:]))


@given(WORDS, WORDS)
def test_longest_common_subsequences_and_symmetry(first, second):
    assert longest_common(first, second) == brute_longest(first, second)
    one, other = " ".join(first), " ".join(second)
    assert rouge_l(one, other) == rouge_l(other, one)
    assert rouge_l(one, other) <= rouge_n(one, other, 1)
    assert token_f1(one, one) == 1.0


def test_normalising_and_words():
    assert normalise("The  Cat's  a-hat, an Übung.") == "cats ahat übung"
    assert rouge_words("Don't naïve 1,000") == ["don", "t", "na", "ve", "1", "000"]


def test_word_f1_by_hand():
    assert token_f1("the red house", "a red car") == pytest.approx(0.5)
    assert token_f1("the", "an") == 1.0  # neither has a word that counts
    assert token_f1("house", "") == 0.0
    assert rouge_n("one", "one", 2) == 0.0
