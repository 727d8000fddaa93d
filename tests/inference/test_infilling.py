import torch

from firstwords.inference.infilling import fill_masks
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
