"""The stage extract: any page is survived, every loss is told, and workers do not change a byte."""

import gzip
import json
import runpy
from pathlib import Path

import pytest

from firstwords.artifact import Artifact
from firstwords.data.extractors.fallback import Fallback
from firstwords.data.shards import documents_of, read_batches, read_documents, shard_files
from firstwords.errors import IntegrityError, TooManyRejects
from firstwords.recipe import build
from firstwords.stages.collect import Collect
from firstwords.stages.extract import Extract, record_extractor

HELP = runpy.run_path(str(Path(__file__).parents[1] / "data" / "sources" / "collecting.py"))
work_in, payload = HELP["work_in"], HELP["payload"]

PARAGRAPH = "A paragraph of the page that is long enough to be taken for content by anybody. " * 3


def warc(url: str, body: bytes, media_type: str = "text/html") -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n\r\n".encode() + body
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(block)}\r\n\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


def page(number: int) -> bytes:
    return warc(f"http://a.org/{number}", f"<title>t{number}</title><p>{number}: {PARAGRAPH}</p>".encode())


def run(tmp_path, sources: list[dict], workers: int = 1, name: str = "extract", **fields):
    """Outcome and folder of an extraction of these sources."""
    records = tmp_path / "collect"
    if not records.exists():
        build(Collect, {"sources": sources}).run(work_in(records))
    work = work_in(tmp_path / name, workers, {"records": Artifact("collect", records)})
    return build(Extract, fields).run(work), tmp_path / name


def rows(folder, part: str) -> list[dict]:
    return [
        row for path in shard_files(folder / part).values() for batch in read_batches(path) for row in batch.to_pylist()
    ]


@pytest.fixture
def archive(tmp_path):
    """Good pages among damage of every kind."""
    members = [
        page(0),
        warc("http://a.org/img", b"\x89PNG", "image/png"),
        page(1),
        warc("http://a.org/empty", b"<p></p>"),
    ]
    members += [page(2)[:-20], page(3), page(3), warc("http://a.org/gif", b"GIF89a lies"), b"rubbish", page(4)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.warc.gz").write_bytes(b"".join(members))
    (tmp_path / "in" / "b.jsonl").write_text('{"text": "a row of text", "url": "http://b.org/"}\nno json\n')
    folder = str(tmp_path / "in")
    return [{"kind": "warc", "path": folder}, {"kind": "jsonl", "path": folder}]


def test_documents_and_every_rejection(tmp_path, archive) -> None:
    outcome, folder = run(tmp_path, archive)
    found = rows(folder, "documents")
    assert [row["url"] for row in found] == [f"http://a.org/{i}" for i in (0, 1, 3, 4)] + ["http://b.org/"]
    assert found[0]["title"] == "t0" and PARAGRAPH.strip() in found[0]["text"] and found[0]["source"] == "0-warc"
    assert found[-1]["source"] == "1-jsonl" and found[-1]["text"] == "a row of text"
    reasons = sorted(row["reason"] for row in rows(folder, "rejected"))
    # The page that was cut off, the rubbish between members and the line that is no JSON are malformed or truncated.
    assert [each for each in reasons if each not in ("malformed", "truncated")] == [
        "duplicate_url", "empty", "not_html", "unsupported",
    ]  # fmt: skip
    assert len(reasons) == 7
    assert outcome.counts["kept"] == 5 and sum(outcome.counts["rejected"].values()) == len(reasons)
    assert read_documents(folder).count_rows() == 5
    for path in shard_files(folder / "documents").values():
        assert all(document.id for batch in read_batches(path) for document in documents_of(batch))


def test_workers_do_not_change_a_byte(tmp_path, archive) -> None:
    folders = [run(tmp_path, archive, workers, f"extract-{workers}")[1] for workers in (1, 2, 3)]
    assert payload(folders[0]) == payload(folders[1]) == payload(folders[2])


def test_pages_that_hang_or_crash_cost_themselves_only(tmp_path, monkeypatch) -> None:
    (tmp_path / "dangerous_parser.py").write_text(DANGEROUS)
    monkeypatch.syspath_prepend(str(tmp_path))
    bodies = ["fine 0", "hang", "fine 1", "crash", "memory", "fine 2"]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(warc(f"http://a.org/{i}", body.encode()) for i, body in enumerate(bodies)))
    outcome, folder = run(
        tmp_path,
        [{"kind": "warc", "path": str(path)}],
        extractor={"kind": "dangerous_parser:Dangerous"},
        time_limit="500ms",
        memory_limit="256MiB",
    )
    assert [row["text"] for row in rows(folder, "documents")] == ["fine 0", "fine 1", "fine 2"]
    assert [(row["url"][-1], row["reason"]) for row in rows(folder, "rejected")] == [
        ("1", "timeout"), ("3", "crashed"), ("4", "memory"),
    ]  # fmt: skip
    assert outcome.counts["rejected"] == {"crashed": 1, "memory": 1, "timeout": 1}


DANGEROUS = """
import ctypes
from dataclasses import dataclass
from firstwords.data.extractor import Extractor, document

@dataclass(frozen=True, kw_only=True)
class Dangerous(Extractor):
    def extract(self, record):
        text = record.body.decode()
        if text == "hang":
            while True: pass
        if text == "crash":
            ctypes.string_at(0)
        if text == "memory":
            bytearray(2**31)
        return document(record, text, self)
"""


