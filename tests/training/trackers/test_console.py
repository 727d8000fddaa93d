"""The live line says where the run is."""

import runpy
from pathlib import Path

from firstwords.training.trackers.console import Console

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))


class Lines(TINY["Silent"]):
    def __init__(self):
        self.lines = []

    def progress(self, name, text, share):
        self.lines.append((name, text, share))


def record(step, loss=4.0, **more):
    return {"step": step, "tokens": 100 * step, "loss": loss, "seconds": 0.01, "step_tokens": 100} | more


def test_the_line(tmp_path):
    console = Lines()
    show = Console(every_seconds=0).follow(TINY["make_work"](tmp_path, console), 2000)
    show(record(1))
    show(record(2, bits_per_byte=2.5))
    show(record(3))
    name, text, share = console.lines[-1]
    assert name == "pretrain.tiny"
    assert text == "step 3/2,000   loss 4.000   2.500 bits/byte   10,000 tokens/s"
    assert share == 3 / 2000
    assert "bits/byte" not in console.lines[0][1]


def test_it_is_not_renewed_at_every_step_but_at_the_last(tmp_path):
    console = Lines()
    show = Console(every_seconds=1000).follow(TINY["make_work"](tmp_path, console), 5)
    for step in range(1, 6):
        show(record(step))
    assert [text.split()[1] for _, text, _ in console.lines] == ["1/5", "5/5"]


def test_the_share_of_the_peak_is_told_where_it_is_known(tmp_path):
    console = Lines()
    tracker = Console(every_seconds=0, flops_per_token=1e6, peak_flops=2e10)
    tracker.follow(TINY["make_work"](tmp_path, console), 2000)(record(1))
    assert console.lines[-1][1].endswith("10,000 tokens/s   50% of peak")
