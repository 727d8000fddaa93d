import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.inference.infilling import fill_between, fill_masks
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

TEXT = "the cat sat on the mat and the dog sat on the cat " * 20
TOKENIZER = ByteBPE(vocab_size=300).train([[TEXT]], 300)


def make_model(context=32):
    config = ModelConfig.from_depth(
        2,
        layout="eurobert",
        vocab_size=TOKENIZER.vocab_size,
        width=32,
        num_heads=2,
        context=context,
        mask_id=TOKENIZER.mask,
    )
    return Model(config, make_head("language_model", config)).eval()


def prefer(model, text):
    """Make the model predict one token everywhere, special tokens even more."""
    (wanted,) = TOKENIZER.encode(text)
    with torch.no_grad():
        model.backbone.norm.weight.zero_()
        model.backbone.norm.weight[0] = 1.0
        model.backbone.embed_tokens.weight[:, 0] = 1.0
        model.head.lm_head.weight.zero_()
        model.head.lm_head.weight[wanted, 0] = 5.0
        model.head.lm_head.weight[[TOKENIZER.mask, TOKENIZER.pad, TOKENIZER.end_of_text], 0] = 9.0


def test_masks_are_filled_and_special_tokens_never_chosen():
    model = make_model()
    prefer(model, " cat")
    assert fill_masks(model, TOKENIZER, "the<|mask|> sat on<|mask|>") == "the cat sat on cat"


def test_a_text_without_masks_comes_back():
    assert fill_masks(make_model(), TOKENIZER, "the dog sat") == "the dog sat"


def test_a_long_text_loses_its_front_only():
    model = make_model()
    prefer(model, " cat")
    filled = fill_masks(model, TOKENIZER, TEXT + "the<|mask|>")
    assert filled.endswith("the cat")
    assert len(TOKENIZER.encode(filled)) <= 32


def make_hybrid():
    config = ModelConfig.from_depth(
        2,
        layout="llama",
        hybrid=True,
        vocab_size=TOKENIZER.vocab_size,
        width=32,
        num_heads=2,
        context=32,
        mask_id=TOKENIZER.mask,
    )
    return Model(config, make_head("language_model", config)).eval()


def test_a_hybrid_fills_masks_from_the_place_before():
    model = make_hybrid()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        ids = [TOKENIZER.end_of_text, *TOKENIZER.encode("the"), TOKENIZER.mask, *TOKENIZER.encode(" sat")]
        logits = model(Batch.of([ids], num_causal=0))[1]
    logits[[TOKENIZER.mask, TOKENIZER.pad, TOKENIZER.end_of_text]] = -torch.inf
    expected = "the" + TOKENIZER.decode([int(logits.argmax())]) + " sat"
    assert fill_masks(model, TOKENIZER, "the<|mask|> sat") == expected


INFILLING = ByteBPE(infilling=True).train([[TEXT]], 300)


def make_filler(context=32):
    config = ModelConfig.from_depth(
        2, layout="qwen3", vocab_size=INFILLING.vocab_size, width=32, num_heads=2, context=context
    )
    return Model(config, make_head("language_model", config)).eval()


@pytest.mark.parametrize("suffix_first", [False, True])
def test_the_middle_is_asked_for_in_the_order_of_training(monkeypatch, suffix_first):
    shown = []

    def generate(model, prompts, *, max_tokens, sampling, seed, stop):
        shown.extend(prompts)
        assert stop == {INFILLING.end_of_text, INFILLING.pad, INFILLING.mask, first, first + 1, first + 2}
        return [INFILLING.encode(" cat")]

    first = INFILLING.infilling
    monkeypatch.setattr("firstwords.inference.infilling.generate", generate)
    middle = fill_between(make_filler(), INFILLING, "the", " sat on", max_tokens=4, suffix_first=suffix_first)
    assert middle == " cat"
    before, after = INFILLING.encode("the"), INFILLING.encode(" sat on")
    orders = {
        False: [first, *before, first + 1, *after, first + 2],
        True: [first, first + 1, *after, first + 2, *before],
    }
    assert shown == [[INFILLING.end_of_text, *orders[suffix_first]]]


def test_long_sides_lose_what_is_farthest_away(monkeypatch):
    shown = []

    def generate(model, prompts, **_):
        shown.extend(prompts[0])
        return [[]]

    monkeypatch.setattr("firstwords.inference.infilling.generate", generate)
    fill_between(make_filler(), INFILLING, "the dog" * 40, " sat on the mat" * 40, max_tokens=8)
    assert len(shown) + 8 == 32
    first = INFILLING.infilling
    prefix = shown[2 : shown.index(first + 1)]
    suffix = shown[shown.index(first + 1) + 1 : shown.index(first + 2)]
    assert INFILLING.encode("the dog" * 40)[-len(prefix) :] == prefix
    assert INFILLING.encode(" sat on the mat" * 40)[: len(suffix)] == suffix
    assert abs(len(prefix) - len(suffix)) <= 1


def test_a_model_that_did_not_learn_it_and_no_room_are_refused():
    with pytest.raises(RecipeError, match="did not learn to fill in the middle"):
        fill_between(make_model(), TOKENIZER, "a", "b")
    with pytest.raises(RecipeError, match="no room"):
        fill_between(make_filler(), INFILLING, "a", "b", max_tokens=30)
