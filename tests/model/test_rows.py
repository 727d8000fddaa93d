import pytest
import torch

from firstwords.model import bert, cross_entropy, operations, products, transformer
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.precision import set_precision
from firstwords.model.rows import array, goes_by_rows, parameter_array
from firstwords.model.transformer import Model

USERS = (bert, cross_entropy, operations, products, transformer)


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def model(layout, kv_heads=2):
    config = ModelConfig(
        layout=layout,
        vocab_size=61,
        num_layers=2,
        width=32,
        num_heads=4,
        num_kv_heads=kv_heads,
        head_size=8,
        mlp_width=48,
        context=64,
        mask_id=4 if layout == "eurobert" else None,
    )
    made = Model(config, LanguageModelHead(config), seed=3)
    with torch.no_grad():  # what writes into the stream begins at zero, which would hide most of a gradient
        for name, parameter in made.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                parameter.normal_(std=0.2, generator=torch.Generator().manual_seed(len(name)))
    return made


def gradients(made, batch):
    made.zero_grad()
    loss = made(batch, targets=batch.labels)
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in made.parameters())]


def batch_of(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    batch = Batch.of([torch.randint(5, 61, (length,), generator=generator).tolist() for length in lengths])
    return Batch(batch.input_ids, batch.bounds, batch.input_ids.roll(-1), batch.max_length)


@pytest.mark.parametrize(("layout", "kv_heads"), [("qwen3", 2), ("llama", 4), ("eurobert", 2)])
@pytest.mark.parametrize("lengths", [[16] * 3, [5, 20, 1, 9]])
def test_a_model_learns_the_same_by_rows(layout, kv_heads, lengths, one_thread, monkeypatch):
    made, batch = model(layout, kv_heads), batch_of(lengths)
    by_rows = gradients(made, batch)
    for user in USERS:
        monkeypatch.setattr(user, "goes_by_rows", lambda x: False)
    exact = gradients(made.double(), batch)
    for found, expected in zip(by_rows, exact, strict=True):
        assert (found - expected).norm() <= 1e-5 * expected.norm()


def test_half_precision_is_no_worse_by_rows(one_thread, monkeypatch):
    batches = [batch_of(lengths, seed) for lengths in ([16] * 3, [5, 20, 1, 9]) for seed in range(8)]
    made = model("qwen3")
    exact = [gradients(made.double(), batch) for batch in batches]
    set_precision(made.float(), "bfloat16")

    def error():
        pairs = [
            pair
            for batch, e in zip(batches, exact, strict=True)
            for pair in zip(gradients(made, batch), e, strict=True)
        ]
        return sum(((a - b).norm() / b.norm()).item() for a, b in pairs) / len(pairs)

    by_rows = error()
    for user in USERS:
        monkeypatch.setattr(user, "goes_by_rows", lambda x: False)
    assert by_rows < 1.05 * error()
    assert by_rows < 0.03


def test_the_same_bits_every_time(one_thread):
    made, batch = model("qwen3"), batch_of([5, 20, 1, 9])
    set_precision(made, "bfloat16")
    first, second = gradients(made, batch), gradients(made, batch)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_where_torch_does_better_or_tests_want_it_exact(one_thread):
    x = torch.ones(2, 4)
    assert goes_by_rows(x)
    assert goes_by_rows(x.bfloat16())
    assert not goes_by_rows(x.double())
    assert not goes_by_rows(x.to("meta"))
    with torch.no_grad():
        assert not goes_by_rows(x)
    torch.set_num_threads(2)
    assert not goes_by_rows(x)


def test_kernels_see_the_memory_of_a_tensor():
    x = torch.zeros(3, dtype=torch.bfloat16)
    array(x)[1] = 0x3F80
    assert x.tolist() == [0, 1, 0]
    assert array(torch.nn.Parameter(torch.ones(2))).tolist() == [1, 1]


def test_weights_can_still_be_freed_and_made_anew():
    weight = torch.nn.Parameter(torch.ones(2, 3))
    lent = parameter_array(weight)
    lent[1, 2] = 5
    assert weight[1, 2] == 5
    assert parameter_array(torch.ones(2).bfloat16()).tolist() == [0x3F80] * 2
    del lent
    weight.untyped_storage().resize_(0)
    weight.untyped_storage().resize_(24)
