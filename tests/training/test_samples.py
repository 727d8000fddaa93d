"""Samples depend on weights and seed only, and come in the shape of the model."""

import runpy
from pathlib import Path

import pytest

from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model
from firstwords.training.packed_examples import PackedExamples
from firstwords.training.samples import PROMPT_TOKENS, sampler

STORE = runpy.run_path(str(Path(__file__).parent / "tiny_store.py"))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    tokenizer = STORE["make_store"](folder)
    return tokenizer, PackedExamples(folder / "tokens", "validation", 32)


def make(store, causal, hybrid=False):
    tokenizer, held_out = store
    config = ModelConfig.from_depth(
        1,
        layout="llama" if hybrid else "qwen3" if causal else "eurobert",
        hybrid=hybrid,
        vocab_size=tokenizer.vocab_size,
        width=32,
        num_heads=2,
        context=32,
        pad_id=tokenizer.pad,
        bos_id=tokenizer.end_of_text,
        eos_id=tokenizer.end_of_text,
        mask_id=tokenizer.mask,
    )
    return Model(config, LanguageModelHead(config)).eval(), sampler(tokenizer, held_out, config=config, seed=1)


def test_a_causal_model_begins_and_continues(store):
    model, sample = make(store, True)
    first = sample(model, 1)
    assert first == sample(model, 2)
    assert first[0]["prompt"] == ""
    beginning = " ".join(text for _, text in STORE["documents"](60, 1))
    assert beginning.startswith(first[1]["prompt"])
    assert 0 < len(store[0].encode(first[1]["prompt"])) <= PROMPT_TOKENS
    assert all(isinstance(each["text"], str) and each["text"] for each in first)


def test_a_masked_model_fills_gaps(store):
    model, sample = make(store, False)
    (first,) = sample(model, 1)
    assert first["prompt"].count("<|mask|>") == 4  # every seventh of 31 words
    assert "<|mask|>" not in first["text"]
    before = first["prompt"].split("<|mask|>")[0]
    assert first["text"].startswith(before)


def test_without_held_out_text_it_still_writes(store):
    tokenizer, _ = store
    model, _ = make(store, True)
    assert len(sampler(tokenizer, [], config=model.config, seed=1)(model, 1)) == 2


def test_a_hybrid_does_both(store):
    model, sample = make(store, True, hybrid=True)
    written = sample(model, 1)
    assert len(written) == 3
    assert "<|mask|>" in written[2]["prompt"] and "<|mask|>" not in written[2]["text"]
