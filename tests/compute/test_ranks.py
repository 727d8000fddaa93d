"""A process finds its place in the environment, and alone it needs nobody."""

import os
import subprocess
import sys

import pytest
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


def test_one_of_several_ends_at_once_with_its_code_and_all_that_it_said():
    code = (
        "import atexit, os, sys, threading, torch\n"
        "from firstwords.compute import ranks\n"
        "atexit.register(print, 'at the end')\n"
        "threading.Thread(target=threading.Event().wait).start()\n"  # would be waited for
        "print('said')\nranks.end(3)\n"
    )
    place = {"RANK": "1", "WORLD_SIZE": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | place, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (3, "said\nat the end\n")
    with pytest.raises(SystemExit, match="4"):
        ranks.end(4)
