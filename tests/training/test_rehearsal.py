import os
import runpy
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from firstwords.errors import CannotFit, OutOfResources
from firstwords.model.config import ModelConfig, RopeScaling
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.rehearsal import Rehearsal, rehearse
from firstwords.training.settings import TrainSettings

STORE = runpy.run_path(str(Path(__file__).parent / "tiny_store.py"))


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    tokenizer = STORE["make_store"](folder)
    sizes = {"width": 32, "num_heads": 2, "context": 32}
    return Rehearsal(
        config=ModelConfig.from_depth(1, layout="qwen3", vocab_size=tokenizer.vocab_size, **sizes),
        objective=CausalLM(),
        settings=TrainSettings(tokens=32 * 64, batch_tokens=64),
        store=folder / "tokens",
        tokenizer=folder / "tokenizer",
    )


def test_a_process_says_what_steps_take_and_leaves_nothing(rehearsal, tmp_path):
    taken = rehearse(rehearsal, tmp_path)
    assert 0 < taken.seconds_per_token < 0.1
    assert taken.looking_seconds_per_token and 0 < taken.looking_seconds_per_token < 0.1
    assert taken.update_tokens == 64
    assert taken.peak_bytes is None or 2**27 < taken.peak_bytes < 2**33
    assert list(tmp_path.iterdir()) == []


def test_what_breaks_there_is_told(rehearsal, tmp_path):
    broken = replace(rehearsal, settings=replace(rehearsal.settings, batch_tokens=33))
    with pytest.raises(OutOfResources, match="33 is not a multiple of 32"):
        rehearse(broken, tmp_path)


def test_a_process_that_is_killed_had_too_little_memory(rehearsal, tmp_path, monkeypatch):
    def killed(command, **_):
        return subprocess.CompletedProcess(command, -signal.SIGKILL, "", "")

    monkeypatch.setattr(subprocess, "run", killed)
    with pytest.raises(CannotFit, match=r"1 layers x 32 was killed \(signal 9\)"):
        rehearse(rehearsal, tmp_path)
    assert os.listdir(tmp_path) == []


def test_json_tells_all_of_it(rehearsal):
    scaling = RopeScaling(kind="linear", factor=2.0)
    told = replace(
        rehearsal,
        config=replace(rehearsal.config, rope_scaling=scaling),
        objective=MaskedLM(share=0.2, unit="word"),
        settings=replace(rehearsal.settings, first_context=8, precision="bfloat16", betas=(0.7, 0.9)),
        threads=3,
    )
    assert Rehearsal.from_json(told.as_json()) == told
