import json

import pytest

from firstwords.errors import RecipeError
from firstwords.model.decisions import load_decisions, save_decisions
from firstwords.model.heads import Head


def test_the_threshold_comes_back_and_transformers_is_told(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"a": 1}')
    head, again = Head(), Head()
    save_decisions(tmp_path, head)
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]
    head.threshold = 0.35
    save_decisions(tmp_path, head)
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "a": 1,
        "problem_type": "multi_label_classification",
    }
    load_decisions(tmp_path, again)
    assert again.threshold == 0.35


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"threshold": "x"}', '{"threshold": 2}', '{"threshold": true}'])
def test_a_damaged_file_is_told(tmp_path, content) -> None:
    (tmp_path / "decisions.json").write_text(content)
    with pytest.raises(RecipeError, match=r"decisions\.json"):
        load_decisions(tmp_path, Head())
