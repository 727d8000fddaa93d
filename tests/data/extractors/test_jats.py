import os
import runpy
from pathlib import Path

import pytest

from firstwords.data.document import Document
from firstwords.data.extractors.jats import Jats
from firstwords.data.source import Record

make_jats = runpy.run_path(str(Path(__file__).parents[1] / "made_files.py"))["jats"]
DATA = os.environ.get("FIRSTWORDS_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
FILES = sorted(Path(DATA, "articles-jats-pmc").glob("*.nxml")) if DATA else []


def extract(body: bytes, **settings):
    return Jats(**settings).extract(Record(origin="o", body=body, media_type="application/jats+xml"))


def test_an_article_with_its_provenance() -> None:
    found = extract(make_jats("<p>Text.</p>", '<article-id pub-id-type="doi">10.1/x</article-id>', 'xml:lang="fr"'))
    assert (found.text, found.title, found.language) == ("The title\n\nText.", "The title", "fr")
    assert (found.metadata["doi"], found.metadata["journal"]) == ("10.1/x", "J")


def test_an_article_inside_a_set_of_articles() -> None:
    assert extract(b"<pmc-articleset>" + make_jats("<p>x</p>") + b"</pmc-articleset>").text == "The title\n\nx"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"no xml", "malformed"),
        (b"<feed><entry/></feed>", "unsupported"),
        (b"<article><body/></article>", "empty"),
        (b"<article><body>" + b"<sec>" * 100_000, "empty"),
    ],
)
def test_what_is_refused(body, reason) -> None:
    assert extract(body).reason == reason


def test_an_article_that_is_cut_off_is_read_so_far() -> None:
    whole = make_jats("<p>One.</p><p>Two.</p>")
    assert extract(whole[: whole.index(b"Two")]).text == "The title\n\nOne."


@needs_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_articles(path) -> None:
    found = extract(path.read_bytes())
    assert isinstance(found, Document) and len(found.text) > 10_000
    assert found.text.startswith(f"{found.title}\n\n") and found.metadata["doi"].startswith("10.")
    assert found.date and found.licence and found.metadata["journal"] and found.metadata["author"]
    assert "\0" not in found.text and "[]" not in found.text and "()" not in found.text and " ," not in found.text
    # Figures of one another's references are gone, words stay.
    everything = extract(path.read_bytes(), citations="all")
    assert len(everything.text) >= len(found.text) >= len(extract(path.read_bytes(), citations="none").text)


@needs_data
def test_author_and_year_stay_in_their_sentence() -> None:
    found = extract(Path(DATA, "articles-jats-pmc", "ehp-116-1694.nxml").read_bytes())
    assert "tissues of humans and wildlife (Hites 2004; Law et al. 2003)." in found.text
    assert "\n\nFigure 1 Exposure to PBDE-47 depressed" in found.text
