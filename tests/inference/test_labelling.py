"""One answer for a text, whatever is asked beside it, in both directions of attention."""

import functools
import itertools

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.inference.labelling import find_text_entities, label_texts, tag_sentences
from firstwords.metrics.entities import find_entities
from firstwords.model.config import ModelConfig
from firstwords.model.heads import SequenceHead, TokenHead
from firstwords.model.transformer import Model
from firstwords.tokenizer.texts import encode_text
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")
TEXT = "the module json.decoder (see email) raises an error, or returns the value of os.path"


@functools.cache
def tokenizer():
    return ByteBPE().train([[TEXT] * 20], 300)


def make_model(head, names, causal=False):
    ids = tokenizer()
    config = ModelConfig.from_depth(
        2,
        layout="qwen3" if causal else "eurobert",
        vocab_size=ids.vocab_size,
        width=32,
        num_heads=2,
        context=16,
        pad_id=ids.pad,
        bos_id=ids.end_of_text,
        eos_id=ids.end_of_text,
        mask_id=ids.mask,
    )
    model = Model(config, head(config, names), seed=1)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():  # far from the initial weights, at which every answer is the same
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


SENTENCES = [TEXT.split()[:n] for n in (3, 0, 13, 1)] + [TEXT.split() * 4]


@pytest.mark.parametrize("causal", [False, True])
def test_every_word_has_a_tag_and_no_entity_begins_in_its_middle(causal):
    model = make_model(TokenHead, TAGS, causal)
    tags = tag_sentences(model, tokenizer(), SENTENCES)
    assert [len(each) for each in tags] == [len(each) for each in SENTENCES]
    assert len({tag for each in tags for tag in each}) > 2
    for each in tags:
        assert find_entities(each, "strict") == find_entities(each, "default")


def test_tags_do_not_depend_on_the_other_sentences():
    model = make_model(TokenHead, TAGS)
    together = tag_sentences(model, tokenizer(), SENTENCES)
    assert tag_sentences(model, tokenizer(), SENTENCES, micro_tokens=1) == together
    assert [tag_sentences(model, tokenizer(), [words])[0] for words in SENTENCES] == together


def test_entities_of_a_text_stand_where_they_say():
    model = make_model(TokenHead, TAGS)
    texts = [TEXT, "", TEXT * 3]
    found = find_text_entities(model, tokenizer(), texts)
    assert found[0]
    assert found[1] == []
    for text, entities in zip(texts, found, strict=True):
        assert all(text[e.start : e.end] == e.text and e.type in ("X", "Y") for e in entities)
        assert all(a.end <= b.start for a, b in itertools.pairwise(entities))


@pytest.mark.parametrize("causal", [False, True])
def test_a_long_text_gets_the_mean_of_its_documents(causal):
    model = make_model(SequenceHead, ("a", "b", "c"), causal)
    found = label_texts(model, tokenizer(), [TEXT * 2, "x", ""])
    assert np.allclose(np.exp(found.log_probabilities).sum(axis=1), 1)
    assert found.labels == [("a", "b", "c")[i] for i in found.log_probabilities.argmax(axis=1)]
    ids, bounds = encode_text(tokenizer(), TEXT * 2, 16)
    assert len(bounds) > 2
    pieces = [tokenizer().decode(ids[a:b]) for a, b in itertools.pairwise(bounds)]
    alone = np.exp(label_texts(model, tokenizer(), pieces).log_probabilities)
    # The mean of scores is, up to a constant, the mean of log-probabilities.
    expected = np.log(alone).mean(axis=0)
    expected -= np.log(np.exp(expected).sum())
    assert np.allclose(found.log_probabilities[0], expected, atol=1e-5)


def test_the_wrong_head_is_refused():
    with pytest.raises(RecipeError, match="cannot tag words"):
        tag_sentences(make_model(SequenceHead, ("a", "b")), tokenizer(), [["a"]])
    with pytest.raises(RecipeError, match="cannot label texts"):
        label_texts(make_model(TokenHead, TAGS), tokenizer(), ["a"])
