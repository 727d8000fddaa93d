from pathlib import Path

from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.jats import Jats


def test_every_file_is_a_record_of_its_media_type(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.nxml", "sub/A.NXML", "c.txt"):
        (tmp_path / name).write_bytes(b"bytes")
    source = Jats(path=str(tmp_path), licence="CC0")
    (shard,) = source.shards()
    assert shard.files == (f"{tmp_path}/b.nxml", f"{tmp_path}/sub/A.NXML")
    (record,) = source.read(tmp_path / "b.nxml", shard.files[0])
    assert isinstance(record, Record)
    assert (record.origin, record.body, record.media_type) == (shard.files[0], b"bytes", "application/jats+xml")
    # The title is what the file says: a record's own would win.
    assert (record.title, record.licence, record.metadata) == (None, "CC0", {"file": shard.files[0]})


def test_large_files_are_told() -> None:
    (found,) = Jats(path="x", max_file=10).read(Path(__file__), "x")
    assert isinstance(found, Rejection) and found.reason == "too_large"
