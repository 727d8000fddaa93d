import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.inference.generate import generate, num_forgotten, stream
from firstwords.inference.sampling import GREEDY, Sampling
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import save_folder
from firstwords.model.transformer import Model

CONTEXT = 48
DRAWN = Sampling(temperature=0.9, top_k=30, top_p=0.95)


def make_model(layout):
    config = ModelConfig.from_depth(
        2, layout=layout, vocab_size=90, width=64, num_heads=4, num_kv_heads=2, context=CONTEXT, pad_id=1, eos_id=2
    )
    model = Model(config, make_head("language_model", config)).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)
    return model


@pytest.fixture(scope="module", params=["qwen3", "llama"])
def model(request):
    return make_model(request.param)


def prompts(count):
    draws = random.Random(0)
    return [[draws.randrange(3, 90) for _ in range(draws.randrange(1, CONTEXT))] for _ in range(count)]


@pytest.mark.parametrize("sampling", [GREEDY, DRAWN])
def test_the_cache_changes_no_token(model, sampling):
    """Also where the text outgrows the context and where texts end at different times."""
    options = {"max_tokens": 60, "sampling": sampling, "seed": 3, "stop": {2, 5, 7}}
    with_cache = generate(model, prompts(12), **options)
    assert with_cache == generate(model, prompts(12), use_cache=False, **options)
    assert len({len(each) for each in with_cache}) > 3


@pytest.mark.parametrize("layout", ["qwen3", "llama"])
def test_greedy_tokens_are_those_of_transformers(tmp_path, layout):
    transformers = pytest.importorskip("transformers")
    model = make_model(layout)
    save_folder(tmp_path / "m", model)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    some = prompts(20)
    for prompt in some:
        count = CONTEXT - len(prompt)
        expected = theirs.generate(torch.tensor([prompt]), max_new_tokens=count, do_sample=False)[
            0, len(prompt) :
        ].tolist()
        expected = expected[: expected.index(2)] if 2 in expected else expected
        assert generate(model, [prompt], max_tokens=count, stop={2}) == [expected]


def test_a_prompt_has_its_own_stream_of_draws(model):
    options = {"max_tokens": 20, "sampling": DRAWN, "seed": 9}
    some = prompts(3)
    together = generate(model, some, **options)
    assert together == [generate(model, [each], **options)[0] for each in some]
    assert together[::-1] == generate(model, some[::-1], **options)
    assert generate(model, [some[0]] * 2, **options)[0] != generate(model, [some[0]] * 2, **options)[1]
    assert generate(model, some, **options) == generate(model, some, **options)
    assert generate(model, some, **options) != generate(model, some, **(options | {"seed": 10}))


def test_streaming_gives_the_same_tokens(model):
    options = {"max_tokens": 30, "sampling": DRAWN, "seed": 1, "stop": {2, 5, 7, 9, 11}}
    for prompt in prompts(5):
        assert list(stream(model, prompt, **options)) == generate(model, [prompt], **options)[0]


def test_a_stop_token_ends_and_is_left_out(model):
    (tokens,) = generate(model, [[3, 4]], max_tokens=20)
    stop = tokens[4]
    assert generate(model, [[3, 4]], max_tokens=20, stop={stop})[0] == tokens[: tokens.index(stop)]


@pytest.mark.parametrize("sampling", [GREEDY, DRAWN, Sampling(min_p=0.1, repetition_penalty=1.3)])
def test_a_prompt_among_others_goes_on_as_it_does_alone(model, sampling):
    """Neighbours of other lengths, that end earlier or outgrow the context, leave no trace."""
    options = {"max_tokens": 40, "sampling": sampling, "seed": 4, "stop": {2, 5}}
    some = prompts(16)
    assert generate(model, some, **options) == [generate(model, [each], **options)[0] for each in some]


def test_a_continuation_ends_where_it_is_told_to(model):
    (tokens,) = generate(model, [[3, 4]], max_tokens=20)
    (short,) = generate(model, [[3, 4]], max_tokens=20, ended=lambda text: len(text) == 4)
    assert short == tokens[:4]


def test_an_empty_prompt_is_refused(model):
    with pytest.raises(ValueError, match="end-of-text"):
        generate(model, [[3], []], max_tokens=1)


@given(length=st.integers(0, 500), context=st.integers(1, 60))
def test_what_stays_fits_and_is_at_least_half(length, context):
    visible = length - num_forgotten(length, context)
    assert visible <= context
    assert visible == length or visible > context - max(1, context // 2) - 1
