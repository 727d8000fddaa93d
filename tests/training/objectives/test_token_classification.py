"""The first sub-word carries the tag, no word is lost, decoding is valid over window borders."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch

from firstwords.data.dataset import WordsRecord
from firstwords.inference.labelling import tag_sentences
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.tokenizer.spelling import SPACE
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


def collate(objective, examples, epoch=0, evaluating=False):
    draws = Draws(0, tuple((epoch, e.row) for e in examples), evaluating)
    return objective.collate(examples, draws, make_model().config), draws


def test_smoothing_and_weights_count_in_training_only():
    model, plain = make_model(), TokenClassification(hidden_share=0.0, respelled_share=0.0)
    for changed in ({"label_smoothing": 0.2}, {"entity_weight": 3.0}):
        for evaluating in (False, True):
            totals = []
            for objective in (replace(plain, **changed), plain):
                batch, draws = collate(objective, encode(RECORD), evaluating=evaluating)
                total, count = objective.loss(model, batch, draws)
                totals.append((total.item(), count.item()))
            assert (totals[0] == totals[1]) == evaluating


def test_a_heavy_entity_weighs_as_much_as_so_many_words():
    model = make_model()
    objective = TokenClassification(hidden_share=0.0, respelled_share=0.0, entity_weight=2.0)
    batch, draws = collate(objective, encode(RECORD))
    total, count = objective.loss(model, batch, draws)
    assert count == 5 + 2 * 3
    # Each entity once more, by a batch in which all other words have no tag.
    only = encode(RECORD)[0]
    entities = replace(only, labels=np.where(only.labels > 0, only.labels, IGNORED))
    once = TokenClassification(hidden_share=0.0, respelled_share=0.0)
    sums = [once.loss(model, *collate(once, [e]))[0] for e in (only, entities)]
    assert torch.isclose(total, sum(sums), rtol=1e-6)  # float32, another order


def test_the_weight_follows_from_how_rare_entities_are():
    settled, (_, reason) = OBJECTIVE.settle(encode(RECORD, LONG), LABELS, make_model().config)
    assert settled.entity_weight == reason.value == round((5 / 3) ** (1 / 3), 2)
    assert (
        TokenClassification(entity_weight=2.0).settle(encode(RECORD), LABELS, make_model().config)[0].entity_weight == 2
    )


def test_what_a_base_of_others_knows_of_names_is_not_taken_away():
    own = make_model().config
    for config, hidden, respelled in ((own, None, 0.5), (replace(own, layout="bert"), 0.0, 0.0)):
        settled, reasons = OBJECTIVE.settle(encode(RECORD), LABELS, config)
        assert (settled.hidden_share, settled.respelled_share) == (hidden, respelled)
        assert [each.name for each in reasons] == ["respelled_share", "entity_weight"]
        by_hand = replace(OBJECTIVE, hidden_share=0.2, respelled_share=0.3).settle(encode(RECORD), LABELS, config)[0]
        assert (by_hand.hidden_share, by_hand.respelled_share) == (0.2, 0.3)


def test_only_sub_words_of_entities_are_respelled_and_only_in_training():
    objective = TokenClassification(hidden_share=0.0, respelled_share=1.0)
    examples = encode(LONG)
    inside = np.zeros(len(examples[0]), dtype=bool)
    inside[examples[0].entity_places] = True
    assert tokenizer().decode(examples[0].input_ids[inside]).replace(" ", "").startswith("jsonerrorunseenjson")
    changed = set()
    for epoch in range(10):
        ids = collate(objective, examples, epoch)[0].input_ids.numpy()
        assert (ids[~inside] == examples[0].input_ids[~inside]).all()
        changed.update(np.flatnonzero(ids != examples[0].input_ids).tolist())
        for before, after in zip(examples[0].input_ids, ids, strict=True):
            old, new = tokenizer().token(before), tokenizer().token(after)
            assert (old[0] == new[0] == SPACE) or (old[0] != SPACE and new[0] != SPACE)
            assert old.lstrip(SPACE).islower() == new.lstrip(SPACE).islower()
    assert len(changed) > inside.sum() / 2
    assert (collate(objective, examples, evaluating=True)[0].input_ids.numpy() == examples[0].input_ids).all()


def test_respelling_does_not_depend_on_the_batch():
    objective = TokenClassification(hidden_share=0.0, respelled_share=0.5)
    examples = encode(RECORD, LONG)
    together = collate(objective, examples, 3)[0].input_ids
    alone = collate(objective, examples[1:], 3)[0].input_ids
    assert together[len(examples[0]) :].tolist() == alone.tolist()


def test_metrics_count_whole_entities():
    gold = [np.array([1, IGNORED, 2, 0, 3])]
    right = [np.array([1, IGNORED, 2, 0, 3])]
    half = [np.array([1, IGNORED, 0, 0, 3])]
    assert OBJECTIVE.metrics(gold, right) == {"entity_f1": 1.0, "word_accuracy": 1.0}
    # One of two entities is right, and two are predicted.
    assert OBJECTIVE.metrics(gold, half) == {"entity_f1": 0.5, "word_accuracy": 0.75}
