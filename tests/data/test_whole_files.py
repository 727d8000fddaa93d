import pytest

from firstwords.data.document import Rejection, document_id
from firstwords.data.source import Record
from firstwords.data.whole_files import WholeFiles
from firstwords.errors import RecipeError


class Notes(WholeFiles):
    """A source of the kind, whole."""

    def record(self, name: str, body: bytes) -> Record:
        return self.whole_record(name, body, "text/x-note")


def test_one_record_a_file_named_as_the_recipe_names_it(tmp_path, monkeypatch) -> None:
    for name in ("b.note", "a.NOTE", "c.txt", ".hidden.note"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setenv("FIRSTWORDS_DATA", str(tmp_path))
    source = Notes(path="$FIRSTWORDS_DATA/", suffixes=(".Note",), max_file=100, language="en", licence="CC0")
    (shard,) = source.shards()
    assert shard.files == ("$FIRSTWORDS_DATA/a.NOTE", "$FIRSTWORDS_DATA/b.note")
    (record,) = source.read(tmp_path / "b.note", shard.files[1])
    assert record == Record(
        origin="$FIRSTWORDS_DATA/b.note", body=b"b.note", media_type="text/x-note", language="en", licence="CC0",
        metadata={"file": "$FIRSTWORDS_DATA/b.note"},
    )  # fmt: skip


def test_the_limit_is_the_largest_size_that_is_read(tmp_path) -> None:
    (tmp_path / "a.note").write_bytes(b"x" * 10)
    path = tmp_path / "a.note"
    (found,) = Notes(path=str(path), suffixes=(".note",), max_file=10).read(path, "a")
    assert isinstance(found, Record)
    (found,) = Notes(path=str(path), suffixes=(".note",), max_file=9).read(path, "a")
    assert found == Rejection(
        id=document_id("a"), url=None, reason="too_large", detail="10 bytes, at most 9 are read", size=10
    )


def test_a_folder_without_such_files_is_a_mistake(tmp_path) -> None:
    with pytest.raises(RecipeError, match="no files"):
        Notes(path=str(tmp_path), suffixes=(".note",), max_file=9).shards()
