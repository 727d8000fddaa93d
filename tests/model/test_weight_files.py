"""Weights in one file or several, in any plain precision; nothing else."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from firstwords.errors import IntegrityError, RecipeError
from firstwords.model.weight_files import WeightFiles

TENSORS = {name: torch.full((2, 3), float(number)) for number, name in enumerate("abcd")}
FILES = {"model-00001-of-00002.safetensors": "ab", "model-00002-of-00002.safetensors": "cd"}


@pytest.fixture
def folder(tmp_path):
    for file, names in FILES.items():
        save_file({name: TENSORS[name] for name in names}, tmp_path / file)
    write_index(tmp_path, {name: file for file, names in FILES.items() for name in names})
    return tmp_path


def write_index(folder, weight_map):
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def test_several_files_are_one_set_of_tensors(folder):
    files = WeightFiles.of(folder)
    assert files.shapes == dict.fromkeys("abcd", (2, 3))
    assert {name: tensor[0, 0].item() for name, tensor in files.read("dba")} == {"d": 3.0, "b": 1.0, "a": 0.0}


def test_a_single_file_goes_before_an_index(folder):
    save_file({"only": torch.ones(1)}, folder / "model.safetensors")
    assert set(WeightFiles.of(folder).shapes) == {"only"}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions_are_read(folder, dtype):
    save_file({"a": torch.ones(2, dtype=dtype) / 3}, folder / "model.safetensors")
    ((_, tensor),) = WeightFiles.of(folder).read("a")
    assert torch.equal(tensor, torch.ones(2, dtype=dtype) / 3)


@pytest.mark.parametrize("dtype", [torch.int8, torch.float8_e4m3fn, torch.int64])
def test_what_are_no_plain_numbers_is_refused(folder, dtype):
    save_file({"a": torch.ones(2).to(dtype)}, folder / "model.safetensors")
    with pytest.raises(RecipeError, match="a is stored as"):
        WeightFiles.of(folder)


@pytest.mark.parametrize("file", ["../m.safetensors", "/etc/x.safetensors", "m.bin", "x/m.safetensors", ".safetensors"])
def test_an_index_leads_nowhere_else(folder, file):
    write_index(folder, {"a": file})
    with pytest.raises(RecipeError, match="names"):
        WeightFiles.of(folder)


def test_an_index_must_tell_the_truth(folder):
    first, second = FILES
    write_index(folder, {"a": first, "b": first, "c": second, "d": second, "e": second})
    with pytest.raises(IntegrityError, match="does not hold what .* says: e"):
        WeightFiles.of(folder)
    write_index(folder, {"a": first, "c": second, "d": second})
    with pytest.raises(IntegrityError, match=": b"):
        WeightFiles.of(folder)
    (folder / second).unlink()
    write_index(folder, {name: file for file, names in FILES.items() for name in names})
    with pytest.raises(RecipeError, match=f"has no {second}"):
        WeightFiles.of(folder)


@pytest.mark.parametrize("content", ["[]", "{", '{"weight_map": []}', '{"weight_map": {}}', "[" * 100_000])
def test_a_damaged_index_is_told(folder, content):
    (folder / "model.safetensors.index.json").write_text(content)
    with pytest.raises(IntegrityError, match="index|names no"):
        WeightFiles.of(folder)


def test_a_cut_file_is_told(folder):
    file = folder / next(iter(FILES))
    content = file.read_bytes()
    file.write_bytes(content[:-4])
    with pytest.raises(IntegrityError, match="damaged"):
        WeightFiles.of(folder)
    file.write_bytes(content)
    assert set(load_file(file)) == {"a", "b"}
