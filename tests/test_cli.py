"""The command line as a user meets it: exit codes, streams, no stack traces."""

import json
import subprocess
import sys

import pytest


def firstwords(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firstwords", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)


@pytest.mark.parametrize(
    ("recipe", "arguments", "parts"),
    [
        ("[clean]\nstepz = []\n", [], ["r.toml", "clean.stepz", "Did you mean 'steps'"]),
        ('[collect]\nsources = "web"\n', [], ["r.toml", "collect.sources"]),
        ('[collect]\nsources = [{ kind = "websit", start = [] }]\n', [], ["collect.sources.0", "'website'"]),
        ('[collect]\nsources = [{ kind = "warc", path = "none.warc" }]\n', [], ["collect.sources.0.path", "none.warc"]),
        ('[pretrain.a]\nbudget = "fast"\n', [], ["pretrain.a.budget", "is not a duration"]),
        ('[finetune.a]\nbase = "pretrain.b"\n', [], ["finetune.a"]),
        ("[clean]\n", [], ["[collect]"]),
        ("[clean\n", [], ["not valid TOML"]),
        ("[clean]\n", ["clean.nothing=3"], ["clean.nothing", "unknown field"]),
        ('[collect]\nsources = ["python_documentation"]\n', ["--until", "dinner"], ["dinner", "no such stage"]),
    ],
)
def test_a_wrong_recipe_ends_with_2_and_a_message(
    tmp_path, recipe: str, arguments: list[str], parts: list[str]
) -> None:
    (tmp_path / "r.toml").write_text(recipe)
    ended = firstwords("run", "r.toml", *arguments, cwd=tmp_path)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    for part in parts:
        assert part in ended.stderr
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "none.toml"],
        ["rum"],
        ["show", "nothing"],
        ["chat", "nothing/here"],
        ["run", "--untill", "x", "r"],
    ],
)
def test_wrong_usage_ends_with_2(tmp_path, arguments: list[str]) -> None:
    ended = firstwords(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert ended.stderr


def test_an_unknown_pool_is_refused_before_anything_is_made(tmp_path) -> None:
    (tmp_path / "r.toml").write_text('[collect]\nsources = [{ kind = "python_documentation" }]\n')
    ended = firstwords("run", "r.toml", "--pool", "rya", cwd=tmp_path)
    assert ended.returncode == 2 and "Did you mean 'ray'" in ended.stderr
    assert [place.name for place in tmp_path.iterdir()] == ["r.toml"]


def test_plan_writes_nothing_and_is_machine_readable(tmp_path) -> None:
    (tmp_path / "r.toml").write_text('[collect]\nsources = [{ kind = "python_documentation" }]\n[clean]\n')
    ended = firstwords("plan", "r.toml", "--json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    steps = json.loads(ended.stdout)
    assert [s["name"] for s in steps] == ["collect", "extract", "clean"]
    assert all(s["status"] == "run" and s["identity"] for s in steps)
    assert [p.name for p in tmp_path.iterdir()] == ["r.toml"]


def test_help_loads_no_heavy_library() -> None:
    code = "import sys, firstwords.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in ('torch', 'pyarrow', 'numba', 'transformers') if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_the_schema_is_json() -> None:
    schema = json.loads(firstwords("schema").stdout)
    assert "clean" in schema["properties"]
