import pytest

from firstwords.compute.pools.local import Local
from firstwords.errors import RecipeError
from firstwords.find import catalogue, find, nearest


def test_the_file_name_is_the_kind() -> None:
    assert find("compute.pools", "local") is Local


def test_several_catalogues_are_searched_in_order() -> None:
    assert find(("stages", "compute.pools"), "local") is Local


def test_a_class_outside_the_package_is_reached_by_its_path() -> None:
    assert find("compute.pools", "firstwords.compute.pools.local:Local") is Local


@pytest.mark.parametrize("kind", ["no_such_module:Thing", "json:Nothing", "json:dumps", "os:"])
def test_what_is_no_component_is_refused(kind: str) -> None:
    with pytest.raises(RecipeError):
        find("compute.pools", kind)


def test_an_unknown_kind_lists_what_there_is() -> None:
    with pytest.raises(RecipeError, match="Did you mean 'local'.*There are: local"):
        find("compute.pools", "lokal")


def test_catalogues_are_sorted() -> None:
    assert list(catalogue("stages")) == sorted(catalogue("stages"))


def test_nothing_near_gives_no_hint() -> None:
    assert nearest("zzz", ["local"]) == ""
