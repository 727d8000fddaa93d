"""The first signal asks, the second acts."""

import os
import signal
import threading

import pytest

from firstwords.training.interruption import StopRequest


def test_a_signal_sets_the_flag_and_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest() as stop:
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_acts_as_outside():
    # A shell starts what goes to the background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), StopRequest():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_nothing_changes():
    before = signal.getsignal(signal.SIGINT)
    found = []

    def use():
        with StopRequest() as stop:
            found.append((stop.asked, signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [(False, True)]
