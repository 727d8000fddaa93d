"""Others who take the processor are named, now and then."""

import json
import runpy
from pathlib import Path

from firstwords.training import foreign_load
from firstwords.training.trackers import load
from firstwords.training.trackers.load import Load

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))


def notes(tmp_path, monkeypatch, busy, cores=2, threads=1, device="cpu", **options):
    monkeypatch.setattr(foreign_load.ForeignLoad, "cores", lambda self: busy)
    monkeypatch.setattr(load, "num_cores", lambda: cores)
    monkeypatch.setattr(load, "best_device", lambda: device)
    console = TINY["Silent"]()
    work = TINY["make_work"](tmp_path, console)
    work.threads = threads
    look = Load(every_seconds=0, **options).follow(work, 5)
    for step in range(1, 4):
        look({"step": step})
    return console.notes


def test_a_busy_machine_is_told_once(tmp_path, monkeypatch):
    found = notes(tmp_path, monkeypatch, 1.9)
    assert len(found) == 1
    assert "other programs keep 1.9 of 2 cores busy: training is slower than planned" in found[0]
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(event["event"], event["cores"]) for event in events] == [("foreign_load", 1.9)] * 3


def test_a_quiet_machine_and_one_that_does_not_say_are_not(tmp_path, monkeypatch):
    assert notes(tmp_path, monkeypatch, 0.4) == []
    assert notes(tmp_path, monkeypatch, None) == []


def test_a_gpu_needs_few_cores(tmp_path, monkeypatch):
    assert notes(tmp_path, monkeypatch, 0.6, cores=16, threads=16, device="cuda") == []
    assert len(notes(tmp_path, monkeypatch, 0.6, cores=16, threads=16)) == 1
    assert len(notes(tmp_path, monkeypatch, 15.0, cores=16, threads=16, device="cuda")) == 1
