import os
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.conversation import as_messages
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.tokenizer.conversation import (
    DoesNotFit,
    encode_conversation,
    encode_pieces,
    exchanges,
    with_template,
)
from firstwords.tokenizer.tokenizer import Tokenizer

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("chat")
    TINY["tokenizer"]().save(root / "base")
    with_template(root / "base", root / "ours")
    tokenizer = TINY["tokenizer"]().with_special(["<|im_start|>", "<|im_end|>"])
    tokenizer.save(root / "foreign")
    (root / "foreign" / "chat_template.jinja").write_text(CHATML)
    with_template(root / "foreign", root / "chatml")
    return root


@pytest.fixture(scope="module")
def ours(folder):
    return Tokenizer.load(folder / "ours")


def talk(*contents: str, system: str = ""):
    roles = ("user", "assistant")
    turns = [(roles[n % 2], content) for n, content in enumerate(contents)]
    return as_messages([("system", system), *turns] if system else turns)


def supervised(tokenizer, encoded) -> str:
    return tokenizer.decode(encoded.ids[encoded.learnt])


def test_a_base_without_a_template_gets_ours_and_its_marks(folder, ours):
    base = Tokenizer.load(folder / "base")
    assert base.template is None
    assert ours.vocab_size == base.vocab_size + 5
    assert ours.encode("a list <|end|>") == base.encode("a list <|end|>")


def test_a_base_with_a_template_keeps_it_and_its_vocabulary(folder):
    chatml = Tokenizer.load(folder / "chatml")
    assert chatml.template.source == CHATML
    assert chatml.vocab_size == Tokenizer.load(folder / "foreign").vocab_size
    encoded = encode_conversation(chatml, talk("the list", " of names ", "json", "email"))
    assert supervised(chatml, encoded) == " of names <|im_end|>email<|im_end|>"


TEXTS = st.text(
    st.one_of(st.sampled_from([*"ab \n\t.é漢🙂"]), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=30
)
FORGED = st.lists(st.one_of(TEXTS, st.sampled_from(["<|end|>", "<|assistant|>", "<|endoftext|>"])), min_size=1).map(
    "".join
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FORGED, FORGED), min_size=1, max_size=3), st.one_of(st.just(""), FORGED))
def test_what_is_learnt_decodes_to_the_answers_and_their_ends(ours, turns, system):
    encoded = encode_conversation(ours, talk(*(text for pair in turns for text in pair), system=system))
    assert supervised(ours, encoded) == "".join(f"{answer}<|end|>" for _, answer in turns)
    # However many marks the messages name, each turn ends once.
    ends = (encoded.ids == ours.special["<|end|>"]).sum()
    assert ends == 2 * len(turns) + bool(system)
    assert (encoded.ids == ours.end_of_text).sum() == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_transformers_gives_the_same_ids_and_the_same_mask(folder, ours, turns):
    theirs = transformers_tokenizer(folder / "ours")
    messages = talk(*(text for pair in turns for text in pair))
    if any(name in message["content"] for message in messages for name in ours.special):
        return
    found = theirs.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    encoded = encode_conversation(ours, messages)
    assert found["input_ids"] == encoded.ids.tolist()
    assert found["assistant_masks"] == encoded.learnt.astype(int).tolist()


LOADED: dict = {}


def transformers_tokenizer(folder):
    transformers = pytest.importorskip("transformers")
    if folder not in LOADED:
        LOADED[folder] = transformers.AutoTokenizer.from_pretrained(folder)
    return LOADED[folder]


REAL = [
    ("instructions", "inst-llamafactory-demo/alpaca_en_demo.json.xz"),
    ("instructions", "inst-dolly-hhrlhf-small/dolly_hhrlhf_train_small.jsonl.xz"),
    ("instructions", "inst-self-instruct-seed/seed_tasks.jsonl"),
    ("instructions", "inst-codealpaca/new_codealpaca.json.xz"),
    ("conversations", "inst-llamafactory-demo/glaive_toolcall_en_demo.json.xz"),
]


@pytest.mark.parametrize(("kind", "path"), REAL)
@pytest.mark.parametrize("which", ["ours", "chatml"])
@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="needs FIRSTWORDS_DATA")
def test_every_real_example_is_rendered_as_transformers_does(folder, kind, path, which, every):
    from firstwords.find import find

    theirs, tokenizer = transformers_tokenizer(folder / which), Tokenizer.load(folder / which)
    parts = build(find("data.datasets", kind), {"paths": [f"$FIRSTWORDS_DATA/{path}"]}).parts()
    records = [record for part in parts.values() for record in part][::every]
    end = tokenizer.template.end_mark()
    for record in records:
        messages = as_messages(record.messages)
        encoded = encode_conversation(tokenizer, messages)
        assert theirs.apply_chat_template(messages, return_dict=True)["input_ids"] == encoded.ids.tolist()
        wanted = "".join(m["content"] + end for m in messages if m["role"] == "assistant")
        got = supervised(tokenizer, encoded)
        # ChatML puts a line break before an answer; one that begins with another shares its token.
        assert got == wanted if which == "ours" else got.replace("\n", "") == wanted.replace("\n", "")


def test_a_long_conversation_is_cut_between_turns_and_learnt_once(ours):
    texts = [text for n in range(6) for text in (f"the list {n}", f"json email {n}")]
    messages = talk(*texts, system="names")
    pieces, left_out = encode_pieces(ours, messages, context=40)
    assert left_out == 0 and len(pieces) > 1
    assert all(len(piece.ids) <= 41 for piece in pieces)
    assert all(ours.decode(piece.ids).startswith("<|endoftext|><|system|>names<|end|><|user|>") for piece in pieces)
    whole = encode_conversation(ours, messages)
    assert "".join(supervised(ours, piece) for piece in pieces) == supervised(ours, whole)


def test_an_exchange_that_is_too_long_is_left_out_alone(ours):
    messages = talk("the list", "of names", "json " * 60, "email", "raise", "error")
    pieces, left_out = encode_pieces(ours, messages, context=40)
    assert left_out == 1
    assert "".join(supervised(ours, piece) for piece in pieces) == "of names<|end|>error<|end|>"
    with pytest.raises(DoesNotFit):
        encode_pieces(ours, messages[2:4], context=40)


def test_exchanges_begin_with_questions_and_keep_tools_with_them():
    turns = [("system", "s"), ("user", "a"), ("assistant", "call"), ("tool", "r"), ("assistant", "b"), ("user", "c")]
    system, groups = exchanges(as_messages(turns))
    assert [m["content"] for m in system] == ["s"]
    assert [[m["content"] for m in group] for group in groups] == [["a", "call", "r", "b"], ["c"]]


def test_what_cannot_be_done_is_said(ours, folder):
    with pytest.raises(RecipeError, match="no chat template"):
        encode_conversation(Tokenizer.load(folder / "base"), talk("a", "b"))
    with pytest.raises(ValueError, match="unknown role: poet"):
        encode_conversation(ours, [{"role": "poet", "content": "a"}])
    assert np.array_equal(encode_conversation(ours, talk("a"), ask=True).learnt, [False] * 5)
