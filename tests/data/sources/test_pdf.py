from pathlib import Path

from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.pdf import Pdf


def test_every_file_is_a_record_of_its_media_type(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.pdf", "sub/A.PDF", "c.txt"):
        (tmp_path / name).write_bytes(b"bytes")
    source = Pdf(path=str(tmp_path), licence="CC0")
    (shard,) = source.shards()
    assert shard.files == (f"{tmp_path}/b.pdf", f"{tmp_path}/sub/A.PDF")
    (record,) = source.read(tmp_path / "b.pdf", shard.files[0])
    assert isinstance(record, Record)
    assert (record.origin, record.body, record.media_type) == (shard.files[0], b"bytes", "application/pdf")
    # The title is what the file says: a record's own would win.
    assert (record.title, record.licence, record.metadata) == (None, "CC0", {"file": shard.files[0]})


def test_large_files_are_told() -> None:
    (found,) = Pdf(path="x", max_file=10).read(Path(__file__), "x")
    assert isinstance(found, Rejection) and found.reason == "too_large"
