"""One process."""

import pytest
import torch
from torch import nn

from firstwords.compute.engines.single import Single
from firstwords.model.batch import Batch
from firstwords.recipe import configuration


def test_it_is_alone():
    engine = Single(device="cpu")
    assert (engine.rank, engine.num_ranks) == (0, 1)
    assert engine.sum(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_on_the_processor_a_batch_is_not_copied():
    batch = Batch.of([[1, 2], [3]])
    assert Single(device="cpu").place(batch) is batch


@pytest.mark.slow  # loads the compiler
def test_compilation_keeps_the_names_of_parameters():
    model = nn.Sequential(nn.Linear(2, 2))
    names = [name for name, _ in model.named_parameters()]
    prepared = Single(device="cpu", compile=True).prepare(model)  # nothing is compiled before the first call
    assert [name for name, _ in prepared.named_parameters()] == names


def test_the_device_does_not_count_for_identity_compilation_does():
    assert configuration(Single(device="cpu")) == configuration(Single(device="cuda"))
    assert configuration(Single(compile=True)) != configuration(Single())
