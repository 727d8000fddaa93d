"""Members of archives as records."""

import io
import tarfile
import zipfile

import pytest

from firstwords.data.document import Rejection
from firstwords.data.sources.archive import Archive

FILES = {"a/one.txt": b"a text", "a/open.2": b".TH OPEN 2", "b/book.xml": b"<TEI/>", "b/large.txt": b"x" * 2000}


def write(path, mode):
    if mode == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, body in FILES.items():
                archive.writestr(name, body)
        return
    with tarfile.open(path, mode) as archive:
        for name, body in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        link = tarfile.TarInfo("a/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)


@pytest.mark.parametrize(
    ("name", "mode"), [("x.tar", "w"), ("x.tar.xz", "w:xz"), ("x.tar.gz", "w:gz"), ("x.tgz", "w:gz"), ("x.zip", "zip")]
)
def test_every_wanted_member_is_a_record(tmp_path, name, mode):
    write(tmp_path / name, mode)
    records = list(Archive(path=str(tmp_path / name), members="*.*", max_member=1000).read(tmp_path / name, "x"))
    assert [r.origin for r in records[:3]] == ["x#a/one.txt", "x#a/open.2", "x#b/book.xml"]
    assert [r.media_type for r in records[:3]] == ["text/plain", "text/troff", "application/xml"]
    assert [r.body for r in records[:3]] == list(FILES.values())[:3]
    assert records[3].reason == "too_large"


def test_a_pattern_chooses_and_a_type_may_be_said(tmp_path):
    write(tmp_path / "x.tar", "w")
    source = Archive(path=str(tmp_path / "x.tar"), members="b/*.xml", media_type="application/tei+xml")
    (record,) = source.read(tmp_path / "x.tar", "x")
    assert (record.origin, record.media_type, record.title) == ("x#b/book.xml", "application/tei+xml", "book")


def test_of_a_damaged_archive_what_stands_before_the_damage(tmp_path):
    write(tmp_path / "x.tar.xz", "w:xz")
    whole = (tmp_path / "x.tar.xz").read_bytes()
    (tmp_path / "x.tar.xz").write_bytes(whole[:-40])
    found = list(Archive(path=str(tmp_path / "x.tar.xz")).read(tmp_path / "x.tar.xz", "x"))
    assert isinstance(found[-1], Rejection) and found[-1].reason == "truncated"
