from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.markdown import Markdown


def test_every_file_is_a_record(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "A.MD").write_text("# a")
    (tmp_path / "b.markdown").write_text("b")
    (tmp_path / "c.txt").write_text("c")
    source = Markdown(path=str(tmp_path), licence="CC0")
    (shard,) = source.shards()
    assert [name.rpartition("/")[2] for name in shard.files] == ["b.markdown", "A.MD"]
    (found,) = source.read(tmp_path / "b.markdown", "b.markdown")
    assert isinstance(found, Record)
    assert (found.body, found.media_type, found.title, found.licence) == (b"b", "text/markdown", None, "CC0")


def test_large_files_are_told(tmp_path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 11)
    (found,) = Markdown(path=str(tmp_path), max_file=10).read(tmp_path / "a.md", "a.md")
    assert isinstance(found, Rejection) and found.reason == "too_large"
