import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstwords.data.crawl.documentation_server import DocumentationServer
from firstwords.data.crawl.fetch import FetchFailed


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
        return False


def wait_for_end(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_it_shows_modules_and_topics() -> None:
    with DocumentationServer() as server:
        assert b"JSONDecoder" in server.fetch("pydoc:///json").body
        assert b"assert_stmt" in server.fetch("pydoc:///topic?key=assert").body
        folder, pid = server.folder, server.pid
        assert os.listdir(folder) == []
    assert wait_for_end(pid) and not os.path.exists(folder)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_the_child_knows_nothing_of_its_surroundings(monkeypatch) -> None:
    monkeypatch.setenv("PLANTED_VARIABLE", "planted-value")
    with DocumentationServer() as server:
        pid = server.pid
        assert b"planted" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert os.readlink(f"/proc/{pid}/cwd") == os.path.realpath(server.folder)
        assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:-1] == [
            b"-I",
            b"-S",
            b"-m",
            b"pydoc",
            b"-p",
            b"0",
        ]
        assert b"planted" not in server.fetch("pydoc:///os").body


@pytest.mark.parametrize(
    ("sign", "reason"), [(signal.SIGKILL, {"unreachable", "malformed"}), (signal.SIGSTOP, {"timeout"})]
)
def test_a_server_that_dies_or_hangs_is_replaced(sign, reason) -> None:
    with DocumentationServer(deadline=1.0) as server:
        first = server.pid
        os.kill(first, sign)
        with pytest.raises(FetchFailed) as caught:
            server.fetch("pydoc:///json")
        assert caught.value.reason in reason
        server.deadline = 20.0
        assert b"JSONDecoder" in server.fetch("pydoc:///json").body
        assert server.starts == 2 and wait_for_end(first)


def test_the_server_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time\nfrom firstwords.data.crawl.documentation_server import DocumentationServer\n"
        "with DocumentationServer() as server:\n    print(server.pid, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    assert wait_for_end(pid)
