import shutil

import pytest

from firstwords.corpus.lineage import run_name, way
from firstwords.errors import RecipeError

WHOLE = ["collect", "extract", "clean", "deduplicate"]


def names(target: str, root) -> list[str]:
    return [artifact.name for artifact in way(target, root)]


@pytest.mark.parametrize("target", ["tiny", "tiny/clean", "tiny/collect", "tiny/deduplicate"])
def test_a_recipe_and_each_of_its_stages_give_the_whole_way(tiny, target: str) -> None:
    assert names(target, tiny) == WHOLE


def test_a_folder_gives_what_it_was_made_from(tiny) -> None:
    folder = next(tiny.glob("clean/clean-*"))
    assert names(str(folder), tiny) == WHOLE[:3]


def test_a_deleted_input_shortens_the_way(tiny, tmp_path) -> None:
    root = tmp_path / "artifacts"
    shutil.copytree(tiny, root)
    shutil.rmtree(root / "extract")
    assert names("tiny", root) == WHOLE[2:]


def test_what_holds_no_documents_is_refused(tiny, tmp_path) -> None:
    with pytest.raises(RecipeError, match="no run of 'tinny'"):
        way("tinny", tiny)
    root = tmp_path / "artifacts"
    shutil.copytree(tiny, root)
    for folder in root.glob("*/[!.]*-*"):
        shutil.rmtree(folder / "documents", ignore_errors=True)
        (folder / "sources.json").unlink(missing_ok=True)
    with pytest.raises(RecipeError, match="0 artifacts where documents end"):
        way("tiny", root)
    with pytest.raises(RecipeError, match="holds no documents"):
        way("tiny/clean", root)


def test_a_run_is_called_like_its_recipe_and_a_folder_like_itself(tiny) -> None:
    folder = next(tiny.glob("clean/clean-*"))
    assert run_name("tiny/clean", way("tiny/clean", tiny)) == "tiny"
    assert run_name(str(folder), way(str(folder), tiny)) == folder.name
    assert run_name("recipes/tiny.toml", way("tiny", tiny)) == "tiny"
