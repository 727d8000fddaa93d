"""The commands that look at data, as a user types them."""

import json
import os
import subprocess
import sys

import pytest

from firstwords.corpus import commands
from firstwords.corpus.commands import show_document, show_scores
from firstwords.overview import find_artifact


def show(tiny, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firstwords", "show", *arguments, "--artifacts", str(tiny)]
    environ = os.environ | {"COLUMNS": "80"} | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)


def test_notes_go_beside_the_results(tiny, capsys) -> None:
    artifact = find_artifact("tiny/clean", tiny)
    artifact.manifest["ingredients"]["configuration"]["steps"][1]["kind"] = "my_lab.gone:Filter"
    show_scores(artifact, ("language",), (), True)
    printed = capsys.readouterr()
    assert "bounds are not known" in printed.err
    assert json.loads(printed.out)["scores"][0]["bounds_known"] is False


def test_what_a_document_says_cannot_command_the_terminal(tiny, capsys, monkeypatch) -> None:
    monkeypatch.setattr(commands, "lines", lambda each: iter(["\x1b[2Jgone"]))
    show_document("tiny", "https://b.example/bread", 0, False, tiny)
    assert capsys.readouterr().out == "\ufffd[2Jgone\n"


@pytest.mark.slow
def test_scores_and_documents_are_shown_as_text_and_as_json(tiny) -> None:
    ended = show(tiny, "tiny/clean", "--scores", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.isascii()
    assert max(map(len, ended.stdout.splitlines())) <= 80
    ended = show(tiny, "tiny/clean", "--scores", "--rule", "words", "--at", "70", "--json")
    assert [c["bounds"] for c in json.loads(ended.stdout)["scores"][0]["at"]] == [[50, 100000], [70, 100000]]
    ended = show(tiny, "tiny/clean", "--scores", "--at", "70")
    assert ended.returncode == 2
    assert "--at needs one rule" in ended.stderr
    ended = show(tiny, "tiny/clean", "--document", "https://c.example/short")
    assert "Not in the corpus: clean: dropped by gopher_quality.words" in ended.stdout
    ended = show(tiny, "tiny", "--document", "https://c.example/short", "--json")
    assert json.loads(ended.stdout)[0]["kept"] is False
