"""Commands that look at what is there: what they refuse, and what they print as JSON."""

import json
import subprocess
import sys

import pytest

from firstwords.looking import print_json


def firstwords(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firstwords", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--at", "50"], "needs --scores"),
        (["--scores", "--dropped"], "choose one"),
    ],
)
def test_questions_to_a_stage_that_contradict_are_refused(tmp_path, arguments: list[str], part: str) -> None:
    ended = firstwords("show", "quickstart/clean", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert part in ended.stderr


@pytest.mark.parametrize("command", ["show", "report", "card"])
def test_what_does_not_exist_is_a_message(tmp_path, command: str) -> None:
    done = firstwords(command, "nothing", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert "nothing" in done.stderr and "Traceback" not in done.stderr


def test_json_keeps_every_letter(capsys) -> None:
    print_json({"word": "été"})
    assert json.loads(capsys.readouterr().out) == {"word": "été"}
