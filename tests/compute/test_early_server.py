import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from firstwords.compute import early_server

pytestmark = pytest.mark.skipif(early_server.num_cores() < 2, reason="one core: nothing begins early")

HEAD = """
import os, sys, time
from multiprocessing import forkserver
from firstwords.compute import early_server
from firstwords.compute.pools.local import Local

def loaded(name):
    return name in sys.modules, os.environ["PYTHONHASHSEED"], os.getppid()

def ask(pool):
    found = {}
    pool.run(loaded, {"a": ("wave",), "b": ("wave",)}, lambda key, value: found.update({key: value}))
    return found

if __name__ == "__main__":
    early_server.begin()
    server = forkserver._forkserver._forkserver_pid
"""


def start(tmp_path, code):
    script = tmp_path / "script.py"
    script.write_text(HEAD + textwrap.indent(textwrap.dedent(code), "    "), encoding="utf-8")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)


def output(tmp_path, code):
    with start(tmp_path, code) as process:
        told = process.communicate(timeout=60)[0]
        assert process.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]  # the pipe is gone
    return told.splitlines()


def test_workers_come_from_the_early_server_and_have_what_was_told(tmp_path):
    lines = output(tmp_path, 'pool = Local(workers=2)\npool.prepare(("wave",))\nprint(ask(pool))\nprint(server)')
    assert lines[0] == str({key: (True, "0", int(lines[1])) for key in ("a", "b")})


def test_a_server_that_was_dismissed_ends_and_another_begins_where_it_is_needed_after_all(tmp_path):
    code = "early_server.dismiss()\npool = Local(workers=2)\nprint(ask(pool)['a'])\nprint(server)"
    lines = output(tmp_path, code)
    assert lines[0].startswith("(False, '0', ")
    assert lines[1] not in lines[0]


def test_one_worker_needs_no_server(tmp_path):
    (line,) = output(tmp_path, "Local(workers=1).prepare(('wave',))\nprint(os.waitpid(server, 0)[0] == server)")
    assert line == "True"


def is_running(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("wait", [0.0, 3.0], ids=["while it imports", "while it waits"])
def test_the_server_ends_with_a_run_that_is_killed_before_it_tells(tmp_path, wait):
    with start(tmp_path, "print(server, flush=True)\ntime.sleep(60)") as process:
        server = int(process.stdout.readline())
        time.sleep(wait)
        assert is_running(server)
        process.send_signal(signal.SIGKILL)
    for _ in range(300):
        if not is_running(server):
            break
        time.sleep(0.1)
    assert not is_running(server)
