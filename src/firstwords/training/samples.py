"""What a model writes while it learns, always from the same beginnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from firstwords.inference.generate import generate
from firstwords.inference.infilling import fill_masks
from firstwords.inference.sampling import Sampling
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.training.packed_examples import PackedExamples

NUM_TOKENS = 64
PROMPT_TOKENS = 12
# Of a held-out passage, every seventh token is hidden: about the 15 % at which masked models are measured.
MASK_EVERY = 7
SAMPLING = Sampling(temperature=0.8, top_p=0.95)


def sampler(
    tokenizer: Tokenizer, held_out: PackedExamples, *, config: ModelConfig, seed: int
) -> Callable[[nn.Module, int], list[dict[str, Any]]]:
    """A function that makes samples of a model after a step.

    A causal model writes one text from nothing and continues a held-out passage; a masked model fills the gaps of that
    passage; a hybrid does both. The same weights and step give the same samples.

    Args:
        tokenizer: Of the model.
        held_out: The passage is the beginning of its first row.
        config: Which of the two the model is.
        seed: Of the draws.
    """
    passage = held_out[0].input_ids.tolist() if len(held_out) else [tokenizer.end_of_text]

    def continue_texts(model: nn.Module, step: int) -> list[dict[str, Any]]:
        assert isinstance(model, Model)
        prompts = [[tokenizer.end_of_text], passage[:PROMPT_TOKENS]]
        written = generate(
            model, prompts, max_tokens=NUM_TOKENS, sampling=SAMPLING, seed=seed, stop=(tokenizer.end_of_text,)
        )
        return [
            {
                "prompt": tokenizer.decode(prompt, keep_special=False),
                "text": tokenizer.decode(text, keep_special=False),
            }
            for prompt, text in zip(prompts, written, strict=True)
        ]

    def fill_gaps(model: nn.Module, step: int) -> list[dict[str, Any]]:
        assert isinstance(model, Model)
        words = [token for token in passage[:NUM_TOKENS] if token != tokenizer.end_of_text]
        hidden = [tokenizer.mask if i % MASK_EVERY == MASK_EVERY - 1 else word for i, word in enumerate(words)]
        prompt = tokenizer.decode(hidden)
        return [{"prompt": prompt, "text": fill_masks(model, tokenizer, prompt)}]

    def both(model: nn.Module, step: int) -> list[dict[str, Any]]:
        return continue_texts(model, step) + fill_gaps(model, step)

    if config.hybrid:
        return both
    return continue_texts if config.causal else fill_gaps
