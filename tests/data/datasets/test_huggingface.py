import json

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from firstwords.data.datasets.huggingface import Huggingface
from firstwords.data.datasets.huggingface_words import HuggingfaceWords
from firstwords.errors import RecipeError
from firstwords.recipe import build

FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    "ner_tags": {"feature": {"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}, "_type": "Sequence"},
}


def with_features(table: pa.Table) -> pa.Table:
    told = json.dumps({"info": {"features": FEATURES}})
    return table.replace_schema_metadata({"huggingface": told})


def texts(split: str) -> pa.Table:
    return pa.table({"text": [f"{split} {n}" for n in range(30)], "label": [n % 2 for n in range(30)]})


@pytest.fixture
def repository(tmp_path):
    """A copy of a repository of Parquet files, as `snapshot_download` leaves it."""
    (tmp_path / "data").mkdir()
    for split in ("train", "test"):
        parquet.write_table(with_features(texts(split)), tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    return tmp_path


def test_numbered_labels_get_their_names_back(repository) -> None:
    data = build(Huggingface, {"dataset": str(repository)})
    parts = data.parts()
    assert [(r.text, r.label) for r in parts["test"]][:2] == [("test 0", "neg"), ("test 1", "pos")]
    assert len(parts["train"]) + len(parts["validation"]) == 30 and parts["validation"]
    before = data.fingerprint()
    parquet.write_table(with_features(texts("other")), repository / "data" / "test-00000-of-00001.parquet")
    assert before and data.fingerprint() != before


def test_what_save_to_disk_wrote_is_read_where_it_lies(tmp_path) -> None:
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for split in ("train", "test"):
        folder = tmp_path / split
        folder.mkdir()
        (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
        (folder / "state.json").write_text("{}")
        with ipc.new_stream(folder / "data-00000-of-00001.arrow", texts(split).schema) as stream:
            stream.write_table(texts(split))
    parts = build(Huggingface, {"dataset": str(tmp_path)}).parts()
    assert {r.label for r in parts["test"]} == {"neg", "pos"}


def test_mistakes_are_told(repository) -> None:
    with pytest.raises(RecipeError, match="split: no 'dev'.*There are: test, train"):
        build(Huggingface, {"dataset": str(repository), "validation": "dev"}).parts()
    with pytest.raises(RecipeError, match="row 1: no column 'sentence'"):
        build(Huggingface, {"dataset": str(repository), "text": "sentence"}).parts()
    hidden = texts("test").set_column(1, "label", pa.array([-1] * 30))
    parquet.write_table(with_features(hidden), repository / "data" / "test-00000-of-00001.parquet")
    with pytest.raises(RecipeError, match="row 1: 'label' is -1, but only 0 to 1 have names"):
        build(Huggingface, {"dataset": str(repository)}).parts()


def test_tagged_words(tmp_path) -> None:
    for split in ("train", "test"):
        table = pa.table({"tokens": [["Ann", "sings"], ["no"]] * 20, "ner_tags": [[1, 0], [0]] * 20})
        parquet.write_table(with_features(table), tmp_path / f"{split}.parquet")
    (first, *_) = build(HuggingfaceWords, {"dataset": str(tmp_path)}).parts()["test"]
    assert (first.words, first.tags) == (("Ann", "sings"), ("B-PER", "O"))
    table = pa.table({"tokens": [["Ann"], ["a", "b"]], "ner_tags": [[1], [0, 3]]})
    parquet.write_table(with_features(table), tmp_path / "test.parquet")
    with pytest.raises(RecipeError, match=r"test\.parquet: row 2: tag 3 of word 2 has no name"):
        build(HuggingfaceWords, {"dataset": str(tmp_path)}).parts()
    parquet.write_table(with_features(pa.table({"tokens": [["a"]], "ner_tags": [[2]]})), tmp_path / "test.parquet")
    with pytest.raises(RecipeError, match=r"row 1: word 1: 'I-PER' continues no PER entity"):
        build(HuggingfaceWords, {"dataset": str(tmp_path), "scheme": "iob2"}).parts()
