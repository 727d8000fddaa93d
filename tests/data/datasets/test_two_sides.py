import json

import pytest

from firstwords.data.datasets.two_sides import TwoSides
from firstwords.errors import RecipeError


@pytest.fixture
def sides(tmp_path) -> dict[str, tuple[str, ...]]:
    (tmp_path / "books").mkdir()
    for name in ("a.txt", "b.md", ".hidden"):
        (tmp_path / "books" / name).write_text(f"a page of {name}")
    rows = [{"text": f"menu {n}", "site": f"s{n % 20}"} for n in range(100)]
    (tmp_path / "menus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"good": (str(tmp_path / "books"),), "bad": (str(tmp_path / "menus.jsonl"),)}


def test_files_and_folders_of_each_kind(sides) -> None:
    parts = TwoSides(**sides, test_share=0, validation_share=0).parts()
    assert [(r.id, r.text, r.label) for r in parts["train"][:3]] == [
        ("good/a.txt#1", "a page of a.txt", "good"),
        ("good/b.md#1", "a page of b.md", "good"),
        ("bad/menus.jsonl#1", "menu 0", "bad"),
    ]
    assert len(parts["train"]) == 102 and not parts["test"]


def test_units_are_in_one_part(sides) -> None:
    data = TwoSides(good=sides["bad"], bad=sides["bad"], group="site", test_share=0.5)
    units = [{record.group for record in part} for part in data.parts().values()]
    assert all(units) and not units[0] & units[2] and not units[0] & units[1] and not units[1] & units[2]


def test_changed_files_are_noticed_and_mistakes_told(sides, tmp_path) -> None:
    before = TwoSides(**sides).fingerprint()
    (tmp_path / "books" / "a.txt").write_text("other")
    assert TwoSides(**sides).fingerprint() != before
    with pytest.raises(RecipeError, match="menus.jsonl:1: no column 'body'. There are: text, site"):
        TwoSides(**sides, text="body").parts()
    (tmp_path / "none").mkdir()
    with pytest.raises(RecipeError, match=r"two_sides.bad: no texts in"):
        TwoSides(good=sides["good"], bad=(str(tmp_path / "none"),)).parts()
