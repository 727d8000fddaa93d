"""The first sub-word carries the tag, no word is lost, decoding is valid over window borders."""

import functools

import numpy as np
import pytest
import torch

from firstwords.data.dataset import WordsRecord
from firstwords.inference.labelling import tag_sentences
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.training.batch import IGNORED, Draws
from firstwords.training.objectives.token_classification import TokenClassification

LABELS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
OBJECTIVE = TokenClassification()
WORDS = ("json", "raises", "an", "error", "(", "unseen", ")", ".")
RECORD = WordsRecord("r", "r", WORDS, ("B-X", "O", "O", "B-Y", "O", "B-X", "O", "O"))
LONG = WordsRecord("l", "l", WORDS * 6, RECORD.tags * 6)


@functools.cache
def tokenizer():
    return ByteBPE().train([["json raises an error (or not)."] * 20], 280)


def make_model():
    ids = tokenizer()
    config = ModelConfig.from_depth(
        1,
        layout="eurobert",
        vocab_size=ids.vocab_size,
        width=32,
        num_heads=2,
        context=32,
        pad_id=ids.pad,
        bos_id=ids.end_of_text,
        eos_id=ids.end_of_text,
        mask_id=ids.mask,
    )
    model = Model(config, OBJECTIVE.head(config, LABELS), seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    return model.eval()


def encode(*records):
    return [OBJECTIVE.encode(record, tokenizer(), LABELS, 32, row) for row, record in enumerate(records)]


def test_only_the_first_sub_word_of_a_word_has_a_tag():
    (example,) = encode(RECORD)
    places = np.flatnonzero(example.labels != IGNORED)
    assert [LABELS[n] for n in example.labels[places]] == list(RECORD.tags)
    assert tokenizer().decode(example.input_ids) == " json raises an error (unseen)."
    assert tokenizer().decode(example.input_ids[places[1] : places[2]]) == " raises"


def test_a_sentence_longer_than_the_context_keeps_every_tag_once():
    (example,) = encode(LONG)
    assert np.diff(example.bounds).max() <= 32
    assert len(example.bounds) > 3
    assert [LABELS[n] for n in example.labels[example.labels != IGNORED]] == list(LONG.tags)


def test_an_unknown_tag_is_refused():
    with pytest.raises(ValueError, match="r: tags \\['B-Y'\\] are not among the labels"):
        OBJECTIVE.encode(RECORD, tokenizer(), LABELS[:3], 32)


def test_decoding_is_that_of_predictions_from_words():
    model = make_model()
    examples = encode(RECORD, LONG, RECORD)
    draws = Draws(0, tuple((0, e.row) for e in examples), evaluating=True)
    predicted = OBJECTIVE.decode(model, OBJECTIVE.collate(examples, draws, model.config))
    asked = tag_sentences(model, tokenizer(), [RECORD.words, LONG.words, RECORD.words])
    assert len({tag for tags in asked for tag in tags}) > 2
    for tags, example, expected in zip(predicted, examples, asked, strict=True):
        assert ((tags != IGNORED) == (example.labels != IGNORED)).all()
        assert [LABELS[n] for n in tags[tags != IGNORED]] == expected


def test_smoothing_counts_in_training_only():
    model, smooth = make_model(), TokenClassification(label_smoothing=0.2, hidden_share=0.0)
    examples = encode(RECORD)
    for evaluating in (False, True):
        draws = Draws(0, ((0, 0),), evaluating)
        losses = [
            o.loss(model, o.collate(examples, draws, model.config), draws)[0].item()
            for o in (smooth, TokenClassification(hidden_share=0.0))
        ]
        assert (losses[0] == losses[1]) == evaluating


def test_metrics_count_whole_entities():
    gold = [np.array([1, IGNORED, 2, 0, 3])]
    right = [np.array([1, IGNORED, 2, 0, 3])]
    half = [np.array([1, IGNORED, 0, 0, 3])]
    assert OBJECTIVE.metrics(gold, right) == {"entity_f1": 1.0, "word_accuracy": 1.0}
    # One of two entities is right, and two are predicted.
    assert OBJECTIVE.metrics(gold, half) == {"entity_f1": 0.5, "word_accuracy": 0.75}
