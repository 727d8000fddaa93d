import pickle
import runpy
from pathlib import Path

import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.inference.entity_finder import EntityFinder
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
TEXTS = ["the list of json raise an error", "", "json " * 50]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    place = tmp_path_factory.mktemp("tagger")
    TINY["tagger"](place)
    return str(place / "model")


def test_it_gives_what_the_model_finds_of_the_types_that_are_asked_for(folder: str) -> None:
    finder = pickle.loads(pickle.dumps(EntityFinder(folder)))
    found = finder(TEXTS, ("module", "class"))
    expected = LanguageModel.load(folder).entities(TEXTS)
    assert found == [[(each.start, each.end) for each in entities] for entities in expected]
    assert sum(map(len, found)) > 0
    modules = finder(TEXTS, ("module",))
    assert modules == [[(e.start, e.end) for e in entities if e.type == "module"] for entities in expected]


def test_the_number_of_threads_is_as_before(folder: str) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        EntityFinder(folder)(["json"], ("module",))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_model_without_such_entities_is_told(folder: str) -> None:
    with pytest.raises(RecipeError, match=r"has no entities PER, PERSON. There are: class, module"):
        EntityFinder(folder)(["x"], ("PER", "PERSON"))
