"""CLINC150's form: parts, domains, and what is malformed."""

import json

import pytest

from firstwords.data.datasets.intents import Intents
from firstwords.errors import RecipeError

WHOLE = {
    "train": [["pay it", "pay"], ["my balance", "balance"], ["hello", "greet"]],
    "val": [["pay now", "pay"]],
    "test": [["hi", "greet"], ["the balance", "balance"]],
    "oos_test": [["what", "oos"]],
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps(WHOLE))
    (tmp_path / "domains.json").write_text(json.dumps({"bank": ["pay", "balance"], "talk": ["greet"]}))
    return {"path": str(tmp_path / "data.json"), "domains": str(tmp_path / "domains.json")}


def test_parts_and_domains(files) -> None:
    assert {part: len(records) for part, records in Intents(**files).parts().items()} == {
        "train": 3,
        "validation": 1,
        "test": 2,
    }
    bank = Intents(**files, domain="bank").parts()
    assert [r.label for r in bank["train"]] == ["pay", "balance"] and [r.text for r in bank["test"]] == ["the balance"]


def test_what_is_wrong_is_told(files, tmp_path) -> None:
    with pytest.raises(RecipeError, match="no domain 'banc'.*Did you mean 'bank'"):
        Intents(**files, domain="banc").parts()
    with pytest.raises(ValueError, match="domain needs domains"):
        Intents(path=files["path"], domain="bank")
    (tmp_path / "bad.json").write_text(json.dumps(WHOLE | {"val": [["only a text"]]}))
    with pytest.raises(RecipeError, match="val: entry 1 is not"):
        Intents(path=str(tmp_path / "bad.json")).parts()
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(RecipeError, match="not JSON"):
        Intents(path=str(tmp_path / "bad.json")).parts()
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(RecipeError, match="no list 'train'"):
        Intents(path=str(tmp_path / "bad.json")).parts()
