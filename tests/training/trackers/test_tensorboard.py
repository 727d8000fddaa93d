"""What TensorBoard is told."""

import runpy
from pathlib import Path

from firstwords.training.trackers.tensorboard import Tensorboard

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))
FILE = runpy.run_path(str(Path(__file__).parents[1] / "test_event_file.py"))


def test_evaluations_and_the_last_step_are_written(tmp_path):
    work = TINY["make_work"](tmp_path / "pretrain" / "tiny-0123456789")
    write = Tensorboard(folder=str(tmp_path / "runs"), every_seconds=1000).follow(work, 5)
    for step in range(1, 6):
        found = {"bits_per_byte": 2.0, "validation_loss": 1.5} if step == 3 else {}
        record = {"step": step, "tokens": 100 * step, "loss": 3.0, "rate": 0.1, "gradient_norm": 1.0}
        write(record | {"seconds": 0.5, "step_tokens": 100} | found)
    (place,) = (tmp_path / "runs" / "pretrain-tiny-0123456789").iterdir()
    events = [dict(each) for each in FILE["read"](place.read_bytes())][1:]
    assert [event[2] for event in events] == [100, 300, 500]
    names = [{dict(FILE["message"](entry))[1].decode() for _, entry in FILE["message"](event[5])} for event in events]
    assert "bits_per_byte" in names[1] and "bits_per_byte" not in names[2]
    assert all({"loss", "rate", "gradient_norm", "tokens_per_second"} <= each for each in names)
