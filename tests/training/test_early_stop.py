"""Patience counts evaluations since the best one."""

from firstwords.training.early_stop import EarlyStop


def test_it_ends_after_so_many_without_a_new_best():
    stop = EarlyStop(2)
    assert [stop.is_best(loss) for loss in (3.0, 2.0, 2.0, 1.9, 2.5)] == [True, True, False, True, False]
    assert not stop.is_over
    assert not stop.is_best(1.9)
    assert stop.is_over


def test_without_patience_it_never_ends():
    stop = EarlyStop(None)
    for _ in range(50):
        stop.is_best(1.0)
    assert not stop.is_over


def test_state_continues():
    first, second = EarlyStop(2), EarlyStop(2)
    second.load_state(first.state())
    assert second.is_best(3.0)
    first.is_best(3.0)
    first.is_best(3.5)
    second.load_state(first.state())
    second.is_best(3.2)
    assert second.is_over
