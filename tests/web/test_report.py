"""The page as a browser gets it: hostile texts stay text, nothing is loaded, equal artifacts give equal pages."""

import os
import shutil
import subprocess
import sys

import pytest
from page_reader import Reader
from tiny_corpus import HOSTILE

from firstwords.corpus.description import describe
from firstwords.corpus.lineage import way
from firstwords.corpus.run import Run, find_run
from firstwords.web.report import data_parts, entering, report, write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOADING = ("src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "xlink:href")


@pytest.fixture(scope="module")
def page(tiny) -> str:
    return report(Run(f"tiny {HOSTILE}", find_run("tiny", tiny).artifacts))


def test_hostile_texts_execute_nothing_and_nothing_is_loaded(page: str) -> None:
    read = Reader(page)
    names = {name for name, _ in read.elements}
    assert "alert(1)" in read.text
    assert not names & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "video", "audio"}
    assert read.comments == []
    for name, attributes in read.elements:
        assert not any(a.startswith("on") or a in LOADING or a == "style" for a in attributes), name
        assert attributes.get("href", "#").startswith("#")
    assert page.count("<style>") == 1


def test_links_lead_to_parts_that_exist(page: str) -> None:
    read = Reader(page)
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for _, a in read.elements if "href" in a]
    assert links
    assert {str(link).removeprefix("#") for link in links} <= set(ids)
    pictures = [a for name, a in read.elements if name == "svg"]
    assert pictures
    assert all(a.get("aria-label") for a in pictures)


def test_the_first_screen_tells_what_happened(tiny, page: str) -> None:
    found = describe(way("tiny", tiny))
    assert entering(found.stages) == 8
    text = Reader(page).text
    assert "Of 8 records that were read, 3 documents (38%) are in the corpus" in text
    assert text.index("documents (38%)") < text.index("What was taken out")
    assert len(data_parts(found)) == 5


def test_personal_data_is_nowhere_on_the_page(page: str) -> None:
    assert "mayor@valley.example" not in page
    assert "boss@short.example" not in page


def test_excerpts_lose_personal_data_also_without_a_step_that_removes_it(tmp_path) -> None:
    from tiny_corpus import run_tiny

    run_tiny(tmp_path, clean={"steps": [{"kind": "gopher_quality"}]})
    made = report(find_run("tiny", tmp_path / "artifacts"))
    assert "boss@short.example" not in made
    assert "&lt;EMAIL&gt;" in made


def test_equal_artifacts_give_equal_pages(tiny, tmp_path) -> None:
    places = [write_report(find_run("tiny", tiny), tmp_path / f"{n}.html") for n in range(2)]
    assert places[0].read_bytes() == places[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_the_command_writes_the_page_and_names_it(tiny) -> None:
    command = [sys.executable, "-m", "firstwords", "report", "tiny", "--artifacts", str(tiny)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == str(tiny / "reports" / "tiny.html")
    assert (tiny / "reports" / "tiny.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_runs_and_asks_for_nothing(page: str, tmp_path) -> None:
    # What would run is put in by hand, to see that the page's own policy stops it.
    probe = "<script>document.title = 'ran'</script><img src=http://127.0.0.1:9/x onerror=\"document.title='ran'\">"
    results = {}
    for name, content in (("page", page), ("attacked", page.replace("</body>", f"{probe}</body>"))):
        place = tmp_path / f"{name}.html"
        place.write_text(content, encoding="utf-8")
        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += ["--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"]
        command += [f"--user-data-dir={tmp_path / ('profile-' + name)}", "--dump-dom", f"file://{place}"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=dict(os.environ))
        assert "<title>Report of tiny" in ended.stdout
        results[name] = ended.stderr
    assert "Content Security Policy" not in results["page"]
    assert "Content Security Policy" in results["attacked"]
