"""Class folders, on disk or in an archive."""

import io
import os
import tarfile
from collections import Counter

import pytest

from firstwords.data.datasets.folders import Folders, without_footer, without_headers, without_quotes
from firstwords.errors import RecipeError
from firstwords.recipe import build

DATA = os.environ.get("FIRSTWORDS_DATA")
FILES = {
    "train/sport/1": "the ball",
    "train/sport/2": "a goal",
    "train/food/1": "bread",
    "test/food/9": "caf\xe9",
    "readme.txt": "not a text",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    return tmp_path / "tree"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "tree.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for name, text in reversed(FILES.items()):
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode("latin-1")))
    return path


def test_an_archive_and_its_tree_are_the_same_records(tree, archive):
    parts = [build(Folders, {"path": str(p), "encoding": "latin-1"}).parts() for p in (tree, archive)]
    assert parts[0] == parts[1]
    texts = [*parts[0]["train"], *parts[0]["validation"]]
    assert sorted((r.id, r.label, r.text) for r in texts) == [
        ("train/food/1", "food", "bread"),
        ("train/sport/1", "sport", "the ball"),
        ("train/sport/2", "sport", "a goal"),
    ]
    assert [r.text for r in parts[0]["test"]] == ["café"]


def test_a_wrong_encoding_or_root_is_told(tree):
    with pytest.raises(RecipeError, match="test/food/9 is not utf-8"):
        build(Folders, {"path": str(tree)}).parts()
    with pytest.raises(RecipeError, match="no files in exam/<class>/. Folders there: .*test"):
        build(Folders, {"path": str(tree), "test": "exam", "encoding": "latin-1"}).parts()
    with pytest.raises(RecipeError, match="different folders"):
        build(Folders, {"path": str(tree), "test": "train"}).parts()
    with pytest.raises(RecipeError, match="readable tar"):
        build(Folders, {"path": str(tree / "readme.txt")}).parts()
    with pytest.raises(RecipeError, match="max_text_size"):
        build(Folders, {"path": str(tree), "encoding": "latin-1", "max_text_size": 3}).parts()


MESSAGE = """From: someone@example.org
Subject: a ball

In article <1@x> Ann writes:
> is it round?
It is round.
:-)
--
Someone, Some Street
"""


def test_headers_quotes_and_footers_go_only_when_asked(tmp_path):
    for part in ("train", "test"):
        (tmp_path / part / "c").mkdir(parents=True)
        (tmp_path / part / "c" / "1").write_text(MESSAGE)
    whole = build(Folders, {"path": str(tmp_path)}).parts()["test"][0].text
    assert whole == MESSAGE.strip()
    stripped = build(Folders, {"path": str(tmp_path), "strip": ["headers", "footers", "quotes"]})
    assert stripped.parts()["test"][0].text == "It is round.\n:-)"


def test_what_is_no_header_quote_or_signature_stays():
    assert without_headers("No header here\n\ntext") == "No header here\n\ntext"
    assert without_quotes("a > b\nc") == "a > b\nc"
    assert without_footer("one\n---\n" + "line\n" * 20).startswith("one\n---")


@pytest.mark.skipif(DATA is None, reason="FIRSTWORDS_DATA is not set")
def test_20_newsgroups_by_date_has_its_published_numbers():
    fields = {"train": "20news-bydate-train", "test": "20news-bydate-test", "encoding": "latin-1"}
    path = "$FIRSTWORDS_DATA/cls-20newsgroups/20news-bydate.tar.xz"
    parts = build(Folders, {"path": path} | fields).parts()
    assert len(parts["train"]) + len(parts["validation"]) == 11314
    assert len(parts["test"]) == 7532
    counts = Counter(r.label for r in parts["test"])
    assert len(counts) == 20
    assert counts["alt.atheism"] == 319
