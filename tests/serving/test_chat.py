import io
from types import SimpleNamespace

import pytest

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.inference.labelling import TextEntity
from firstwords.serving import chat


class Model:
    """Answers as a loaded model of a task would."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.fills_masks = False
        self.seeds: list[int] = []
        self.tokenizer = SimpleNamespace(template=None)
        self.asked: list[list[str]] = []
        self.room = 100

    def stream(self, text: str, *, seed: int, **options):
        self.seeds.append(seed)
        yield from ("a ", "new\x1b[2J", " list\n")

    def reply(self, messages, *, seed: int, **options):
        self.seeds.append(seed)
        forgotten = max(0, len(messages) - self.room)
        self.asked.append([message["content"] for message in messages[forgotten:]])
        return iter(["I ", "see\x1b"]), forgotten

    def entities(self, texts):
        return [[TextEntity("CLASS", "Parser", 4, 10)] if "Parser" in text else [] for text in texts]

    def predict(self, texts):
        return ["argparse" for _ in texts]


def conversation(monkeypatch, task: str) -> tuple[chat.Conversation, Model]:
    model = Model(task)
    monkeypatch.setattr("firstwords.inference.language_model.LanguageModel.load", lambda folder: model)
    return chat.Conversation("folder", max_tokens=5, temperature=0.8, seed=3), model


def answer(talk: chat.Conversation, text: str) -> str:
    output = io.StringIO()
    talk.answer(text, output)
    return output.getvalue()


def test_a_causal_model_continues_and_cannot_drive_the_terminal(monkeypatch) -> None:
    talk, model = conversation(monkeypatch, "language_model")
    assert answer(talk, "Return") == "a new\N{REPLACEMENT CHARACTER}[2J list\n\n"
    answer(talk, "Return")
    assert model.seeds == [3, 4]


def test_a_hybrid_continues_and_fills_masks(monkeypatch) -> None:
    talk, model = conversation(monkeypatch, "language_model")
    model.fills_masks = True
    assert answer(talk, "Return").startswith("a new")
    assert answer(talk, "Return <|mask|>") == "argparse\n"
    assert "fills in every <|mask|>" in talk.explanation


def test_a_tagger_lists_what_it_found(monkeypatch) -> None:
    talk, _ = conversation(monkeypatch, "tokens")
    assert answer(talk, "The Parser class") == "CLASS        Parser\n"
    assert answer(talk, "Nothing here") == "no names found\n"


def test_a_classifier_names_the_class(monkeypatch) -> None:
    talk, _ = conversation(monkeypatch, "sequence")
    assert answer(talk, "Parse the command line.") == "argparse\n"
    assert talk.explanation.startswith("It sorts")


def test_a_stage_without_a_model_is_refused(tmp_path) -> None:
    with pytest.raises(RecipeError, match="holds no model"):
        chat.model_folder(Artifact(name="clean", folder=tmp_path))


def taught(monkeypatch):
    talk, model = conversation(monkeypatch, "language_model")
    model.tokenizer.template = object()
    return talk, model


def test_a_model_that_answers_remembers_the_conversation(monkeypatch, capsys) -> None:
    talk, model = taught(monkeypatch)
    assert "remembers the conversation" in talk.explanation
    assert answer(talk, "one") == "I see\N{REPLACEMENT CHARACTER}\n"
    answer(talk, "two")
    assert model.asked[-1] == ["one", "I see\x1b", "two"]
    assert model.seeds == [3, 4]
    assert answer(talk, "/reset") == ""
    answer(talk, "three")
    assert model.asked[-1] == ["three"]
    assert "a new conversation" in capsys.readouterr().err


def test_a_system_message_is_set_and_taken_away(monkeypatch, capsys) -> None:
    talk, model = taught(monkeypatch)
    answer(talk, "/system Be brief.")
    answer(talk, "one")
    assert model.asked[-1] == ["Be brief.", "one"]
    answer(talk, "/system")
    answer(talk, "two")
    assert model.asked[-1] == ["two"]
    answer(talk, "/help")
    answer(talk, "/restart")
    assert "no command /restart. /reset begins anew" in capsys.readouterr().err
    answer(talk, "/etc/hosts is what?")
    assert model.asked[-1][-1] == "/etc/hosts is what?"


def test_what_no_longer_fits_is_forgotten_with_a_note(monkeypatch, capsys) -> None:
    talk, model = taught(monkeypatch)
    model.room = 3
    for text in ("one", "two", "three"):
        answer(talk, text)
    assert model.asked[-1] == ["two", "I see\x1b", "three"]
    assert "the oldest 2 messages no longer fit" in capsys.readouterr().err


@pytest.mark.parametrize("end", ["/quit", ""])
def test_a_line_that_ends_is_no_question(end, tmp_path, monkeypatch, capsys):
    asked = []
    model = SimpleNamespace(answer=lambda text, output: asked.append(text))
    monkeypatch.setattr(chat, "Conversation", lambda folder, **options: model)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"hello\n{end}\nmore\n"))
    chat.chat(tmp_path, once=None, seed=0)
    assert asked == ["hello"]