def test_the_documentation_becomes_documents(tmp_path) -> None:
    source = {"kind": "python_documentation", "modules": ["json"], "topics": False}
    _, folder = run(tmp_path, [source])
    found = {row["url"]: row for row in rows(folder, "documents")}
    assert {"pydoc:///json", "pydoc:///json.decoder"} <= set(found)
    row = found["pydoc:///json"]
    assert (row["licence"], row["source"]) == ("PSF-2.0", "0-python_documentation")
    assert json.loads(dict(row["metadata"])["functions"]) == ["dump", "dumps", "load", "loads"]


def test_changed_files_are_noticed(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    sources = [{"kind": "text_files", "path": str(path)}]
    run(tmp_path, sources)
    path.write_text("other")
    with pytest.raises(IntegrityError, match="changed"):
        run(tmp_path, sources, name="again")


def test_too_much_damage_ends_with_its_exit_code(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n' * 90 + "broken\n" * 110)
    sources = [{"kind": "jsonl", "path": str(path)}]
    with pytest.raises(TooManyRejects, match=r"90 documents of 200 records; rejected: malformed 110"):
        run(tmp_path, sources)
    assert run(tmp_path, sources, name="again", max_damaged=0.6)[0].counts["kept"] == 90


def test_nothing_at_all_is_too_little(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("broken\n")
    with pytest.raises(TooManyRejects, match="0 documents"):
        run(tmp_path, [{"kind": "jsonl", "path": str(path)}])


def test_html_by_another_extractor(tmp_path, archive) -> None:
    _, folder = run(tmp_path, archive, extractor={"kind": "automatic", "html": "best"})
    extractors = {dict(row["metadata"])["extractor"].split()[0] for row in rows(folder, "documents")}
    assert extractors == {"best", "plain_text"}


def test_a_file_without_any_record_is_told(tmp_path) -> None:
    request = b"WARC/1.0\r\nWARC-Type: request\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n"
    (tmp_path / "a.warc").write_bytes(request)
    (tmp_path / "b.jsonl").write_bytes(b"")
    (tmp_path / "c.jsonl").write_text('{"text": "a row"}\n')
    sources = [{"kind": "warc", "path": str(tmp_path)}, {"kind": "jsonl", "path": str(tmp_path)}]
    outcome, folder = run(tmp_path, sources)
    assert outcome.counts == {"kept": 1, "rejected": {"empty": 2}}
    assert sorted(row["size"] for row in rows(folder, "rejected")) == [0, len(request)]


def test_books_and_articles_become_documents(tmp_path) -> None:
    made = runpy.run_path(str(Path(__file__).parents[1] / "data" / "made_files.py"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.epub").write_bytes(made["epub"]({"1.xhtml": made["chapter"]("<p>A book.</p>")}))
    (tmp_path / "in" / "b.pdf").write_bytes(made["pdf"]([[(72, 700, 10, "A printed page.")]]))
    (tmp_path / "in" / "c.nxml").write_bytes(made["jats"]("<p>An article.</p>"))
    (tmp_path / "in" / "d.warc").write_bytes(
        gzip.decompress(warc("http://a.org/x", made["pdf"]([[(9, 700, 9, "Lies.")]])))
    )
    sources = [{"kind": kind, "path": str(tmp_path / "in")} for kind in ("epub", "pdf", "jats", "warc")]
    _, folder = run(tmp_path, sources)
    found = [(row["source"], row["text"], row["metadata"]) for row in rows(folder, "documents")]
    assert [(source, text) for source, text, _ in found] == [
        ("0-epub", "A book."), ("1-pdf", "A printed page."), ("2-jats", "The title\n\nAn article."),
        ("3-warc", "Lies."),
    ]  # fmt: skip
    assert [dict(metadata)["extractor"].split()[0] for *_, metadata in found] == ["epub", "pdf", "jats", "pdf"]


def test_where_an_extractor_is_lost_the_simpler_one_is_tried_once(tmp_path, monkeypatch) -> None:
    (tmp_path / "lost_parser.py").write_text(DANGEROUS)
    monkeypatch.syspath_prepend(str(tmp_path))
    long = "A page that the simpler one reads, and no other. "
    bodies = ["fine 0", "hang", long, "crash", f"<p>{long * 9}</p>memory"]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(warc(f"http://a.org/{i}", body.encode()) for i, body in enumerate(bodies)))
    pair = {"kind": "fallback", "first": {"kind": "lost_parser:Dangerous"}, "then": {"kind": "fast"}}
    for number, extractor in enumerate((pair, {"kind": "automatic", "html": pair})):
        outcome, folder = run(
            tmp_path,
            [{"kind": "warc", "path": str(path)}],
            name=f"extract-{number}",
            extractor=extractor,
            time_limit="500ms",
            memory_limit="256MiB",
        )
        found = [(row["url"][-1], dict(row["metadata"])) for row in rows(folder, "documents")]
        assert [(url, facts.get("fallback")) for url, facts in found] == [
            ("0", None), ("1", "timeout"), ("2", None), ("3", "crashed"), ("4", None),
        ]  # fmt: skip
        assert [facts["extractor"].split()[0].rpartition(":")[2] for _, facts in found][1] == "fast"
        assert outcome.counts["rejected"] == {}


def test_everything_is_loaded_before_time_is_counted(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(Fallback, "after", lambda self, lost, record: asked.append(record.media_type))
    record_extractor({"kind": "automatic", "html": {"kind": "fallback", "first": {"kind": "fast"}}})
    assert asked == ["text/html"]
