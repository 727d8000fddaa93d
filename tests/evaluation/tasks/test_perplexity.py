import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from firstwords.data.token_store import TokenStore
from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.perplexity import Perplexity
from firstwords.metrics.compression import xz_bits_per_byte

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


class Uniform:
    """A model that finds every token equally likely."""

    def __init__(self):
        self.tokenizer = TINY["tokenizer"]()
        self.asked = 0

    def token_log_likelihoods(self, documents, progress=None):
        self.asked += sum(len(document) for document in documents)
        return [np.full(len(document), -math.log(self.tokenizer.vocab_size)) for document in documents]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    return TINY["token_store"](tmp_path_factory.mktemp("tokens"))


def quiet(*_):
    pass


def test_a_uniform_model_has_the_perplexity_of_the_vocabulary(tokens):
    task, model = Perplexity(), Uniform()
    examples = task.examples({"tokens": tokens})
    items = task.score(examples, task.answers(model, [task.prompt(e) for e in examples], quiet))
    bits, per_token = task.metrics(examples)
    size = model.tokenizer.vocab_size
    assert per_token.value(items) == pytest.approx(size)
    store = TokenStore(tokens.folder, "test")
    assert bits.value(items) == pytest.approx(len(store.tokens) * math.log2(size) / store.num_bytes.sum())
    # Every token counts, the end of every document too; documents of a module are one unit.
    assert sum(items["tokens"]) == len(store.tokens)
    assert len(items["id"]) == 12 and len(set(items["group"])) == 6


def test_baselines_are_xz_the_counted_model_and_the_mixture(tokens):
    task, model = Perplexity(), Uniform()
    examples = task.examples({"tokens": tokens})
    answers = task.answers(model, [task.prompt(e) for e in examples], quiet)
    found = task.baselines({"tokens": tokens}, examples, model, answers, quiet)
    assert list(found) == ["xz", "5-gram", "interpolation"]
    texts = [model.tokenizer.decode(example.ids[:-1]) for example in examples]
    assert found["xz"] == {"bits_per_byte": xz_bits_per_byte(texts)}
    bits = {name: task.metrics(examples)[0].value(task.score(examples, found[name])) for name in list(found)[1:]}
    # The texts are drawn from 18 words, so counting beats knowing nothing, and a little of nothing does not hurt.
    assert bits["5-gram"] < 0.7 * task.metrics(examples)[0].value(task.score(examples, answers))
    assert bits["interpolation"] == pytest.approx(bits["5-gram"], rel=0.02)


def test_the_order_and_the_mixture_can_be_chosen(tokens):
    task, model = Perplexity(ngram_order=2, weight_tokens=0), Uniform()
    examples = task.examples({"tokens": tokens})
    answers = task.answers(model, [task.prompt(e) for e in examples], quiet)
    asked = model.asked
    assert list(task.baselines({"tokens": tokens}, examples, model, answers, quiet)) == ["xz", "2-gram"]
    assert model.asked == asked


def test_large_splits_are_sampled_by_document_always_alike(tokens):
    whole = Perplexity().examples({"tokens": tokens})
    some = Perplexity(max_tokens=100).examples({"tokens": tokens})
    assert 0 < sum(len(e.ids) for e in some) <= 100
    assert [e.id for e in some] == [e.id for e in whole if e.id in {s.id for s in some}]
    more = Perplexity(max_tokens=150).examples({"tokens": tokens})
    assert {e.id for e in some} < {e.id for e in more}


def test_an_empty_split_is_told(tmp_path):
    tokens = TINY["token_store"](tmp_path, documents=(5, 2, 0))
    with pytest.raises(RecipeError, match="'test' holds no document"):
        Perplexity().examples({"tokens": tokens})
    assert len(Perplexity(split="validation").examples({"tokens": tokens})) == 2


def test_a_model_with_another_tokenizer_is_refused(tokens):
    task, model = Perplexity(), Uniform()
    model.tokenizer = SimpleNamespace(decode=lambda ids: "x" * len(ids), vocab_size=9)
    examples = task.examples({"tokens": tokens})
    answers = task.answers(model, [task.prompt(e) for e in examples], quiet)
    with pytest.raises(RecipeError, match="different tokenizers"):
        task.baselines({"tokens": tokens}, examples, model, answers, quiet)


@pytest.mark.parametrize("bad", [np.zeros(3), np.full(10_000, -np.inf)])
def test_answers_that_are_no_likelihoods_are_refused(tokens, bad):
    task = Perplexity()
    examples = task.examples({"tokens": tokens})
    with pytest.raises(ValueError, match="finite"):
        task.score(examples, [bad[: len(example.ids)] for example in examples])
