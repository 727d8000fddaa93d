"""Running whole programs and watching them: seconds, processor time, memory of the process tree, foreign load."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.4
ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".bench"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A program that ended well.

    Attributes:
        seconds: From its start to its end.
        peak_bytes: Highest proportional set size of the process tree, sampled: shared pages count once.
        processor_seconds: Of the process tree, sampled.
        foreign_cores: Cores kept busy by others meanwhile, on average.
        output: Its standard output.
    """

    seconds: float
    peak_bytes: int
    processor_seconds: float
    foreign_cores: float
    output: str


def run(command: list[str], *, folder: Path, environment: dict[str, str] | None = None, limit: float = 1500) -> Ran:
    """Run a program to its end.

    Args:
        command: With its arguments.
        folder: Where it runs.
        environment: Added to ours.
        limit: Seconds after which it is killed.

    Raises:
        RuntimeError: If it fails; the message holds the end of its standard error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    busy, started = busy_seconds(), time.monotonic()
    with (folder / "stdout.txt").open("w+") as out, (folder / "stderr.txt").open("w+") as error:
        process = subprocess.Popen(
            command, stdout=out, stderr=error, cwd=folder, env=os.environ | (environment or {}), start_new_session=True
        )
        watch = _Watch(process.pid)
        watch.start()
        try:
            process.wait(timeout=limit)
        finally:
            watch.stop.set()
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()
        watch.join()
        seconds = time.monotonic() - started
        foreign = (busy_seconds() - busy - watch.processor_seconds) / seconds
        if process.returncode:
            error.seek(0)
            raise RuntimeError(f"{command[:4]}... exit {process.returncode}: {error.read()[-3000:]}")
        out.seek(0)
        return Ran(
            seconds=seconds,
            peak_bytes=watch.peak,
            processor_seconds=watch.processor_seconds,
            foreign_cores=max(0.0, foreign),
            output=out.read(),
        )


def run_recipe(
    recipe: Path,
    folder: Path,
    *overrides: str,
    workers: int = 2,
    threads: int | None = None,
    until: str | None = None,
) -> Ran:
    """Run a recipe of ours in a process of its own, its artifacts below `folder`."""
    command = [sys.executable, "-m", "firstwords", "run", str(recipe), *overrides]
    command += ["--artifacts", str(folder / "artifacts"), "--workers", str(workers)]
    command += ["--threads", str(threads)] if threads else []
    command += ["--until", until] if until else []
    return run(command, folder=folder, environment={"PYTHONPATH": str(ROOT / "src")})


def peer(name: str, requirements: list[str]) -> Path:
    """The interpreter of a virtual environment for a peer, made on first use.

    Args:
        name: Of the environment.
        requirements: What pip installs there, in this order.
    """
    home = ENVIRONMENTS / name
    wanted = "\n".join(requirements)
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin/pip"), "install", "-q", "--disable-pip-version-check"]
        for requirement in requirements:
            subprocess.run([*pip, *requirement.split()], check=True)
        stamp.write_text(wanted)
    return home / "bin/python"


def peer_version(python: Path, distribution: str) -> str:
    """The version of a distribution that a peer's environment has."""
    code = f"import importlib.metadata as m; print(m.version('{distribution}'))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


class _Watch(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.peak = 0
        self._pid = pid
        # Of every process that was ever seen: the children of a process that ends are counted nowhere else.
        self._seconds: dict[int, float] = {}

    @property
    def processor_seconds(self) -> float:
        """What the process tree has used, as far as the samples show."""
        return sum(self._seconds.values())

    def run(self) -> None:
        while not self.stop.wait(SAMPLE_SECONDS):
            tree = _tree(self._pid)
            self.peak = max(self.peak, sum(_proportional_bytes(pid) for pid in tree))
            self._seconds |= {pid: used for pid in tree if (used := _processor_seconds(pid)) is not None}


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += _tree(int(child))
    except OSError:
        pass
    return found


def _proportional_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _processor_seconds(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Processor time that all cores together have been busy since the machine started."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")
