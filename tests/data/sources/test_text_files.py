from pathlib import Path

from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.text_files import TextFiles


def test_every_file_is_a_record_named_in_the_recipes_words(tmp_path, monkeypatch) -> None:
    (tmp_path / "books" / "old").mkdir(parents=True)
    (tmp_path / "books" / "b.txt").write_bytes(b"second")
    (tmp_path / "books" / "old" / "a.TXT").write_bytes(b"first\xff")
    (tmp_path / "books" / "x.pdf").write_bytes(b"no")
    monkeypatch.setenv("FIRSTWORDS_DATA", str(tmp_path))
    source = TextFiles(path="$FIRSTWORDS_DATA/books", licence="CC0", language="en", charset="latin-1")
    (shard,) = source.shards()
    assert shard.files == ("$FIRSTWORDS_DATA/books/b.txt", "$FIRSTWORDS_DATA/books/old/a.TXT")
    (record,) = source.read(tmp_path / "books" / "b.txt", shard.files[0])
    assert isinstance(record, Record)
    assert (record.origin, record.title, record.body) == (shard.files[0], "b", b"second")
    assert (record.licence, record.language, record.charset, record.media_type) == (
        "CC0",
        "en",
        "latin-1",
        "text/plain",
    )


def test_large_files_are_told(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 11)
    (found,) = TextFiles(path=str(path), max_file=10).read(Path(path), "a.txt")
    assert isinstance(found, Rejection) and (found.reason, found.size) == ("too_large", 11)
