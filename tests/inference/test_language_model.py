import json

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.inference.language_model import LanguageModel
from firstwords.inference.sampling import Sampling
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import save_folder
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

TEXT = "Anna met Bob in Paris. The café was open; 日本語 too. " * 30
HEADS = {"language_model": ("language_model", "qwen3"), "masked": ("language_model", "eurobert")}
NAMES = {"tokens": ("O", "B-name", "I-name"), "sequence": ("bad", "good")}


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    tokenizer = ByteBPE(vocab_size=400).train([[TEXT]], 400)
    root = tmp_path_factory.mktemp("models")
    tokenizer.save(root / "tokenizer")

    def make(task, **given):
        head, layout = HEADS.get(task, (task, "eurobert"))
        config = ModelConfig.from_depth(
            2, layout=layout, vocab_size=tokenizer.vocab_size, width=64, num_heads=2, context=64,
            pad_id=tokenizer.pad, bos_id=tokenizer.end_of_text, eos_id=tokenizer.end_of_text,
            mask_id=tokenizer.mask, **given
        )  # fmt: skip
        model = Model(config, make_head(head, config, NAMES.get(task, ())))
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
        save_folder(root / task, model, tokenizer_folder=root / "tokenizer")
        return LanguageModel.load(root / task)

    return make


def test_the_task_is_that_of_the_head(load):
    assert [load(task).task for task in ("language_model", "masked", "tokens", "sequence")] == [
        "language_model", "masked", "tokens", "sequence",
    ]  # fmt: skip
    assert load("sequence").labels == ("bad", "good")


def test_generation_is_reproducible_and_streams_the_same_text(load):
    model = load("language_model")
    text = model.generate("Anna met", max_tokens=40, seed=4)
    assert text
    assert text == model.generate("Anna met", max_tokens=40, seed=4)
    assert text != model.generate("Anna met", max_tokens=40, seed=5)
    assert model.generate("", max_tokens=3, temperature=0) == model.generate("", max_tokens=3, temperature=0, seed=9)
    pieces = list(model.stream("Anna met", max_tokens=40, seed=4))
    assert len(pieces) > 5
    # Bytes that never become a character may be told apart differently, so only text without them must be equal.
    assert "".join(pieces).replace("\ufffd", "") == text.replace("\ufffd", "")


def test_a_text_ends_before_a_stop_string(load):
    model = load("language_model")
    options = {"max_tokens": 60, "seed": 4}
    text = model.generate("Anna met", **options)
    stop = text[9:12]
    expected = text[: text.index(stop)]
    assert model.generate("Anna met", stop=["never said", stop], **options) == expected
    assert "".join(model.stream("Anna met", stop=["never said", stop], **options)) == expected
    with pytest.raises(RecipeError, match="stop string is empty"):
        model.generate("Anna met", stop=[""])


def test_a_stream_never_cuts_a_character(load, monkeypatch):
    model = load("language_model")
    ids = model.tokenizer.encode("é日本語 ok")
    monkeypatch.setattr("firstwords.inference.text_stream.stream", lambda *_, **__: iter(ids))
    pieces = list(model.stream("x"))
    assert "".join(pieces) == "é日本語 ok"
    assert not any("\ufffd" in piece for piece in pieces)


def test_log_likelihood_is_defined_by_tokens_after_the_context(load):
    model = load("language_model")
    context, continuation = "Anna met", " Bob in Paris"
    ids = model.tokenizer.encode(context + continuation)
    given = len(model.tokenizer.encode(context))
    with torch.no_grad():
        logits = model.model(Batch.of([ids[:-1]])).double().log_softmax(-1)
    expected = sum(logits[place - 1, ids[place]].item() for place in range(given, len(ids)))
    assert model.log_likelihood(context, continuation) == pytest.approx(expected, abs=1e-5)
    assert isinstance(model.log_likelihood(context, continuation), float)


def test_an_empty_context_is_end_of_text(load):
    model = load("language_model")
    ids = model.tokenizer.encode("Bob in Paris")
    (tokens,) = model.token_log_likelihoods([ids])
    assert len(tokens) == len(ids)
    assert model.log_likelihood("", "Bob in Paris") == pytest.approx(tokens.sum(), abs=1e-5)
    assert model.log_likelihood("Bob", "") == 0.0


def test_log_likelihoods_add_up_over_a_long_text(load):
    model = load("language_model")
    (tokens,) = model.token_log_likelihoods([model.tokenizer.encode(TEXT)])
    assert len(tokens) == len(model.tokenizer.encode(TEXT))
    assert np.isfinite(tokens).all()
    assert (tokens < 0).all()


def test_pairs_are_scored_together_as_alone(load):
    model = load("language_model")
    pairs = [("Anna met", " Bob"), ("", "Paris"), ("The café was", " open; 日本語 too.")]
    assert model.log_likelihoods(pairs) == pytest.approx([model.log_likelihood(*pair) for pair in pairs], abs=1e-5)


def test_predictions_follow_the_head(load):
    labels = load("sequence").predict(["Anna met Bob", "", TEXT])
    assert len(labels) == 3
    assert set(labels) <= {"bad", "good"}
    probabilities = np.exp(load("sequence").label_log_probabilities(["Anna met Bob", TEXT]))
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])
    text = "Anna met Bob in Paris."
    for span in load("tokens").predict([text])[0]:
        assert span.type == "name"
        assert text[span.start : span.end] == span.text
    assert set(load("tokens").tags([["Anna", "met", "Bob"], []])[0]) <= {"O", "B-name", "I-name"}
    assert "<|mask|>" not in load("masked").predict(["Anna met<|mask|> in Paris"])[0]


def test_the_wrong_question_is_refused_by_name(load):
    with pytest.raises(RecipeError, match="this one has the task 'masked'"):
        load("masked").generate("x")
    with pytest.raises(RecipeError, match="this one has the task 'language_model'"):
        load("language_model").predict(["x"])
    with pytest.raises(RecipeError, match="this one has the task 'sequence'"):
        load("sequence").log_likelihood("a", "b")


def test_batched_generation_equals_single(load):
    model = load("language_model")
    greedy = Sampling(temperature=0)
    prompts = ["Anna", "The café", ""]
    together = model.generate_batch(prompts, 12, greedy)
    assert together == [model.generate(prompt, max_tokens=12, temperature=0) for prompt in prompts]


def test_a_tokenizer_larger_than_the_model_is_refused(load, tmp_path):
    model = load("language_model")
    model.tokenizer.save(tmp_path / "t")
    config = ModelConfig.from_depth(2, layout="qwen3", vocab_size=100, width=64, num_heads=2)
    save_folder(tmp_path / "m", Model(config, make_head("language_model", config)), tokenizer_folder=tmp_path / "t")
    with pytest.raises(RecipeError, match="the model only 100"):
        LanguageModel.load(tmp_path / "m")
    assert json.loads((tmp_path / "m" / "config.json").read_text())["vocab_size"] == 100
