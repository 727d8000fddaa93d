"""The Kneser-Ney model: equal to a plain reading of the paper, adding up to 1, quick enough to stand beside a model."""

import math
import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.metrics.ngram import NGramModel

VOCAB, END = 6, 0


class SlowKneserNey:
    """Modified Kneser-Ney with dictionaries, one n-gram at a time, as Chen & Goodman write it."""

    def __init__(self, documents, order, vocab_size):
        self.order, self.vocab_size = order, vocab_size
        raw = [Counter() for _ in range(order + 1)]
        left = [defaultdict(set) for _ in range(order + 1)]
        for document in documents:
            whole = ["<s>", *document, "</s>"]
            for end in range(1, len(whole)):
                for length in range(1, min(order, end + 1) + 1):
                    gram = tuple(whole[end - length + 1 : end + 1])
                    raw[length][gram] += 1
                    if length > 1:
                        left[length - 1][gram[1:]].add(gram[0])
        self.counts = [Counter() for _ in range(order + 1)]
        for length in range(1, order + 1):
            for gram, count in raw[length].items():
                keeps = length == order or gram[0] == "<s>"
                self.counts[length][gram] = count if keeps else len(left[length][gram])
        self.discounts = [None] + [self._discounts(self.counts[n].values()) for n in range(1, order + 1)]

    @staticmethod
    def _discounts(counts):
        n = Counter(counts)
        if not (n[1] and n[2] and n[3]):
            return {1: 0.5, 2: 1.0, 3: 1.5}
        y = n[1] / (n[1] + 2 * n[2])
        found = {k: k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)}
        return found if all(0 < found[k] <= k for k in found) else {1: 0.5, 2: 1.0, 3: 1.5}

    def probability(self, token, history):
        return self._at(min(self.order, len(history) + 1), token, tuple(history))

    def _at(self, length, token, history):
        if length == 0:
            return 1 / self.vocab_size
        history = history[len(history) - length + 1 :]
        followed = {gram[-1]: c for gram, c in self.counts[length].items() if gram[:-1] == history and c}
        below = self._at(length - 1, token, history)
        total = sum(followed.values())
        if not total:
            return below
        discounts = self.discounts[length]
        own = max(0, followed.get(token, 0) - discounts.get(min(followed.get(token, 0), 3), 0)) / total
        return own + sum(discounts[min(c, 3)] for c in followed.values()) / total * below


def joined(documents):
    return np.array([token for document in documents for token in [*document, END]])


def drawn_documents(seed, number, longest, vocab_size=VOCAB):
    draw = np.random.default_rng(seed)
    # Few frequent and many rare tokens, and some order in them, so that all discounts come from the data.
    weights = 1 / np.arange(1, vocab_size)
    lengths = draw.integers(0, longest + 1, number)
    return [draw.choice(np.arange(1, vocab_size), length, p=weights / weights.sum()).tolist() for length in lengths]


documents_strategy = st.lists(st.lists(st.integers(1, VOCAB - 1), max_size=7), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(training=documents_strategy, held_out=documents_strategy, order=st.integers(1, 5))
def test_equals_the_slow_reference(training, held_out, order):
    compare(training, held_out, order)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_equals_the_slow_reference_where_discounts_come_from_the_text(order):
    training = drawn_documents(1, 60, 12, 12)
    reference = compare(training, drawn_documents(2, 8, 10, 12), order, vocab_size=12)
    from_the_text = [d != {1: 0.5, 2: 1.0, 3: 1.5} for d in reference.discounts[1:]]
    assert any(from_the_text) or order == 1  # eleven tokens that all are frequent give none


def compare(training, held_out, order, vocab_size=VOCAB):
    model = NGramModel.train(joined(training), vocab_size=vocab_size, end_of_text=END, order=order)
    reference = SlowKneserNey(training, order, vocab_size)
    expected = []
    for document in held_out:
        whole = ["<s>", *document, "</s>"]
        expected += [math.log(reference.probability(whole[i], whole[:i])) for i in range(1, len(whole))]
    np.testing.assert_allclose(model.log_probabilities(joined(held_out)), expected, rtol=1e-12)
    return reference


@settings(max_examples=60, deadline=None)
@given(training=documents_strategy, history=st.lists(st.integers(1, VOCAB - 1), max_size=6), order=st.integers(1, 5))
def test_probabilities_of_all_tokens_add_up_to_one(training, history, order):
    model = NGramModel.train(joined(training), vocab_size=VOCAB, end_of_text=END, order=order)
    probabilities = model.distribution(history)
    assert (probabilities > 0).all()
    assert math.isclose(probabilities.sum(), 1, rel_tol=1e-12)
    # The same numbers as when the document goes on with each token, history seen or not.
    for token in range(1, VOCAB):
        scored = model.log_probabilities(joined([[*history, token]]))[len(history)]
        assert math.isclose(scored, math.log(probabilities[token]), rel_tol=1e-12)


def test_adds_up_over_a_large_vocabulary_for_seen_and_unseen_histories():
    documents = drawn_documents(3, 200, 40, 500)
    model = NGramModel.train(joined(documents), vocab_size=1000, end_of_text=END)
    draw = np.random.default_rng(4)
    for seen in (True, False):
        for _ in range(20):
            document = documents[draw.integers(len(documents))]
            length = int(draw.integers(0, 8))
            history = document[:length] if seen else draw.integers(1, 1000, length).tolist()
            assert math.isclose(model.distribution(history).sum(), 1, rel_tol=1e-9)


def test_documents_do_not_see_each_other():
    model = NGramModel.train(joined(drawn_documents(5, 50, 9)), vocab_size=VOCAB, end_of_text=END)
    first, second = [1, 2, 3, 1], [2, 1, 1]
    together = model.log_probabilities(joined([first, second, first]))
    separate = [model.log_probabilities(joined([document])) for document in (first, second, first)]
    np.testing.assert_array_equal(together, np.concatenate(separate))


def test_it_learns_what_follows_what():
    model = NGramModel.train(joined([[1, 2, 3, 4]] * 50 + [[2, 1]] * 5), vocab_size=VOCAB, end_of_text=END)
    assert model.distribution([1, 2, 3]).argmax() == 4
    assert model.distribution([1, 2, 3, 4]).argmax() == END
    assert model.distribution([]).argmax() == 1


def test_wrong_tokens_are_refused():
    train = NGramModel.train
    with pytest.raises(ValueError, match="at least one token"):
        train(np.array([]), vocab_size=VOCAB, end_of_text=END)
    with pytest.raises(ValueError, match="not closed"):
        train(np.array([1, 2]), vocab_size=VOCAB, end_of_text=END)
    with pytest.raises(ValueError, match="vocabulary of 6"):
        train(np.array([6, 0]), vocab_size=VOCAB, end_of_text=END)
    with pytest.raises(ValueError, match="order 0"):
        train(np.array([1, 0]), vocab_size=VOCAB, end_of_text=END, order=0)
    assert len(train(np.array([1, 0]), vocab_size=VOCAB, end_of_text=END).log_probabilities(np.array([]))) == 0


@pytest.mark.slow
def test_a_million_tokens_take_seconds():
    tokens = joined(drawn_documents(6, 3000, 800, 8192)).astype(np.uint16)
    start = time.process_time()
    model = NGramModel.train(tokens, vocab_size=8192, end_of_text=END)
    model.log_probabilities(tokens)
    # On an idle core it is 5; the bound leaves room for a busy machine and still notices a quadratic step.
    assert time.process_time() - start < 60
