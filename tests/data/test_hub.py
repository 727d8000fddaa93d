import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.hub import address_of, files_of
from firstwords.errors import RecipeError

README = """---
license: cc0-1.0
configs:
- config_name: en
  default: true
  data_files:
  - split: train
    path: "en/train-*.parquet"
  - split: extra
    path: ["en/more/**", "en/one.jsonl"]
- config_name: de
  data_dir: de
---
# A set
"""


def test_files_by_the_words_in_their_names() -> None:
    files = [
        "data/train-00001-of-2.parquet",
        "data/train-00000-of-2.parquet",
        "data/test.parquet",
        "dev/a.csv.gz",
        "x.py",
    ]
    assert files_of(files, "", "", "train") == ["data/train-00000-of-2.parquet", "data/train-00001-of-2.parquet"]
    assert files_of(files, "", "", "validation") == ["dev/a.csv.gz"]
    assert files_of(["de/a.jsonl", "en/a.jsonl", "en/training.py"], "", "en", "train") == ["en/a.jsonl"]
    assert files_of(["trained_eval.csv"], "no front matter", "", "test") == ["trained_eval.csv"]


def test_files_as_the_readme_declares_them() -> None:
    files = ["en/train-0.parquet", "en/x/train-1.parquet", "en/more/a/b.csv", "en/one.jsonl", "de/a.csv", "other.csv"]
    assert files_of(files, README, "", "train") == ["en/train-0.parquet"]
    assert files_of(files, README, "en", "extra") == ["en/more/a/b.csv", "en/one.jsonl"]
    assert files_of(files, README, "de", "train") == ["de/a.csv"]


@pytest.mark.parametrize(
    ("files", "readme", "config", "split", "message"),
    [
        (["load.py", "README.md"], "", "", "train", "no files that are read here .* a script is never run"),
        (["train.csv", "test.csv"], "", "", "tset", "split: no 'tset'. Did you mean 'test'. There are: test, train"),
        (["en/a.csv"], "", "eng", "train", "config: no 'eng'. Did you mean 'en'"),
        (["en/train-0.parquet"], README, "fr", "train", "config: no 'fr'.* There are: en, de"),
        (["en/train-0.parquet"], README, "en", "test", "split: no 'test' in 'en'.* There are: extra, train"),
        (["a.csv"], README, "en", "train", "no files for the split 'train'"),
        (["a.csv"], "---\nconfigs: [\n---\n", "", "train", "front matter cannot be read"),
    ],
)
def test_what_is_not_there_is_named(files, readme, config, split, message) -> None:
    with pytest.raises(RecipeError, match=message):
        files_of(files, readme, config, split)


@given(st.text(max_size=200))
def test_any_readme_ends(text) -> None:
    with contextlib.suppress(RecipeError):
        assert files_of(["a.csv"], f"---\nconfigs:\n{text}\n---\n", "", "train") == ["a.csv"]


def test_addresses_hold_the_commit() -> None:
    assert address_of("me/set", "abc", "data/a.csv") == "hf://datasets/me/set@abc/data/a.csv"
