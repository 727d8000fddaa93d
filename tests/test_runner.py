"""The runner is tested on stages made here: small, and able to fail and be killed."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import ClassVar

import pytest

from firstwords.artifact import atomic_write
from firstwords.errors import IntegrityError, Interrupted, Locked, OutOfResources
from firstwords.graph import Graph, Plan
from firstwords.overview import load_record, show
from firstwords.recipe import runtime
from firstwords.recipe_file import Recipe
from firstwords.runner import lock, run_recipe
from firstwords.stage import Outcome, Stage, Work


@dataclass(frozen=True)
class Square:
    def __call__(self, shard: int, folder) -> dict:
        with atomic_write(folder / f"{shard}.txt") as place:
            place.write_text(str(shard**2))
        return {"files": [f"{shard}.txt"], "rows_out": 1}


@dataclass(frozen=True, kw_only=True)
class Numbers(Stage):
    count: int = 3
    chatty: bool = runtime(False)

    def run(self, work: Work) -> Outcome:
        receipts = work.map(Square(), {f"{n:03}": n for n in range(self.count)})
        return Outcome(summary=f"{len(receipts)} numbers", counts={"kept": len(receipts)})


@dataclass(frozen=True, kw_only=True)
class Measure(Stage):
    resolves: ClassVar[bool] = True
    measured: ClassVar[int] = 1

    def run(self, work: Work) -> Outcome:
        work.path("plan.json").write_text(str(type(self).measured))
        return Outcome(summary="measured")


@dataclass(frozen=True, kw_only=True)
class Total(Stage):
    fail: str = ""

    def inputs(self, graph: Graph) -> dict[str, str]:
        return {"numbers": graph.require("numbers"), "measure": graph.require("measure")}

    def run(self, work: Work) -> Outcome:
        work.scratch("half").write_text("x")
        if self.fail == "disk":
            raise OSError(28, "No space left on device")
        if self.fail == "memory":
            raise MemoryError
        if self.fail == "stop":
            raise KeyboardInterrupt
        total = sum(int(p.read_text()) for p in sorted(work.inputs["numbers"].folder.glob("*.txt")))
        work.path("total.txt").write_text(str(total))
        return Outcome(summary=f"total {total}", tables=[f"total {total}"])


def recipe(count: int = 3, **fields) -> Recipe:
    stages = {"numbers": Numbers(count=count), "measure": Measure(), "total": Total(**fields)}
    return Recipe(name="sums", path="sums.toml", stages=stages)


def test_a_run_makes_everything_once(tmp_path) -> None:
    first = run_recipe(recipe(), root=tmp_path)
    assert first.made == ["numbers", "measure", "total"]
    assert first.artifacts["total"].path("total.txt").read_text() == "5"
    assert not (first.artifacts["total"].folder / "scratch").exists()
    again = run_recipe(recipe(), root=tmp_path)
    assert again.made == []
    assert {n: a.digest for n, a in first.artifacts.items()} == {n: a.digest for n, a in again.artifacts.items()}


def test_a_changed_field_remakes_what_depends_on_it(tmp_path) -> None:
    run_recipe(recipe(), root=tmp_path)
    assert run_recipe(recipe(count=4), root=tmp_path).made == ["numbers", "total"]
    step = Plan(Graph(recipe(count=5)), tmp_path).step("numbers")
    assert "count" in step.why


def test_a_runtime_field_changes_nothing(tmp_path) -> None:
    run_recipe(recipe(), root=tmp_path)
    chatty = Recipe(
        name="s", path="s", stages={"numbers": Numbers(chatty=True), "measure": Measure(), "total": Total()}
    )
    assert run_recipe(chatty, root=tmp_path).made == []


def test_what_follows_a_measurement_depends_on_its_result(tmp_path, monkeypatch) -> None:
    run_recipe(recipe(), root=tmp_path)
    assert Plan(Graph(recipe()), tmp_path / "elsewhere").step("total").why == "after measure"
    assert run_recipe(recipe(), root=tmp_path, replan=True).made == ["measure"]
    monkeypatch.setattr(Measure, "measured", 2)
    assert run_recipe(recipe(), root=tmp_path, replan=True).made == ["measure", "total"]
    assert len(list((tmp_path / "measure").glob("*.before-*"))) == 2


def test_any_number_of_workers_gives_the_same_bytes(tmp_path) -> None:
    digests = {run_recipe(recipe(9), root=tmp_path / str(w), workers=w).artifacts["numbers"].digest for w in (1, 2, 7)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("fail", "error"), [("disk", OutOfResources), ("memory", OutOfResources), ("stop", Interrupted)]
)
def test_a_failed_stage_keeps_the_others_and_goes_on_later(tmp_path, fail: str, error: type) -> None:
    with pytest.raises(error):
        run_recipe(recipe(fail=fail), root=tmp_path)
    assert set(load_record("sums", tmp_path)) == {"numbers", "measure"}
    assert run_recipe(recipe(), root=tmp_path).made == ["total"]


def test_a_changed_file_is_found(tmp_path) -> None:
    artifact = run_recipe(recipe(), root=tmp_path).artifacts["numbers"]
    artifact.path("2.txt").write_text("44")
    with pytest.raises(IntegrityError):
        run_recipe(recipe(), root=tmp_path)


def test_finished_units_are_not_done_again_and_damaged_ones_are(tmp_path) -> None:
    whole = run_recipe(recipe(), root=tmp_path).artifacts["numbers"]
    (whole.folder / "manifest.json").unlink()
    whole.path("1.txt").write_text("damaged")
    untouched = whole.path("2.txt").stat().st_mtime_ns
    again = run_recipe(recipe(), root=tmp_path).artifacts["numbers"]
    assert again.path("1.txt").read_text() == "1"
    assert again.path("2.txt").stat().st_mtime_ns == untouched


def test_a_second_live_run_is_refused_and_a_dead_owner_is_not(tmp_path) -> None:
    folder = tmp_path / "numbers" / "numbers-0"
    code = f"""
import os, pathlib, sys
from firstwords.runner import lock
with lock(pathlib.Path({str(folder)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Locked, match=str(holder.pid)), lock(folder):
        pass
    holder.kill()
    holder.wait()
    with lock(folder):
        pass


def test_show_gives_one_object(tmp_path) -> None:
    run_recipe(recipe(), root=tmp_path)
    shown = show("sums", root=tmp_path)
    assert set(shown) == {"artifacts", "results", "counts"}
    assert shown["counts"] == {"numbers": {"kept": 3}}
    json.dumps(shown)


def test_until_stops_early(tmp_path) -> None:
    assert run_recipe(recipe(), root=tmp_path, until="numbers").made == ["numbers"]


def test_sigterm_is_an_orderly_stop(tmp_path) -> None:
    code = textwrap.dedent(f"""
        import os, pathlib, signal, sys
        from dataclasses import dataclass
        from firstwords.errors import Interrupted
        from firstwords.recipe_file import Recipe
        from firstwords.runner import run_recipe
        from firstwords.stage import Outcome, Stage
        @dataclass(frozen=True, kw_only=True)
        class Slow(Stage):
            def run(self, work):
                os.kill(os.getpid(), signal.SIGTERM)
                return Outcome(summary="not reached")
        try:
            run_recipe(Recipe(name="a", path="a", stages={{"slow": Slow()}}), root=pathlib.Path({str(tmp_path)!r}))
        except Interrupted as error:
            sys.exit(error.exit_code)
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 75
    assert os.listdir(tmp_path / "slow")
