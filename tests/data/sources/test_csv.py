import csv
import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import compressed
from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.csv import Csv
from firstwords.errors import RecipeError
from firstwords.recipe import build

DATA = os.environ.get("FIRSTWORDS_DATA")


def read(tmp_path, data: bytes, name: str = "a.csv", **fields):
    path = tmp_path / name
    path.write_bytes(data)
    return list(Csv(**{"path": str(path)} | fields).read(path, name))


def told(found) -> list:
    return [(each.reason, each.detail) if isinstance(each, Rejection) else each.body.decode() for each in found]


def test_rows_become_records(tmp_path) -> None:
    data = '\ufefftext,url,n\r\n"a, ""b""\r\nc",http://x/,1\r\n\r\nwörds,,2\r\n'.encode()
    first, second = read(tmp_path, data, metadata=("n",))
    assert isinstance(first, Record)
    assert (first.body, first.url, first.metadata, first.origin) == (
        b'a, "b"\r\nc',
        "http://x/",
        {"n": "1"},
        "a.csv#2",
    )
    assert (second.body, second.url, second.origin) == ("wörds".encode(), None, "a.csv#5")


def test_tabs_other_delimiters_quotes_and_names(tmp_path) -> None:
    assert told(read(tmp_path, b"text\tx\na,b\t1\n", "a.tsv.gz".removesuffix(".gz"))) == ["a,b"]
    assert told(read(tmp_path, gzip.compress(b"text\tx\na,b\t1\n"), "a.tsv.gz")) == ["a,b"]
    assert told(read(tmp_path, b"x;text\n1;'a;b'\n", delimiter=";", quote="'")) == ["a;b"]
    assert told(read(tmp_path, b'"one\t0\ntwo"\t1\n', "a.tsv", columns=("text", "y"), quote="")) == ['"one', 'two"']
    assert told(read(tmp_path, b"x|text\n1|a, b\n2|c, d, e\n", delimiter="auto")) == ["a, b", "c, d, e"]
    assert told(read(tmp_path, "text\nä\n".encode("cp1252"), charset="cp1252")) == ["ä"]


def test_bytes_that_are_no_text_are_left_to_the_extractor(tmp_path) -> None:
    (found,) = read(tmp_path, b"text,url\n\xe4\xff,\xe4\n")
    assert (found.body, found.url) == (b"\xe4\xff", "\ufffd")


def test_rows_that_do_not_fit_are_told_with_their_line(tmp_path) -> None:
    found = told(read(tmp_path, b'text,n\na,1\nb\nc,2,3\n"d"x,4\ne,5\n'))
    assert [each if isinstance(each, str) else each[0] for each in found] == ["a", *["malformed"] * 3, "e"]
    assert [each[1].partition(":")[0] for each in found[1:4]] == ["line 3", "line 4", "line 5"]
    assert "1 fields where the header has 2" in found[1][1]


def test_a_quote_that_is_never_closed_costs_its_own_line(tmp_path) -> None:
    rows = b"".join(b"row %d,%d\n" % (i, i) for i in range(2000))
    found = read(tmp_path, b"text,n\nfirst,0\n" + b'"open,1\n' + rows)
    assert [isinstance(each, Rejection) for each in found[:3]] == [False, True, False] and len(found) == 2002
    assert found[1].detail.startswith("line 3: unexpected end of data")
    assert found[-1].origin == "a.csv#2003"
    # The same where the end of the file is far, and where another stray quote seems to close it.
    found = read(tmp_path, b"text,n\n" + b'"open,1\n' + rows, max_row=1000)
    assert "does not end within 1000 bytes" in found[0].detail and len(found) == 2001
    found = told(read(tmp_path, b"text,n\n" + b'"open,1\na,2\nb,3\n"stray,4\nc,5\n'))
    assert [each if isinstance(each, str) else each[1][:6] for each in found] == ["line 2", "a", "b", "line 5", "c"]


