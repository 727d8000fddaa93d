"""A base is a stage by its name, or a folder: a path in the recipe, a hash of the content in the identity."""

import shutil
from types import SimpleNamespace

import pytest

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.model.base import BaseFolder, BaseStage, base_of
from firstwords.recipe import build, configuration, without_versions
from firstwords.stages.configure import Configure


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base").mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors", "README.md"):
        (tmp_path / "base" / name).write_text(name)
    return tmp_path / "base"


def test_a_recipe_names_the_path(folder):
    stage = build(Configure, {"base": str(folder)})
    assert stage.base == BaseFolder(path=str(folder))
    again = without_versions(configuration(stage))
    assert build(Configure, {"base": again["base"]}).base == stage.base


@pytest.mark.parametrize("name", ["pretrain", "pretrain.a-b", "finetune", "finetune.answers"])
def test_a_stage_is_told_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    stage = build(Configure, {"base": name})
    assert stage.base == BaseStage(name=name)
    assert stage.base.inputs(SimpleNamespace(require=str.upper)) == {"base": name.upper()}
    made = Artifact(name=name, folder=tmp_path / "made")
    assert stage.base.model_folder({"base": made}) == tmp_path / "made" / "model"
    assert build(Configure, {"base": f"./{name}"}).base == BaseFolder(path=f"./{name}")


def test_a_model_tells_what_it_went_on_from(folder, tmp_path):
    told = {"ingredients": {"configuration": {"base": {"path": str(folder)}}}}
    model = SimpleNamespace(manifest=told)
    assert base_of(model, {}) == folder
    assert base_of(model, {"base": Artifact(name="pretrain", folder=tmp_path)}) == tmp_path / "model"


def test_content_counts_and_the_place_does_not(folder, tmp_path):
    before = BaseFolder(path=str(folder)).fingerprint()
    shutil.copytree(folder, tmp_path / "copy")
    assert BaseFolder(path=str(tmp_path / "copy")).fingerprint() == before
    (folder / "README.md").write_text("other")
    assert BaseFolder(path=str(folder)).fingerprint() == before
    (folder / "model.safetensors").write_text("other weights")
    assert BaseFolder(path=str(folder)).fingerprint() != before


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_what_is_no_model_is_told(folder, name):
    (folder / name).unlink()
    with pytest.raises(RecipeError, match=f"has no {name}"):
        _ = BaseFolder(path=str(folder)).folder


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RecipeError, match=r"base.*no such file or folder"):
        build(Configure, {"base": str(tmp_path / "none")})
