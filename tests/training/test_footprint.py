import pytest

from firstwords.training import footprint as module
from firstwords.training.footprint import footprint, peak_bytes, restart_peak


def test_the_line_goes_through_both_peaks():
    line = footprint({100: 5000, 300: 9000, 200: 1}, 0, 1.0)
    assert (line.at(100), line.at(300), line.at(500)) == (5000, 9000, 13_000)


def test_one_size_takes_the_usual_slope_and_noise_never_lets_memory_fall():
    assert footprint({100: 5000}, 0, 7.0).at(200) == 5700
    assert footprint({100: 5000, 200: 4900}, 0, 7.0).at(900) == 4900
    assert footprint({}, 0, 7.0) is None
    assert footprint({100: 5000, 200: 6000}, 5900, 7.0).at(100) == 5900


def test_a_peak_is_counted_anew():
    if not restart_peak(give_back=True):  # what other tests left over would be taken first
        pytest.skip("this system does not count peaks anew")
    before = peak_bytes()
    held = bytearray(64 * 2**20)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_bytes() - before > 60 * 2**20
    del held
    assert restart_peak(give_back=True)
    assert peak_bytes() - before < 30 * 2**20


def test_where_the_system_does_not_say_nothing_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "STATUS", tmp_path / "none")
    monkeypatch.setattr(module, "REFERENCES", tmp_path / "no" / "none")
    assert not restart_peak()
    assert peak_bytes() is None
