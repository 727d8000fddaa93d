import runpy
import sys
from pathlib import Path

import pytest

from firstwords.data import remote_files
from firstwords.data.remote_files import addresses_below, fetch
from firstwords.errors import OutOfResources, RecipeError, TooManyRejects

fsspec = pytest.importorskip("fsspec")
serving = runpy.run_path(str(Path(__file__).parent / "crawl" / "local_server.py"))["serving"]


@pytest.fixture
def store():
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name in ("b/2.csv", "b/1.csv", "b/sub/3.CSV", "b/.hidden.csv", "b/x.txt"):
        memory.pipe(f"/{name}", name.encode())
    yield memory
    memory.store.clear()


def test_files_are_listed_by_folder_pattern_and_name(store) -> None:
    found = addresses_below("memory://b", (".csv",))
    assert [each.rpartition("/b/")[2] for each in found] == ["1.csv", "2.csv", "sub/3.CSV"]
    assert all(each.startswith("memory://") for each in found)
    assert [each.rpartition("/")[2] for each in addresses_below("memory://b/*.csv", ())] == ["1.csv", "2.csv"]
    assert addresses_below("memory://b/x.txt", (".csv",)) == ["memory://b/x.txt"]
    assert addresses_below("https://example.org/a.csv?b=1", (".csv",)) == ["https://example.org/a.csv?b=1"]


def test_addresses_of_nothing_are_refused(store) -> None:
    for address, message in (
        ("memory://none", "no files for"),
        ("memory://b/*.parquet", "no files for"),
        ("https://example.org/", "a web server lists no files"),
        ("nowhere://a/b", "nowhere"),
        ("s3://bucket/a", "needs a further package"),
    ):
        if address.startswith("s3") and "s3fs" in sys.modules:
            continue
        with pytest.raises(RecipeError, match=message):
            addresses_below(address, (".csv",))


def test_without_fsspec_the_package_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(RecipeError, match=r"pip install 'firstwords\[remote\]'"):
        addresses_below("memory://b", ())


def test_a_file_comes_whole_or_not_at_all(store, tmp_path) -> None:
    told = []
    assert fetch("memory://b/1.csv", tmp_path / "x" / "1.csv", 100, told.append) == 7 == told[-1]
    assert (tmp_path / "x" / "1.csv").read_bytes() == b"b/1.csv"
    with pytest.raises(OutOfResources, match="larger than max_file"):
        fetch("memory://b/1.csv", tmp_path / "2.csv", 3, told.append)
    with pytest.raises(RecipeError, match="cannot be read"):
        fetch("memory://b/none.csv", tmp_path / "2.csv", 3, told.append)
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_a_web_file_is_asked_for_until_it_comes(tmp_path) -> None:
    pytest.importorskip("aiohttp")
    gets = 0

    def first_cut_off(connection) -> None:
        nonlocal gets
        is_get = server.requests[-1][2].startswith("GET")
        gets += is_get
        body = b"0123456789"[: 4 if gets == 1 else 10] if is_get else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + body)

    with serving({"/a.csv": first_cut_off, "/gone": (404, {}, b"")}) as server:
        assert fetch(server.origin + "/a.csv", tmp_path / "a.csv", 100, lambda size: None, pause=0) == 10
        assert (tmp_path / "a.csv").read_bytes() == b"0123456789" and gets == 2
        with pytest.raises(RecipeError, match="cannot be read"):
            fetch(server.origin + "/gone", tmp_path / "b", 100, lambda size: None, pause=0)
    with pytest.raises(TooManyRejects, match="did not come"):
        fetch(server.origin + "/a.csv", tmp_path / "b", 100, lambda size: None, pause=0)
    assert not (tmp_path / "b").exists() and remote_files.ATTEMPTS == 3
