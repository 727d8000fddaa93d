"""The documentation as a source: the same bytes on every run, and nothing of the machine in them."""

import gzip
import os
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstwords.data.source import Record
from firstwords.data.sources.python_documentation import (
    NUM_UNITS,
    SKIPPED,
    PythonDocumentation,
    is_wanted,
    standard_modules,
)
from firstwords.data.sources.warc import read_pages
from firstwords.errors import RecipeError
from firstwords.recipe import build

HERE = Path(__file__).parent
HELP = runpy.run_path(str(HERE / "collecting.py"))
work_in, payload = HELP["work_in"], HELP["payload"]
MODULES = ("configparser", "json", "os", "platform", "site", "sys", "sysconfig", "tempfile")


def run_script(folder, *modules: str, **options) -> subprocess.Popen:
    command = [sys.executable, str(HERE / "collecting.py"), str(folder), *modules]
    return subprocess.Popen(command, **options)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A collection made with a secret in the environment, from a working directory with a telling name."""
    base = tmp_path_factory.mktemp("collect")
    cwd = base / "planted-directory"
    cwd.mkdir()
    environment = os.environ | {"PLANTED_NAME": "planted-value", "HOME": str(base / "planted-home")}
    process = run_script(base / "a", *MODULES, cwd=cwd, env=environment)
    assert process.wait() == 0
    return base / "a"


def test_nothing_of_the_machine_is_stored(planted) -> None:
    text = b"".join(gzip.decompress(data) if name.endswith(".gz") else data for name, data in payload(planted).items())
    assert len(text) > 300_000
    private = [b"planted", b"PLANTED", sys.prefix.encode(), sys.base_prefix.encode(), os.getcwd().encode()]
    private += [str(Path.home()).encode() + b"/", os.uname().nodename.encode() + b"'", b"data-decor", b"0x7f"]
    # A one-letter home or host would be found in any text.
    assert [each for each in private if len(each) > 3 and each in text] == []


def test_two_runs_and_any_workers_give_the_same_bytes(planted, tmp_path) -> None:
    PythonDocumentation(modules=MODULES, topics=False).collect(work_in(tmp_path, workers=2), "0-x")
    assert payload(tmp_path) == payload(planted)


def test_a_killed_collection_continues_to_the_same_bytes(planted, tmp_path) -> None:
    for moment in (0.5, 1.0, 1.5):
        with run_script(tmp_path, *MODULES) as process:
            time.sleep(moment)
            process.kill()
    with run_script(tmp_path, *MODULES) as process:
        assert process.wait() == 0
    assert payload(tmp_path) == payload(planted)


def test_pages_are_records_with_canonical_addresses_and_a_licence(planted) -> None:
    pages = [each for path in sorted(planted.rglob("*.gz")) for each in read_pages(path, path.name, max_record=2**26)]
    assert all(isinstance(each, Record) for each in pages)
    assert {"pydoc:///json", "pydoc:///json.decoder", "pydoc:///os"} <= {each.url for each in pages}
    assert {each.licence for each in pages} == {"PSF-2.0"}
    assert len({each.origin for each in pages}) == len(pages)


def test_only_the_standard_library_is_asked_for() -> None:
    modules = standard_modules()
    assert not SKIPPED & set(modules) and set(modules) <= set(sys.stdlib_module_names)
    assert "json" in modules and "_json" not in modules and "__future__" in modules
    starts = ("json", "os", "topics", "unittest", "encodings")
    wanted = ["json.decoder", "unittest.mock", "topic?key=assert"]
    unwanted = [
        "json",
        "re",
        "os._x",
        "json.__main__",
        "email.message",
        "unittest.test",
        "encodings.cp1251",
        "json.tests.x",
    ]
    assert [name for name in wanted + unwanted if is_wanted(name, starts)] == wanted
    assert not is_wanted("topic?key=assert", ("json",))


def test_units_do_not_depend_on_anything_but_the_fields() -> None:
    units = PythonDocumentation().units()
    assert [unit.key for unit in units] == [f"modules-{i}" for i in range(NUM_UNITS)] + ["topics"]
    assert sorted(name for unit in units[:-1] for name in unit.start) == standard_modules()
    assert sum(unit.max_pages for unit in PythonDocumentation(max_pages=100).units()) == 100
    assert [unit.start for unit in PythonDocumentation(modules=("json",), topics=False).units()] == [("json",)]


def test_at_most_so_many_pages(tmp_path) -> None:
    receipts = PythonDocumentation(modules=("json",), topics=False, max_pages=2).collect(work_in(tmp_path), "0-x")
    assert [receipt["fetched"] for receipt in receipts] == [2]


def test_failures_are_told_without_their_messages(tmp_path) -> None:
    """`dbm.gnu` and the like are listed but cannot be imported everywhere; the error names a file of this machine."""
    if os.name != "posix":
        pytest.skip("asyncio.windows_events is a page there")
    (receipt,) = PythonDocumentation(modules=("asyncio",), topics=False).collect(work_in(tmp_path), "0-x")
    assert receipt["failed"]["no_page"] >= 1
    log = (tmp_path / "0-x" / f"{receipt['key'].rpartition('/')[2]}.failed.jsonl").read_text()
    assert '"pydoc:///asyncio.windows_events"' in log and ".py" not in log


def test_unknown_modules_are_refused() -> None:
    with pytest.raises(RecipeError, match="requests"):
        build(PythonDocumentation, {"modules": ["requests"]})
    with pytest.raises(RecipeError, match="max_pages"):
        build(PythonDocumentation, {"max_pages": 0})


def test_the_fingerprint_knows_the_interpreter(monkeypatch) -> None:
    before = PythonDocumentation().fingerprint()
    assert before == PythonDocumentation().fingerprint() != PythonDocumentation(topics=False).fingerprint()
    monkeypatch.setattr(sys, "version", "4.0")
    assert PythonDocumentation().fingerprint() != before


@pytest.mark.slow
def test_the_whole_documentation_twice(tmp_path) -> None:
    for name in ("a", "b"):
        receipts = PythonDocumentation().collect(work_in(tmp_path / name, workers=2), "0-x")
        assert sum(receipt["fetched"] for receipt in receipts) > 400
    assert payload(tmp_path / "a") == payload(tmp_path / "b")
    shutil.rmtree(tmp_path)
