"""Sentences are labelled with their document; a document is in one part only."""

import tarfile

import pytest

from firstwords.data.datasets.passages import Passages
from firstwords.errors import RecipeError


def text(name: str) -> str:
    return " ".join(f"This is sentence number {n} of {name}." for n in range(6)) + " Short one."


@pytest.fixture
def folder(tmp_path):
    for n in range(60):
        (tmp_path / "texts" / f"part{n % 2}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "texts" / f"part{n % 2}" / f"page{n}.txt").write_text(text(f"page{n}"))
    (tmp_path / "texts" / "tiny.txt").write_text("One sentence only stands in here.")
    return tmp_path / "texts"


def test_sentences_carry_their_document(folder) -> None:
    parts = Passages(path=str(folder), test_share=0.3, max_sentences=5).parts()
    labels = {part: {r.label for r in records} for part, records in parts.items()}
    assert len(labels["train"] | labels["test"]) == 60 and not labels["train"] & labels["test"]
    assert all(r.label in r.text for r in parts["train"])
    assert len(parts["train"]) == 5 * len(labels["train"])


def test_archives_and_patterns(folder, tmp_path) -> None:
    with tarfile.open(tmp_path / "t.tar.xz", "w:xz") as tar:
        tar.add(folder, arcname="texts")
    inside = Passages(path=str(tmp_path / "t.tar.xz"), files="texts/part0/page?.txt", test_share=0.0).parts()
    assert {r.label for r in inside["train"]} == {f"page{n}" for n in (0, 2, 4, 6, 8)}
    with pytest.raises(RecipeError, match="no file of 'x/\\*'"):
        Passages(path=str(folder), files="x/*").parts()


def test_markup_is_left_out(tmp_path) -> None:
    (tmp_path / "a.1").write_text(".SH NAME\n" + "\n\n".join(f"\\fBls\\fP lists the files {n}." for n in range(5)))
    roff = Passages(path=str(tmp_path), markup="roff", test_share=0.0).parts()["train"]
    assert roff[0].text == "ls lists the files 0."
    (tmp_path / "a.1").write_text("\n".join(f"The/at jury/nn said/vb it/ppss {n}/cd ./." for n in range(5)))
    tagged = Passages(path=str(tmp_path), markup="word_tags", test_share=0.0).parts()["train"]
    assert tagged[0].text == "The jury said it 0 ."


def test_sentences_that_begin_alike_carry_their_first_words(tmp_path) -> None:
    for n in range(12):
        lines = [f"How many {word}s are in box {n}?" for word in ("dog", "cat")] + [f"{'* ' * 5}{'. ' * n}"]
        (tmp_path / f"{n}.txt").write_text(
            "\n\n".join([*lines, f"Where is the {n} of it?", f"Odd{n} one out of five."])
        )
    found = Passages(path=str(tmp_path), label="beginning", test_share=0.0, max_sentences=8).parts()["train"]
    assert sorted({(r.label, r.text.lower().startswith(r.label)) for r in found}) == [
        ("how many", True),
        ("where is", True),
    ]
    assert [r.label for r in found].count("how many") == 8
    assert len({r.group for r in found if r.label == "how many"}) > 4  # from files of everywhere
