import runpy
from pathlib import Path

import numpy as np

from firstwords.data.token_store import TokenStore
from firstwords.evaluation.held_out_documents import drawn_order, held_out_documents, sample, training_tokens

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_artifacts.py"))


def test_documents_come_whole_and_a_sample_in_the_order_of_the_store(tmp_path):
    tokens = TINY["token_store"](tmp_path)
    store = TokenStore(tmp_path, "test")
    documents = held_out_documents(tokens, "test", 10**9)
    assert [d.id for d in documents] == store.documents
    assert (np.concatenate([d.ids for d in documents]) == store.tokens).all()
    few = sample(store, 60)
    assert few == sorted(few) and set(few) == set(drawn_order(store)[: len(few)])


def test_training_text_is_whole_or_a_sample_of_documents(tmp_path):
    tokens = TINY["token_store"](tmp_path)
    store = TokenStore(tmp_path, "train")
    assert (training_tokens(tokens, 10**9) == store.tokens).all()
    some = training_tokens(tokens, 100)
    assert 0 < len(some) <= 100
    assert some[-1] == store.end_of_text


def test_an_empty_split_gives_nothing(tmp_path):
    assert not len(training_tokens(TINY["token_store"](tmp_path, documents=(0, 2, 2)), 10))
