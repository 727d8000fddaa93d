import torch

from firstwords.compute import devices
from firstwords.compute.devices import best_device, free_memory_bytes, wait


def test_the_best_device_is_a_gpu_where_there_is_one():
    assert best_device() == ("cuda" if torch.cuda.is_available() else "cpu")


def test_memory_is_that_of_the_device():
    assert 2**20 < free_memory_bytes("cpu") < 2**50


def test_a_processor_is_not_waited_for():
    wait("cpu")


def test_a_driver_is_looked_for_among_files(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "DRIVERS", (str(tmp_path / "nvidiactl"),))
    assert not devices.has_driver()
    (tmp_path / "nvidiactl").touch()
    assert devices.has_driver()
