import subprocess
import sys

import pytest

from firstwords import __main__


def test_only_a_run_begins_a_server(monkeypatch):
    from firstwords import cli
    from firstwords.compute import early_server, ranks

    called = []
    monkeypatch.setattr(early_server, "begin", lambda: called.append("begin"))
    monkeypatch.setattr(cli, "main", lambda: sys.exit(3))
    monkeypatch.setattr(ranks, "end_at_once", called.append)
    for arguments in (["firstwords", "run", "x.toml"], ["firstwords", "doctor"], ["firstwords"]):
        monkeypatch.setattr(sys, "argv", arguments)
        __main__.main()
    assert called == ["begin", 3, 3, 3]


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["run", "/no/such.toml"], 2), (["nonsense"], 2)])
def test_the_process_ends_with_the_code_of_the_command(arguments, code):
    done = subprocess.run(
        [sys.executable, "-m", "firstwords", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code
    assert done.stdout + done.stderr
    assert "Traceback" not in done.stderr
