import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.recipe_file import apply_override, make_recipe, read_recipe


def write(folder, text: str):
    place = folder / "tiny.toml"
    place.write_text(text)
    return place


def mistake(folder, text: str, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        read_recipe(write(folder, text), overrides)
    return str(caught.value)


def test_sections_become_stages_and_the_file_gives_the_name(tmp_path) -> None:
    recipe = read_recipe(write(tmp_path, '[pretrain.small]\nobjective = { kind = "causal_lm" }\n[clean]\n'))
    assert recipe.name == "tiny"
    assert list(recipe.stages) == ["clean", "pretrain.small"]


def test_an_override_reaches_into_lists_and_adds_sections(tmp_path) -> None:
    place = write(tmp_path, '[[clean.steps]]\nkind = "gopher_quality"\n')
    recipe = read_recipe(place, ["clean.steps.0.min_words=7", "name=other", "extract.extractor=best"])
    assert recipe.stages["clean"].steps[0].min_words == 7
    assert recipe.name == "other"
    assert "extract" in recipe.stages


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[claen]\n", "claen: unknown section. Did you mean 'clean'?"),
        ("[clean]\nstepz = []\n", "clean.stepz: unknown field. Did you mean 'steps'?"),
        ('[[clean.steps]]\nkind = "gofer_quality"\n', "clean.steps.0: unknown kind 'gofer_quality'"),
        ('[[clean.steps]]\nkind = "gopher_quality"\nmin_word = 3\n', "clean.steps.0.min_word: unknown field. Did you"),
        ("[clean\n", "not valid TOML"),
        ("clean = 3\n", "expected a section [clean]"),
        ("", "names no stage"),
        ('name = "../up"\n[clean]\n', "cannot be a folder's name"),
        ("[pretrain]\nseed = 1\n[pretrain.small]\nseed = 2\n", "is both plain (seed) and named (small)"),
        ('[given]\nclean = "nowhere"\n[deduplicate]\n', "given.clean: nowhere holds no finished artifact"),
    ],
)
def test_mistakes_name_file_key_and_nearest(tmp_path, text: str, part: str) -> None:
    message = mistake(tmp_path, text)
    assert "tiny.toml" in message
    assert part in message


def test_a_missing_recipe_names_those_that_are_there(tmp_path) -> None:
    write(tmp_path, "[clean]\n")
    with pytest.raises(RecipeError, match=r"Did you mean 'tiny\.toml'"):
        read_recipe(tmp_path / "tinny.toml")


def test_an_empty_override_takes_a_key_away() -> None:
    values = {"pretrain": {"small": {"budget": "1min"}}}
    apply_override(values, "pretrain.small.budget=")
    assert values == {"pretrain": {"small": {}}}


@pytest.mark.parametrize("override", ["nothing", "=3", "clean.steps.9.x=1", "name.inner=1"])
def test_wrong_overrides_are_refused(tmp_path, override: str) -> None:
    text = 'name = "a"\n[[clean.steps]]\nkind = "unicode"\n'
    assert override.split("=", maxsplit=1)[0] in mistake(tmp_path, text, override)


@given(st.text(max_size=30))
def test_no_override_crashes(override: str) -> None:
    values = {"name": "a", "clean": {"steps": [{"kind": "unicode"}]}}
    try:
        apply_override(values, override)
    except RecipeError:
        return
    try:
        make_recipe(values, where="here", default_name="a")
    except RecipeError as error:
        assert "here" in str(error)
