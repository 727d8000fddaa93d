import runpy
from pathlib import Path

import pytest

from firstwords.data.conversation import as_messages
from firstwords.errors import RecipeError
from firstwords.inference.answering import end_ids, prompt_for
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
TALK = as_messages(
    [("system", "json"), ("user", "the list"), ("assistant", "of names"), ("user", "email"), ("assistant", "a value")]
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LanguageModel.load(TINY["answering_model"](tmp_path_factory.mktemp("m")).path("model"))


def test_the_oldest_turns_go_first_and_the_system_message_stays(model):
    question = [*TALK, {"role": "user", "content": "raise"}]
    whole = prompt_for(model.tokenizer, question, room=1000)
    assert whole.num_forgotten == 0
    assert model.tokenizer.decode(whole.ids).endswith("<|user|>raise<|end|><|assistant|>")
    shorter = prompt_for(model.tokenizer, question, room=len(whole.ids) - 1)
    assert shorter.num_forgotten == 2
    assert model.tokenizer.decode(shorter.ids).startswith("<|endoftext|><|system|>json<|end|><|user|>email")
    last = prompt_for(model.tokenizer, question, room=1)
    assert last.num_forgotten == 4
    with pytest.raises(ValueError, match="no question"):
        prompt_for(model.tokenizer, TALK[:1], room=100)


def test_a_reply_ends_at_the_end_mark(model, monkeypatch):
    end = model.tokenizer.special["<|end|>"]
    assert end_ids(model.tokenizer) == {end, model.tokenizer.end_of_text}
    written = [*model.tokenizer.encode("a list"), end, *model.tokenizer.encode("more")]
    seen = []

    def stream(_, prompt, *, stop, **options):
        seen.append(prompt)
        for token in written:
            if token in stop:
                return
            yield token

    monkeypatch.setattr("firstwords.inference.text_stream.stream", stream)
    pieces, forgotten = model.reply(TALK[:2], max_tokens=9, temperature=0.5)
    assert ("".join(pieces), forgotten) == ("a list", 0)
    assert model.tokenizer.decode(seen[0]).endswith("<|assistant|>")


def test_a_model_without_a_template_cannot_reply(tmp_path):
    plain = LanguageModel.load(TINY["causal_model"](tmp_path).path("model"))
    with pytest.raises(RecipeError, match="no chat template"):
        plain.reply(TALK[:2])


def test_long_conversations_are_scored_in_windows(model):
    long = [turn for _ in range(6) for turn in TALK[1:3]]
    assert model.config.context < 60
    once, six = model.answer_nats([TALK[1:3], long])
    assert six == pytest.approx(6 * once, rel=0.3)  # untrained: every token costs about the same
