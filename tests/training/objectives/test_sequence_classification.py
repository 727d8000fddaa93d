"""A long text is learnt from in pieces and judged as a whole."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch

from firstwords.data.dataset import TextRecord
from firstwords.errors import RecipeError
from firstwords.inference.labelling import label_texts
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.training.batch import Draws, Example
from firstwords.training.objectives.sequence_classification import SequenceClassification

LABELS = ["a", "b", "c"]
PLAIN = SequenceClassification(hidden_share=0.0, shortest_stretch=1.0, balance=0.0)
TEXTS = ["one text", "", "many words and more of them in a text that is long " * 5]


@functools.cache
def tokenizer():
    return ByteBPE().train([TEXTS * 20], 300)


def make_model():
    ids = tokenizer()
    config = ModelConfig.from_depth(
        1,
        layout="eurobert",
        vocab_size=ids.vocab_size,
        width=32,
        num_heads=2,
        context=16,
        pad_id=ids.pad,
        bos_id=ids.end_of_text,
        eos_id=ids.end_of_text,
        mask_id=ids.mask,
    )
    model = Model(config, PLAIN.head(config, LABELS), seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    return model.eval()


def encode(label="b"):
    records = [TextRecord(str(i), str(i), text, label) for i, text in enumerate(TEXTS)]
    return [PLAIN.encode(record, tokenizer(), LABELS, 16, row) for row, record in enumerate(records)]


def collate(examples, epoch=0, evaluating=False):
    draws = Draws(0, tuple((epoch, e.row) for e in examples), evaluating)
    return PLAIN.collate(examples, draws, make_model().config), draws


def test_a_label_is_its_number():
    assert [e.labels for e in encode("c")] == [2, 2, 2]
    with pytest.raises(ValueError, match="0: 'x' is not among the labels"):
        encode("x")


def test_training_sees_one_piece_of_a_long_text_and_evaluation_all():
    examples = encode()
    assert len(examples[2].bounds) > 4
    batch, _ = collate(examples)
    assert batch.num_documents == 3
    assert batch.max_length <= 16
    whole, _ = collate(examples, evaluating=True)
    assert whole.examples.tolist() == [0, 1, 2, 2 + len(examples[2].bounds) - 1]
    assert len(whole.labels) == 3


def test_epochs_see_different_pieces():
    (long,) = encode()[2:]
    pieces = {tuple(collate([long], epoch)[0].input_ids.tolist()) for epoch in range(40)}
    assert len(pieces) == len(long.bounds) - 1


def test_training_sees_stretches_of_the_asked_length_from_anywhere():
    objective = replace(PLAIN, shortest_stretch=0.5)
    (short, *_) = encode()
    assert short.bounds.tolist() == [0, len(short)]
    seen, lengths = set(), set()
    for epoch in range(60):
        draws = Draws(0, ((epoch, 0),))
        ids = objective.collate([short], draws, make_model().config).input_ids.tolist()
        places = [p for p in range(len(short)) if short.input_ids[p : p + len(ids)].tolist() == ids]
        assert places
        seen.update(places)
        lengths.add(len(ids))
    assert min(lengths) >= len(short) / 2 - 0.5
    assert max(lengths) == len(short)
    assert len(seen) > 1


def test_labels_weigh_by_their_frequency():
    rows = [Example(np.ones(3, np.int32), label) for label in [0] * 16 + [1] * 4]
    config = make_model().config
    settled, (reason,) = SequenceClassification(balance=0.5).settle(rows, LABELS[:2], config)
    heavy, light = settled.label_weights[1], settled.label_weights[0]
    assert np.isclose(heavy / light, 2, atol=1e-3)  # weights are rounded to four digits
    assert np.isclose((16 * light + 4 * heavy) / 20, 1, atol=1e-3)
    assert "b (4)" in reason.reason
    assert settled.settle(rows, LABELS[:2], config) == (settled, [])
    with pytest.raises(RecipeError, match="2 weights for 3 labels"):
        settled.settle(rows, LABELS, config)


def test_texts_are_whole_where_the_base_knows_its_language():
    own = make_model().config
    bert = replace(own, layout="bert")
    rows = [Example(np.ones(3, np.int32), label) for label in (0, 1)]
    settled = [SequenceClassification().settle(rows, LABELS[:2], config)[0] for config in (own, bert)]
    assert [each.shortest_stretch for each in settled] == [None, 1.0]  # None = two fifths and more


def test_by_default_sentences_are_whole_and_long_texts_show_64_tokens_or_more():
    config, objective = make_model().config, SequenceClassification(hidden_share=0.0)
    lengths = {}
    for size in (60, 200):
        text = Example(np.arange(size, dtype=np.int32), 0)
        found = [len(objective.collate([text], Draws(0, ((epoch, 0),)), config).input_ids) for epoch in range(200)]
        lengths[size] = min(found), max(found)
    assert lengths[60] == (60, 60)
    assert 80 <= lengths[200][0] < 100 and lengths[200][1] > 180
    middling = Example(np.arange(100, dtype=np.int32), 0)
    found = [len(objective.collate([middling], Draws(0, ((epoch, 0),)), config).input_ids) for epoch in range(200)]
    assert min(found) == 64


def test_a_stretch_keeps_the_frame():
    text = Example(np.array([90, *range(1, 21), 91], np.int32), 0, frame=(1, 1))
    draws = Draws(0, ((0, 0),))
    objective = SequenceClassification(hidden_share=0.0, shortest_stretch=0.4)
    found = objective.collate([text], draws, make_model().config).input_ids.tolist()
    assert (found[0], found[-1]) == (90, 91) and 10 <= len(found) <= 22
    assert found[1:-1] == list(range(found[1], found[1] + len(found) - 2))


def test_weights_count_in_training_only():
    model, weighted = make_model(), replace(PLAIN, label_weights=(1.0, 3.0, 1.0))
    for evaluating in (False, True):
        batch, draws = collate(encode(), evaluating=evaluating)
        (total, count), (plain, _) = (o.loss(model, batch, draws) for o in (weighted, PLAIN))
        factor = 1 if evaluating else 3
        assert count == 3 * factor
        assert torch.isclose(total, factor * plain)


def test_decoding_is_that_of_predictions_from_texts():
    model = make_model()
    predicted = PLAIN.decode(model, collate(encode(), evaluating=True)[0])
    assert [LABELS[n] for n in predicted] == label_texts(model, tokenizer(), TEXTS).labels


def test_the_measured_loss_is_that_of_the_predicted_probabilities():
    model = make_model()
    batch, draws = collate(encode(), evaluating=True)
    total, count = PLAIN.loss(model, batch, draws)
    expected = -label_texts(model, tokenizer(), TEXTS).log_probabilities[:, 1].sum()
    assert count == 3
    assert np.isclose(float(total), expected, atol=1e-5)  # float32 against float64


def test_metrics():
    assert PLAIN.metrics([0, 1, 1], [0, 1, 0]) == {"accuracy": 2 / 3, "macro_f1": pytest.approx(2 / 3)}
