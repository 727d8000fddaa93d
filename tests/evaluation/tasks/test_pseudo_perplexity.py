import math
import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.token_store import TokenStore
from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.pseudo_perplexity import PseudoPerplexity
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("pseudo")
    return {
        "tokens": TINY["token_store"](root / "tokens"),
        "tokenizer": TINY["tokenizer_artifact"](root / "tokenizer"),
        "masked": TINY["masked_model"](root / "masked"),
        "causal": TINY["causal_model"](root / "causal"),
    }


def quiet(*_):
    pass


def test_whole_documents_have_all_their_bytes_and_words_but_no_closing_mark(inputs):
    task = PseudoPerplexity()
    passages = {passage.id: passage for passage in task.examples(inputs)}
    store = TokenStore(inputs["tokens"].folder, "test")
    assert len(passages) == len(store)
    for number, name in enumerate(store.documents):
        ids = store.document(number)[:-1]
        text = TINY["tokenizer"]().decode(ids.tolist())
        assert passages[name].ids.tolist() == ids.tolist()
        assert (passages[name].num_bytes, passages[name].num_words) == (len(text.encode()), len(text.split()))


def test_long_documents_are_cut_and_few_are_drawn(inputs):
    passages = PseudoPerplexity(passage_tokens=8, num_tokens=30).examples(inputs)
    assert 30 <= sum(len(p.ids) for p in passages) < 38
    more = PseudoPerplexity(passage_tokens=8, num_tokens=60).examples(inputs)
    assert [p.id for p in more[: len(passages)]] == [p.id for p in passages]
    cut = next(p for p in passages if len(p.ids) == 8)
    assert cut.num_bytes == len(TINY["tokenizer"]().decode(cut.ids.tolist()).encode())


def test_a_model_is_scored_and_frequency_stands_beside(inputs):
    task = PseudoPerplexity()
    examples = task.examples(inputs)
    model = LanguageModel.load(inputs["masked"].path("model"))
    answers = task.answers(model, [task.prompt(e) for e in examples], quiet)
    per_token = task.metrics(examples)[0]
    # Untrained: all entries are about equally likely.
    assert per_token.value(task.score(examples, answers)) == pytest.approx(model.tokenizer.vocab_size, rel=0.1)
    unigram = task.score(examples, task.baselines(inputs, examples, model, answers, quiet)["unigram"])
    # 18 words, split into few sub-words.
    assert 10 < per_token.value(unigram) < 60
    assert math.isfinite(task.metrics(examples)[2].value(unigram))


def test_a_causal_model_is_refused(inputs):
    task = PseudoPerplexity()
    examples = task.examples(inputs)
    with pytest.raises(RecipeError, match="'masked'"):
        task.answers(LanguageModel.load(inputs["causal"].path("model")), [task.prompt(examples[0])], quiet)


def test_answers_that_are_no_likelihoods_are_refused(inputs):
    task = PseudoPerplexity()
    examples = task.examples(inputs)
    with pytest.raises(ValueError, match="finite"):
        task.score(examples, [np.full(len(e.ids), np.nan) for e in examples])
