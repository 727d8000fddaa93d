import pytest
import torch

from firstwords.inference.kv_cache import KeyValueCache
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model


@pytest.fixture(params=["qwen3", "llama"])
def model(request):
    config = ModelConfig.from_depth(
        2, layout=request.param, vocab_size=60, width=32, num_heads=4, num_kv_heads=2, context=64
    )
    model = Model(config, make_head("language_model", config)).double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.1)
    return model


def cache_for(model, num_documents, capacity=4):
    return KeyValueCache(model.config, num_documents, capacity, dtype=torch.float64)


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[6, 1, 1], [1, 5, 3], [3, 3, 3]])
def test_reading_in_pieces_equals_reading_at_once(model, pieces):
    documents = [list(range(1, 10)), list(range(20, 29)), list(range(40, 49))]
    whole = model(Batch.of(documents)).unflatten(0, (3, 9))
    cache, start = cache_for(model, 3), 0
    for size in pieces:
        part = model(Batch.of([document[start : start + size] for document in documents]), cache=cache)
        assert torch.allclose(part.unflatten(0, (3, size)), whole[:, start : start + size], atol=1e-10)
        start += size


@torch.no_grad()
def test_documents_may_have_different_lengths_and_leave(model):
    documents = [list(range(1, 12)), [20, 21], list(range(40, 49))]
    starts = [7, 1, 2]
    cache = cache_for(model, 3)
    model(Batch.of([document[:start] for document, start in zip(documents, starts, strict=True)]), cache=cache)
    cache.keep([2, 0])
    assert cache.lengths == [2, 7]
    rest = model(Batch.of([documents[2][2:], documents[0][7:]]), cache=cache)
    alone = [model(Batch.of([documents[2]]))[2:], model(Batch.of([documents[0]]))[7:]]
    assert torch.allclose(rest, torch.cat(alone), atol=1e-10)
    assert cache.lengths == [9, 11]


def test_a_bidirectional_model_has_no_cache():
    config = ModelConfig.from_depth(2, layout="eurobert", vocab_size=60, mask_id=3)
    with pytest.raises(ValueError, match="bidirectional"):
        KeyValueCache(config, 1)
