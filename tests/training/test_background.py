"""One thing at a time, and what goes wrong is told to whoever waits."""

import threading

import pytest

from firstwords.training.background import Background


def test_the_next_one_begins_when_the_last_has_ended():
    background, gate, order = Background(), threading.Event(), []
    background.start(lambda: (gate.wait(5), order.append("first")))
    assert background.is_busy
    threading.Timer(0.05, gate.set).start()
    background.start(lambda: order.append("second"))
    assert order[0] == "first"
    background.wait()
    assert order == ["first", "second"]
    assert not background.is_busy


@pytest.mark.parametrize("how", ["wait", "start"])
def test_a_failure_is_raised_once(how):
    def fail():
        raise OSError("no space left")

    background = Background()
    background.start(fail)
    with pytest.raises(OSError, match="no space"):
        background.wait() if how == "wait" else background.start(lambda: None)
    background.wait()
