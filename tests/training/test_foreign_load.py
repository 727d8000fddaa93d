import pytest

from firstwords.training.foreign_load import ForeignLoad


def test_load_of_others_is_counted_and_ours_is_not(monkeypatch):
    moments = iter([(100.0, 50.0), (110.0, 65.0)])
    monkeypatch.setattr(ForeignLoad, "_now", staticmethod(lambda: next(moments)))
    assert ForeignLoad().cores() == pytest.approx(1.5)


def test_load_is_a_number_of_cores_or_unknown():
    cores = ForeignLoad().cores()
    assert cores is None or cores >= 0


def test_where_the_system_does_not_say_the_load_is_unknown(monkeypatch):
    monkeypatch.setattr(ForeignLoad, "_now", staticmethod(lambda: None))
    assert ForeignLoad().cores() is None
