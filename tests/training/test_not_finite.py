"""The file names the rows and the parameters at fault, and no others."""

import json

import numpy as np
import pytest
import torch

from firstwords.training.batch import Draws, Example
from firstwords.training.loader import MicroBatch
from firstwords.training.not_finite import write_rows


def micro(row: int) -> MicroBatch:
    return MicroBatch((Example(np.array([row, row]), 0, None, row),), Draws(1, ((2, row),)))


@pytest.mark.parametrize(("loss", "rows"), [(float("nan"), [8]), (1.0, [7, 8])])
def test_rows_and_parameters_at_fault_are_written(tmp_path, loss, rows) -> None:
    model = torch.nn.Linear(2, 2)
    model.weight.grad, model.bias.grad = torch.full((2, 2), torch.inf), torch.zeros(2)
    sums = [torch.tensor([1.0, 1.0]), torch.tensor([loss, 1.0])]
    write_rows(tmp_path / "f.json", "gradient", 4, model, [micro(7), micro(8)], sums)
    told = json.loads((tmp_path / "f.json").read_text())
    assert (told["step"], told["what"], told["parameters"]) == (4, "gradient", ["weight"])
    assert [(each["epoch"], each["row"], each["input_ids"]) for each in told["rows"]] == [(2, n, [n, n]) for n in rows]
