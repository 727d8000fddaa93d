"""The page as a browser gets it: hostile texts stay text, nothing is loaded, equal artifacts give equal pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from made_run import evaluated, labels, made, trained, whole_run
from page_reader import Reader
from tiny_corpus import HOSTILE

from firstwords.corpus.description import describe
from firstwords.corpus.lineage import way
from firstwords.corpus.run import Run, find_run
from firstwords.web.report import data_parts, entering, report, write_report

LOADING = ("src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "xlink:href")
RUNNING = {"script", "img", "iframe", "object", "embed", "link", "base", "form", "video", "audio"}
# What stands out of the page, the width, and whether anything that was planted has run.
LOOK = """(() => [
  document.documentElement.scrollWidth,
  [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, svg')
    && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 60)),
  Math.min(...[...document.querySelectorAll('p, td, th, li, text')].map(e => parseFloat(getComputedStyle(e).fontSize))),
  document.title, typeof ran, document.scripts.length, document.images.length])()"""


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> Run:
    """The tiny corpus, and a training and evaluation in which every string is hostile."""
    data = find_run("tiny", tiny).artifacts
    return Run(f"tiny {HOSTILE}", (*data, *whole_run(tmp_path_factory.mktemp("made"), f"{HOSTILE} {{}} {{x}}")))


@pytest.fixture(scope="module")
def page(run) -> str:
    return report(run, [Run(f"beside {HOSTILE}", run.artifacts)])


def inert(page: str) -> Reader:
    """The page, parsed, with nothing in it that runs or loads."""
    read = Reader(page)
    assert not {name for name, _ in read.elements} & RUNNING
    assert read.comments == []
    for name, attributes in read.elements:
        assert not any(a.startswith("on") or a in LOADING or a == "style" for a in attributes), name
        assert attributes.get("href", "#").startswith("#")
    assert page.count("<style>") == 1
    return read


def test_hostile_texts_execute_nothing_and_nothing_is_loaded(page: str) -> None:
    assert inert(page).text.count("alert(1)") > 50


def test_every_part_is_there(page: str) -> None:
    ids = {a.get("id") for _, a in Reader(page).elements}
    parts = "flow path results chance slices robustness same confusion errors curves samples configuration removed"
    assert {*parts.split(), "corpus", "scores", "duplicates", "personal", "lineage", "costs"} <= ids


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


def test_equal_artifacts_give_equal_pages(run, tmp_path) -> None:
    places = [write_report(run, tmp_path / f"{n}.html") for n in range(2)]
    assert places[0].read_bytes() == places[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_of_which_parts_are_missing_is_told_as_far_as_it_went(run, tmp_path) -> None:
    for number in range(1, len(run.artifacts), 2):
        for part in (run.artifacts[:number], run.artifacts[number:]):
            inert(report(Run("part", part)))
    bare = made(tmp_path, "pretrain.a", "x", reasons=[])
    assert "nothing was measured" not in report(Run("bare", (bare,)))
    scored = evaluated(tmp_path, trained(tmp_path, "finetune.a", "x"), "x", classification=labels("x"))
    for place in (*scored.folder.glob("items/*"), *scored.folder.glob("tasks/*"), scored.path("results.json")):
        place.unlink()
        inert(report(Run("less", (scored,))))


def test_naughty_strings_everywhere_are_only_text(tmp_path) -> None:
    folder = os.environ.get("FIRSTWORDS_DATA")
    places = sorted(Path(folder).glob("robust-blns/**/*.txt")) if folder else []
    if not places:
        pytest.skip("no robust-blns in FIRSTWORDS_DATA: no list of naughty strings")
    lines = {line for place in places for line in place.read_text("utf-8", "replace").split("\n") if line}
    # Many at once in every place: a page for each would take minutes.
    chosen = sorted(lines)
    for number in range(0, len(chosen), 100):
        string = " ".join(chosen[number : number + 100])
        inert(report(Run(string, whole_run(tmp_path / str(number), string))))


@pytest.mark.slow
def test_the_command_writes_the_page_and_names_it(tiny) -> None:
    command = [sys.executable, "-m", "firstwords", "report", "tiny", "--artifacts", str(tiny)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == str(tiny / "reports" / "tiny.html")
    assert (tiny / "reports" / "tiny.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_runs_and_asks_for_nothing_and_all_fits_at_both_widths(page: str, tmp_path) -> None:
    # What would run is put in by hand, to see that the page's own policy stops it, and that it would be noticed.
    probe = "<script>var ran = 1; alert(2)</script><img src=http://127.0.0.1:9/x onerror='var ran = 1'>"
    places = {name: tmp_path / f"{name}.html" for name in ("page", "attacked", "open")}
    attacked = page.replace("</body>", f"{probe}</body>")
    policy = page[page.index('<meta http-equiv="Content-Security') : page.index('<meta name="viewport"')]
    for name, content in (("page", page), ("attacked", attacked), ("open", attacked.replace(policy, ""))):
        places[name].write_text(content, encoding="utf-8")
    with Browser(tmp_path / "profile") as browser:
        for dark in (False, True):
            seen = browser.show(places["page"], LOOK, (400, 1400), dark=dark)
            assert (seen.requests, seen.messages, seen.dialogs) == ([], [], [])
            for width, (wide, outside, smallest, title, ran, scripts, images) in seen.values.items():
                assert wide <= width and outside == []
                assert smallest >= 10
                assert title.startswith("Report of tiny <script>")
                assert (ran, scripts, images) == ("undefined", 0, 0)
        stopped = browser.show(places["attacked"], "typeof ran")
        assert stopped.values == {1400: "undefined"} and stopped.dialogs == []
        assert any("Content Security Policy" in message for message in stopped.messages)
        unguarded = browser.show(places["open"], "typeof ran")
        assert unguarded.values == {1400: "number"} and unguarded.dialogs == ["2"]
        assert any("127.0.0.1" in url for url in unguarded.requests)
