"""Times and speed go to events.jsonl, and nowhere else."""

import json
import runpy
from pathlib import Path

from firstwords.training.trackers.events import Events

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))


def test_evaluations_and_the_last_step_are_written(tmp_path):
    write = Events(every_seconds=1000).follow(TINY["make_work"](tmp_path), 6)
    for step in range(1, 7):
        found = {"validation_loss": 1.5} if step == 3 else {}
        write({"step": step, "loss": 2.0, "seconds": 0.5, "step_tokens": 100} | found)
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(line["event"], line["step"]) for line in lines] == [("step", 1), ("step", 3), ("step", 6)]
    assert lines[1]["validation_loss"] == 1.5
    assert all(line["tokens_per_second"] == 200 for line in lines)


def test_the_share_of_the_peak_is_written_where_it_is_known(tmp_path):
    write = Events(flops_per_token=1e6, peak_flops=4e8).follow(TINY["make_work"](tmp_path), 1)
    write({"step": 1, "loss": 2.0, "seconds": 0.5, "step_tokens": 100})
    assert json.loads((tmp_path / "events.jsonl").read_text())["peak_share"] == 0.5
