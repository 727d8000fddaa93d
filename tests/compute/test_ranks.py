"""A process finds its place in the environment, and alone it needs nobody."""

import torch

from firstwords.compute import ranks


def test_a_process_started_alone_is_the_only_one(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (ranks.rank(), ranks.num_ranks(), ranks.num_local_ranks()) == (0, 1, 1)


def test_its_place_is_in_the_environment(monkeypatch):
    for name, value in {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert (ranks.rank(), ranks.num_ranks(), ranks.num_local_ranks()) == (3, 8, 4)
    assert ranks.device_name("cpu") == "cpu"


def test_what_is_gathered_is_a_copy():
    weight = torch.ones(2)
    (found,) = ranks.gather({"weight": weight})
    weight.zero_()
    assert found["weight"].tolist() == [1.0, 1.0]


def test_joining_alone_and_leaving_works_again_and_again(monkeypatch):
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    for _ in range(2):
        ranks.join("cpu")
        ranks.join("cpu")
        assert torch.distributed.get_world_size() == 1
        ranks.leave()
        assert not torch.distributed.is_initialized()
