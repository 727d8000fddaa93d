import bz2
import gzip
import json
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import compressed
from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.jsonl import Jsonl
from firstwords.errors import RecipeError
from firstwords.recipe import build

DATA = os.environ.get("FIRSTWORDS_DATA")


def read(tmp_path, data: bytes, name: str = "a.jsonl", **fields):
    path = tmp_path / name
    path.write_bytes(data)
    return list(Jsonl(**{"path": str(path)} | fields).read(path, name))


def test_rows_become_records(tmp_path) -> None:
    row = {
        "text": "wörds",
        "url": "http://a/",
        "title": "",
        "license": "CC0",
        "meta": {"n": 3, "s": ["b"]},
        "date": 2024,
    }
    (found,) = read(tmp_path, json.dumps(row).encode(), metadata=("meta.n", "meta.s", "none"))
    assert isinstance(found, Record)
    assert (found.body, found.url, found.title, found.licence) == ("wörds".encode(), "http://a/", None, "CC0")
    assert (found.date, found.metadata, found.origin) == ("2024", {"meta.n": "3", "meta.s": '["b"]'}, "a.jsonl#1")


def test_other_keys_and_own_ids(tmp_path) -> None:
    (found,) = read(tmp_path, b'{"doc": {"body": "x"}, "key": 7}', text="doc.body", id="key")
    assert found.body == b"x" and found.origin == "a.jsonl#7"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "malformed"), (b"[1]", "malformed"), (b'{"x": 1}', "malformed"), (b'{"text": 5}', "malformed"),
        (b'{"text": null}', "malformed"), (b"\xff\xfe", "malformed"), (b"[" * 100_000, "malformed"),
        (b'{"text": "' + b"x" * 3000 + b'"}', "too_large"), (b"NaN", "malformed"),
    ],
)  # fmt: skip
def test_bad_lines_are_told_and_passed_over(tmp_path, line, reason) -> None:
    found = read(
        tmp_path, b'{"text": "a"}\n' + line + b'\n\n{"text": "b"}', max_line=2000 if reason == "too_large" else 10**6
    )
    assert [each.reason if isinstance(each, Rejection) else each.body for each in found] == [b"a", reason, b"b"]
    assert found[2].origin == "a.jsonl#4"


def test_compressed_files(tmp_path) -> None:
    pa = pytest.importorskip("pyarrow")
    lines = b"".join(b'{"text": "%d"}\n' % i for i in range(3000))
    forms = {"a.jsonl.gz": gzip.compress(lines), "a.jsonl.bz2": bz2.compress(lines), "a.jsonl.xz": lzma.compress(lines)}
    for end, codec in (("zst", "zstd"), ("lz4", "lz4")):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(lines)
        forms[f"a.jsonl.{end}"] = sink.getvalue().to_pybytes()
    for name, data in forms.items():
        assert [each.body for each in read(tmp_path, data, name)] == [str(i).encode() for i in range(3000)]


def test_a_damaged_file_gives_its_lines_up_to_the_damage(tmp_path) -> None:
    lines = b"".join(b'{"text": "%d"}\n' % i for i in range(30000))
    found = read(tmp_path, gzip.compress(lines)[:-5000], "a.jsonl.gz")
    assert isinstance(found[-1], Rejection) and found[-1].reason == "truncated"
    assert len(found) > 100 and all(isinstance(each, Record) for each in found[:-1])


@given(st.text())
def test_any_text_comes_back(tmp_path_factory, text) -> None:
    (found,) = read(tmp_path_factory.mktemp("x"), json.dumps({"text": text}).encode())
    assert found.body.decode() == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def test_halves_of_characters_do_no_harm(tmp_path) -> None:
    (found,) = read(tmp_path, b'{"text": "a\\ud800b", "url": "\\udfff"}')
    assert "\ufffd" in found.body.decode() and "\ufffd" in found.url


def test_behind_an_endless_line_nothing_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(compressed, "ENDLESS_BYTES", 2**20)
    data = b'{"text": "a"}\n' + b"x" * 2**24 + b'\n{"text": "b"}'
    first, last = read(tmp_path, gzip.compress(data), "a.jsonl.gz", max_line=1000)
    assert first.body == b"a" and last.reason == "too_large" and "more than 1048576 bytes" in last.detail


def test_the_text_must_have_a_key(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(RecipeError, match="text"):
        build(Jsonl, {"path": str(tmp_path), "text": ""})


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
def test_real_rows() -> None:
    path = Path(str(DATA)) / "articles-arxiv" / "arxiv.jsonl.xz"
    if not path.exists():
        pytest.skip("not in FIRSTWORDS_DATA")
    found = list(Jsonl(path=str(path)).read(path, "arxiv.jsonl"))
    assert len(found) == 20 and all(isinstance(each, Record) for each in found)
