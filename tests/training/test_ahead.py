from types import SimpleNamespace

from firstwords.training.ahead import Ahead
from firstwords.training.batch import Draws
from firstwords.training.loader import MicroBatch


class Counting:
    num_steps = 3

    def __init__(self):
        self.asked = []

    def micro_batches(self, step):
        self.asked.append(step)
        return [MicroBatch([SimpleNamespace(row=step)], Draws(0, ((0, step),)))]


def test_what_was_made_ahead_is_used_once_and_for_its_step_only():
    loader, made = Counting(), []
    ahead = Ahead(loader, lambda micro: made.append(micro) or f"batch {micro.examples[0].row}")
    assert ahead.micro_batches(0)[0].placed is None
    ahead.prepare(1)
    assert ahead.micro_batches(1)[0].placed == "batch 1"
    assert ahead.micro_batches(1)[0].placed is None  # asked for again, as after an error: made anew
    ahead.prepare(2)
    assert ahead.micro_batches(0)[0].placed is None
    assert loader.asked == [0, 1, 1, 2, 0]
    ahead.prepare(3)  # there is no such step
    assert len(made) == 2


def test_nothing_is_made_ahead_on_a_processor():
    loader = Counting()
    ahead = Ahead(loader, None)
    ahead.prepare(1)
    assert loader.asked == []
    assert ahead.micro_batches(1)[0].placed is None
