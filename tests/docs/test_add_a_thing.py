"""The example in docs/add-a-thing.md works as written."""

import re
import sys
from pathlib import Path

import pyarrow as pa

from firstwords.data.features import Features
from firstwords.find import catalogue
from firstwords.recipe_file import make_recipe

PAGE = Path(__file__).parents[2] / "docs" / "add-a-thing.md"


def test_the_filter_of_the_page_is_reached_by_its_path(tmp_path, monkeypatch) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    (tmp_path / "shouting.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    steps = [{"kind": "shouting:Shouting", "max_capitals": 0.5}]
    step = make_recipe({"clean": {"steps": steps}}, where="page", default_name="page").stages["clean"].steps[0]
    batch = pa.RecordBatch.from_pydict({"text": ["STOP IT", "a quiet text", ""]})
    scores = step.score(batch, Features(batch["text"]))
    assert step.reject(scores).to_pylist() == ["capitals", None, None]
    sys.modules.pop("shouting")


def test_every_catalogue_that_the_page_names_is_there() -> None:
    for folder in re.findall(r"\| `([a-z_/]+)/` \|", PAGE.read_text()):
        assert catalogue(folder.replace("/", "."))


def test_every_catalogue_that_a_recipe_chooses_from_is_on_the_page() -> None:
    sources = "".join(file.read_text() for file in (PAGE.parents[1] / "src").rglob("*.py"))
    for catalogue_name in set(re.findall(r'Kind\("([a-z_.]+)"\)', sources)):
        assert f"| `{catalogue_name.replace('.', '/')}/` |" in PAGE.read_text()
