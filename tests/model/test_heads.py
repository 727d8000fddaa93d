import pytest
import torch
from torch.nn import functional as F

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import document_means, make_head
from firstwords.model.transformer import initialise

NAMES = ("O", "B-x", "I-x")
BATCH = Batch.of([[1, 2, 3], [4], [5, 6]])


def config(layout="eurobert", **given):
    return ModelConfig.from_depth(2, layout=layout, vocab_size=50, mask_id=3, **given)


def head_and_hidden(kind, layout="eurobert", **given):
    sizes = config(layout, **given)
    head = make_head(kind, sizes, NAMES if kind != "language_model" else ())
    initialise(head, seed=1)
    hidden = torch.randn(6, sizes.width, generator=torch.Generator().manual_seed(2))
    return head.double(), hidden.double()


@pytest.mark.parametrize("kind", ["language_model", "tokens"])
@pytest.mark.parametrize("layout", ["qwen3", "eurobert"])
def test_selected_positions_equal_those_of_all(kind, layout):
    head, hidden = head_and_hidden(kind, layout)
    select = torch.tensor([4, 0])
    assert torch.allclose(head(hidden, BATCH, select=select), head(hidden, BATCH)[select])


@pytest.mark.parametrize(
    ("kind", "targets"), [("language_model", [4, -100, 7, 9, 0, 1]), ("tokens", [0, 1, -100, 2, 0, 1])]
)
def test_losses_are_sums_over_what_is_counted(kind, targets):
    head, hidden = head_and_hidden(kind)
    expected = F.cross_entropy(head(hidden, BATCH), torch.tensor(targets), reduction="sum")
    assert torch.allclose(head(hidden, BATCH, targets=torch.tensor(targets)), expected)


def test_a_causal_classifier_reads_the_last_token():
    head, hidden = head_and_hidden("sequence", "qwen3")
    assert torch.allclose(head(hidden, BATCH), hidden[[2, 3, 5]] @ head.score.weight.T)


@pytest.mark.parametrize("pooling", ["late", "mean", "bos"])
def test_a_bidirectional_classifier_pools_as_configured(pooling):
    head, hidden = head_and_hidden("sequence", pooling=pooling)

    def scores(states):
        return head.classifier(F.gelu(head.dense(states)))

    for document, (start, end) in enumerate([(0, 3), (3, 4), (4, 6)]):
        states = hidden[start:end]
        expected = {"late": scores(states).mean(0), "mean": scores(states.mean(0)), "bos": scores(states[0])}[pooling]
        assert torch.allclose(head(hidden, BATCH)[document], expected)


def test_sequence_loss_is_a_sum_over_documents():
    head, hidden = head_and_hidden("sequence")
    labels = torch.tensor([2, 0, -100])
    expected = F.cross_entropy(head(hidden, BATCH)[:2], labels[:2], reduction="sum")
    assert torch.allclose(head(hidden, BATCH, targets=labels), expected)


def test_means_are_over_each_document_alone():
    x = torch.tensor([[1.0], [2.0], [6.0], [5.0], [1.0], [2.0]])
    assert document_means(x, BATCH).flatten().tolist() == [3.0, 5.0, 1.5]


def test_nats_are_the_terms_of_the_loss():
    head, hidden = head_and_hidden("language_model")
    targets = torch.tensor([1, 2, 3, 4, 5, 6])
    assert torch.allclose(head.nats(hidden, targets).sum(), head(hidden, BATCH, targets=targets))
