import dataclasses
import itertools
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.model.config import ModelConfig
from firstwords.training import rehearsing
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.rehearsal import Rehearsal
from firstwords.training.rehearsing import perform
from firstwords.training.settings import TrainSettings

STORE = runpy.run_path(str(Path(__file__).parent / "tiny_store.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return STORE["make_store"](folder), folder / "tokens"


@pytest.fixture
def steps(monkeypatch):
    """Steps that are made: number, longest document."""
    seen = []
    one_step = rehearsing.Run._one_step

    def told(self, wants):
        batches = self.loader.micro_batches(self.step)
        longest = max(
            max(itertools.pairwise(e.document_bounds), key=lambda p: p[1] - p[0]) for b in batches for e in b.examples
        )
        seen.append((self.step, longest[1] - longest[0], len(batches)))
        return one_step(self, wants)

    monkeypatch.setattr(rehearsing.Run, "_one_step", told)
    monkeypatch.setattr(rehearsing, "SECONDS", 0.0)
    return seen


def rehearsal(made, objective=None, layout="qwen3", **settings):
    tokenizer, store = made
    config = ModelConfig.from_depth(
        1, layout=layout, vocab_size=tokenizer.vocab_size, width=32, num_heads=2, context=32, mask_id=tokenizer.mask
    )
    settings = {"tokens": 32 * 64, "batch_tokens": 64} | settings
    return Rehearsal(
        config=config,
        objective=objective or CausalLM(),
        settings=TrainSettings(**settings),
        store=store,
        tokenizer=store.with_name("tokenizer"),
    )


def test_short_and_long_contexts_are_timed(made, tmp_path, steps):
    taken = perform(rehearsal(made, first_context=8, context_growth_share=0.5), tmp_path)
    assert taken.seconds_per_token > 0
    begun, timed = steps[0], steps[1:]
    assert begun[0] >= 16  # the longest first: it decides the memory
    assert [longest <= 8 for _, longest, _ in timed] == [True, False] * rehearsing.FEWEST
    assert len({step for step, _, _ in timed}) == len(timed)


def test_times_are_averaged_over_the_contexts(made, tmp_path, monkeypatch):
    def one_step(self, wants):
        context = self.loader.context(self.step / self.loader.num_steps)
        return {}, {"seconds": 100.0 + context, "step_tokens": 1}, {}

    monkeypatch.setattr(rehearsing.Run, "_one_step", one_step)
    asked = rehearsal(made, first_context=8, context_growth_share=0.5)
    contexts = [8] * 8 + [16] * 8 + [32] * 16  # doubled at even distances in the first half
    assert perform(asked, tmp_path).seconds_per_token == pytest.approx(100 + sum(contexts) / 32)


def test_steps_that_compile_do_not_count(made, tmp_path, monkeypatch):
    taken = iter([400.0, 1.0, 200.0, 1.0, *[1.0] * 20])

    def one_step(self, wants):
        return {}, {"seconds": next(taken), "step_tokens": 1}, {}

    monkeypatch.setattr(rehearsing.Run, "_one_step", one_step)
    monkeypatch.setattr(rehearsing, "SECONDS", 0.0)
    monkeypatch.setattr(rehearsing, "FEWEST", rehearsing.FEWEST_COMPILED)
    asked = rehearsal(made, first_context=8, context_growth_share=0.5)
    assert perform(asked, tmp_path).seconds_per_token == pytest.approx(1.0)


def test_without_growth_only_the_whole_context_is_timed(made, tmp_path, steps):
    taken = perform(rehearsal(made, MaskedLM(), "eurobert"), tmp_path)
    assert len(steps) == 1 + rehearsing.FEWEST
    assert taken.looking_seconds_per_token


def test_a_large_batch_is_two_micro_batches(made, tmp_path, steps):
    taken = perform(rehearsal(made, tokens=32 * 256, batch_tokens=1024, micro_tokens=64), tmp_path)
    assert {number for _, _, number in steps} == {2}
    assert (taken.update_tokens, taken.micro_tokens) == (128, 64)


def test_a_checkpoint_is_written_beside_the_steps(made, tmp_path, steps, monkeypatch):
    saved = []
    monkeypatch.setattr(rehearsing.Run, "_save", lambda self: saved.append(len(steps)))
    perform(rehearsal(made), tmp_path)
    assert saved == [rehearsing.FEWEST]


def test_a_file_asks_and_a_file_answers(made, tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsing, "SECONDS", 0.0)
    (tmp_path / "rehearsal.json").write_text(rehearsal(made).as_json())
    rehearsing.main(str(tmp_path))
    answer = json.loads((tmp_path / "taken.json").read_text())
    assert answer["update_tokens"] == 64
    assert set(answer) == {field.name for field in dataclasses.fields(rehearsing.Taken)}


def test_half_precision_meets_documents_of_all_lengths(made, tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsing, "SECONDS", 0.0)
    lengths = []
    micro_step = rehearsing.Run._micro_step

    def seen(self, number, micro):
        lengths.append([int(n) for e in micro.examples for n in np.diff(e.document_bounds)])
        return micro_step(self, number, micro)

    monkeypatch.setattr(rehearsing.Run, "_micro_step", seen)
    perform(rehearsal(made, precision="bfloat16"), tmp_path)
    assert lengths[-1] == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        4,
        9,
        10,
        11,
        2,
    ]  # two rows of 32 tokens; the last of each is what is left
    perform(rehearsal(made), tmp_path)
    assert lengths[-1] != lengths[-2]


def test_rates_that_would_break_a_run_do_not_break_its_rehearsal(made, tmp_path, steps):
    assert perform(rehearsal(made, matrix_rate=1e3, embedding_rate=1e3, head_rate=1e3), tmp_path).seconds_per_token > 0
