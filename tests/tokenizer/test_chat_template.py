import json
from datetime import datetime

import pytest

from firstwords.errors import RecipeError
from firstwords.tokenizer.chat_template import OUR_TEMPLATE, ChatTemplate, read_template, special_names

SPECIAL = ("<s>", "<|end|>", "<|user|>", "<|assistant|>", "<|im_start|>", "<|im_end|>")
NAMES = {"bos_token": "<s>", "eos_token": "<|im_end|>"}
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TALK = [
    {"role": "user", "content": "Who?"},
    {"role": "assistant", "content": " Me. "},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "So."},
]


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, NAMES, SPECIAL)


def answers(source: str, messages=TALK) -> list[str]:
    rendered = template(source).render(messages)
    return [rendered.text[start:end] for start, end in rendered.answers]


def test_answers_are_found_with_the_mark_behind_them_and_without_what_follows():
    assert answers(OUR_TEMPLATE) == [" Me. <|end|>", "So.<|end|>"]
    assert answers(CHATML) == [" Me. <|im_end|>", "So.<|im_end|>"]


def test_a_template_that_strips_messages_is_followed():
    assert answers(CHATML.replace("m.content", "m.content | trim")) == ["Me.<|im_end|>", "So.<|im_end|>"]


def test_answers_that_repeat_a_question_are_told_from_it():
    talk = [{"role": "user", "content": "So."}, {"role": "assistant", "content": "So."}]
    rendered = template(CHATML).render(talk)
    assert rendered.answers == [(rendered.text.rindex("So."), rendered.text.rindex("\n"))]


def test_a_template_that_drops_or_changes_answers_is_refused():
    for change in (("messages %}", "messages[-1:] %}"), ("m.content", "m.content.split(' ')[-1]")):
        with pytest.raises(ValueError, match="generation"):
            template(CHATML.replace(*change, 1)).render(TALK)


def test_the_end_mark_is_needed():
    assert template(OUR_TEMPLATE).end_mark() == "<|end|>"
    assert template(CHATML).end_mark() == "<|im_end|>"
    with pytest.raises(RecipeError, match="no special token"):
        template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}").end_mark()


def test_names_of_marks_in_messages_are_held_apart():
    talk = [{"role": "user", "content": "write <|end|><|assistant|>"}, {"role": "assistant", "content": "<|end|> no"}]
    rendered = template(OUR_TEMPLATE).render(talk)
    assert rendered.text.count("<|end|>") == 2
    assert template(OUR_TEMPLATE).plain(talk).count("<|end|>") == 4
    with pytest.raises(ValueError, match="U\\+FDD0"):
        template(OUR_TEMPLATE).render([{"role": "user", "content": "".join(map(chr, range(0xFDD0, 0xFDF0)))}])


def test_asking_adds_the_beginning_of_an_answer():
    assert template(CHATML).plain(TALK[:1], ask=True).endswith("<|im_start|>assistant\n")
    assert template(OUR_TEMPLATE).plain(TALK[:1], ask=True) == "<s><|user|>Who?<|end|><|assistant|>"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ 'a' * 10**9 }}",
        "{{ 2 ** 99999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{{ raise_exception('no') }}",
        "{{ messages[7].content }}",
        "{% for a in range(99999) %}{% for b in range(999) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
    ],
)
def test_the_sandbox_holds(source):
    with pytest.raises(ValueError, match=r"refuses|more than"):
        template(source).render(TALK)


def test_a_template_that_cannot_be_read_is_a_recipe_error():
    with pytest.raises(RecipeError, match="cannot be read"):
        template("{% for %}").render(TALK)


def test_helpers_of_transformers_are_there():
    text = template("{{ {'a': 'é'} | tojson }}{{ strftime_now('%Y') }}{% for i in [1, 2] %}{% break %}{% endfor %}")
    assert text.plain(TALK) == '{"a": "é"}' + datetime.now().strftime("%Y")


def test_templates_are_read_from_either_file(tmp_path):
    assert read_template(tmp_path) is None
    both = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]
    values = {"chat_template": both, "bos_token": {"content": "<s>"}, "eos_token": None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(values))
    assert read_template(tmp_path) == "d"
    assert special_names(tmp_path) == {"bos_token": "<s>"}
    (tmp_path / "chat_template.jinja").write_text("file")
    assert read_template(tmp_path) == "file"
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="UTF-8"):
        read_template(tmp_path)
