"""The same bytes with any pool and any number of workers, and when one pool ends what another began."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pools")]
NUM_FILES, DOCUMENTS_A_FILE, WORDS = 8, 900, 260
# Enough that clean and deduplicate share their work (`clean.SMALL_BYTES`), with all kinds of duplicates.
RECIPE = """
name = "pools"
[collect]
sources = [{ kind = "jsonl", path = "corpus" }]
[[clean.steps]]
kind = "unicode"
[[clean.steps]]
kind = "gopher_repetition"
[[clean.steps]]
kind = "personal_data"
[deduplicate]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a recipe and its corpus."""
    folder = tmp_path_factory.mktemp("pools")
    (folder / "r.toml").write_text(RECIPE)
    (folder / "corpus").mkdir()
    chance = random.Random(5)
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(20_000)]
    texts: list[str] = []
    for number in range(NUM_FILES):
        lines = []
        for _ in range(DOCUMENTS_A_FILE):
            draw = chance.random()
            if texts and draw < 0.05:
                text = chance.choice(texts)
            elif texts and draw < 0.1:
                words = chance.choice(texts).split(" ")
                words[chance.randrange(len(words))] = "changed"
                text = " ".join(words)
            else:
                half = WORDS // 2
                parts = [" ".join(chance.choices(vocabulary, k=half)) for _ in range(2)]
                text = "\n\n".join(parts) + (" mail me at someone@example.org" if draw < 0.2 else "")
            texts.append(text)
            lines.append(json.dumps({"text": text, "url": f"http://{number}.org/{len(texts)}"}) + "\n")
        lines.insert(7, "{broken\n")
        (folder / "corpus" / f"{number}.jsonl").write_text("".join(lines))
    return folder


def start(place: Path, name: str, workers: int, pool: str = "local", **variables: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "firstwords", "run", "r.toml", "--artifacts", name]
    command += ["--workers", str(workers), "--pool", pool]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")} | variables
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=place, env=environment)


def finish(place: Path, name: str, *arguments, **variables) -> dict[str, str]:
    """Run to the end; the payload digests."""
    process = start(place, name, *arguments, **variables)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-3000:]
    record = json.loads((place / name / "recipes/pools.json").read_text())["artifacts"]
    manifests = {
        stage: json.loads((place / name / each / "manifest.json").read_text()) for stage, each in record.items()
    }
    return {stage: manifest["digest"] for stage, manifest in manifests.items()}


@pytest.fixture(scope="module")
def expected(place) -> dict[str, str]:
    """What one worker makes."""
    return finish(place, "one", 1)


def pools_used(place: Path, name: str) -> set[str]:
    files = list((place / name).glob("*/*/events.jsonl"))
    events = [json.loads(line) for file in files for line in file.read_text().splitlines(keepends=True) if "\n" in line]
    return {event["pool"] for event in events if event["event"] == "start"}


@pytest.mark.parametrize("workers", [2, 7])
def test_local_workers_make_the_same(place, expected, workers) -> None:
    assert set(expected) == {"collect", "extract", "clean", "deduplicate"}
    assert finish(place, f"local{workers}", workers) == expected


def test_ray_makes_the_same(place, expected) -> None:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    assert finish(place, "ray", 2, "ray") == expected
    assert pools_used(place, "ray") == {"ray"}


def test_two_nodes_make_the_same(place, expected) -> None:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80 * 2**20})
    try:
        cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
        assert finish(place, "nodes", 2, "ray", RAY_ADDRESS=cluster.address) == expected
    finally:
        cluster.shutdown()


@pytest.mark.parametrize(("first", "last", "seed"), [("local", "ray", 1), ("ray", "local", 2)])
def test_what_one_pool_began_and_was_killed_the_other_ends(place, expected, first, last, seed) -> None:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    name, chance = f"{first}-{last}", random.Random(seed)
    kills = 0
    moments = {"local": 0.9, "ray": 4.0}  # after its first stage has begun; a cluster takes seconds to start
    for attempt in range(6):
        pool = [first, last][attempt % 2]
        process = start(place, name, 2, pool)
        deadline = time.monotonic() + 60
        while pool not in pools_used(place, name) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            process.wait(chance.uniform(0, moments[pool]))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate()
    assert finish(place, name, 2, last) == expected
    assert kills >= 2 and len(pools_used(place, name)) == 2
