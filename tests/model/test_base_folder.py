"""A base is its content: a path in the recipe, a hash in the identity."""

import shutil

import pytest

from firstwords.errors import RecipeError
from firstwords.model.base_folder import BaseFolder
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