def test_long_rows_are_told(tmp_path) -> None:
    found = told(read(tmp_path, b"text\na\n" + b"x" * 3000 + b"\nb\n", max_row=1000))
    assert found[0] == "a" and found[1][0] == "too_large" and found[2] == "b"
    text = "y" * 300_000
    assert told(read(tmp_path, f"text\n{text}\n".encode())) == [text]


def test_behind_an_endless_line_nothing_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(compressed, "ENDLESS_BYTES", 2**20)
    first, last = read(tmp_path, gzip.compress(b"text\na\n" + b"x" * 2**24 + b"\nb\n"), "a.csv.gz", max_row=1000)
    assert first.body == b"a" and last.reason == "too_large" and last.detail.startswith("line 3: EndlessLine")


def test_a_damaged_file_gives_its_rows_up_to_the_damage(tmp_path) -> None:
    rows = b"text\n" + b"".join(b"row %d\n" % i for i in range(30000))
    found = read(tmp_path, gzip.compress(rows)[:-5000], "a.csv.gz")
    assert found[-1].reason == "truncated" and len(found) > 1000
    assert all(isinstance(each, Record) for each in found[:-1])


@given(st.lists(st.tuples(st.text(), st.text()), max_size=6))
def test_what_a_writer_writes_comes_back(tmp_path_factory, rows) -> None:
    rows = [
        tuple(each.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n") for each in row)
        for row in rows
    ]
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "note"), *rows])
    found = read(tmp_path_factory.mktemp("x"), sink.getvalue().encode(), metadata=("note",))
    assert [(each.body.decode(), each.metadata.get("note", "")) for each in found] == rows


@given(st.binary(max_size=400), st.integers(20, 100))
def test_any_bytes_end_in_records_and_rejections(tmp_path_factory, data, max_row) -> None:
    found = read(tmp_path_factory.mktemp("x"), b"text,n\n" + data, max_row=max_row)
    origins = [each.origin if isinstance(each, Record) else each.id for each in found]
    assert len(set(origins)) == len(origins)


def test_quotes_everywhere_take_no_longer(tmp_path) -> None:
    import time

    for line in (b'"\n', b'""\n', b'"""\n', b'a,"b\n', b'"a\n', b'"" ""\n', b'x"\n'):
        start = time.process_time()
        read(tmp_path, b"text,n\n" + line * (100_000 // len(line)), max_row=10_000)
        # Twice what the slowest needs on a busy core; anything quadratic takes minutes.
        assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "txt"}, "no column 'txt' in .*Did you mean 'text'"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"quote": "''"}, "quote"),
        ({"charset": "utf-16"}, "extends ASCII"),
        ({"charset": "utf-99"}, "extends ASCII"),
        ({"text": []}, "name the column"),
        ({"delimitr": ","}, "Did you mean 'delimiter'"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, fields, message) -> None:
    (tmp_path / "a.csv").write_text("text,url\na,b\n")
    with pytest.raises(RecipeError, match=message):
        build(Csv, {"path": str(tmp_path)} | fields).check(tmp_path / "a.csv", "a.csv")


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize(
    ("name", "fields", "rows", "lost"),
    [
        ("cls-banking77/test.csv.xz", {"metadata": ("category",)}, 3080, 0),
        ("tox-davidson/labeled_data.csv.xz", {"text": "tweet"}, 24783, 0),
        ("cls-ag-news/test.csv.xz", {"columns": ("label", "title", "text")}, 7600, 0),
        ("cls-sst2/dev.tsv", {"columns": ("text", "label"), "quote": ""}, 872, 0),
        ("tox-olid/testset-levela.tsv", {"text": "tweet", "quote": ""}, 860, 0),
    ],
)
def test_real_tables(name, fields, rows, lost) -> None:
    path = Path(str(DATA)) / name
    if not path.exists():
        pytest.skip("not in FIRSTWORDS_DATA")
    source = Csv(path=str(path), **fields)
    source.check(path, name)
    found = list(source.read(path, name))
    assert sum(isinstance(each, Record) for each in found) == rows
    assert sum(isinstance(each, Rejection) for each in found) == lost
