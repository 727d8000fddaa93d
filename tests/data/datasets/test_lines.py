"""Lines become labelled texts by a pattern or by their file."""

import zipfile

import pytest

from firstwords.data.datasets.lines import Lines
from firstwords.errors import RecipeError

TREC = r"(?P<label>\w+):\S+ (?P<text>.*)"


@pytest.fixture
def archive(tmp_path):
    place = tmp_path / "qc.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.writestr(
            "train.txt", "".join(f"LOC:city Where is town {n} ?\nHUM:ind Who was caf\xe9 {n} ?\n" for n in range(40))
        )
        file.writestr("test.txt", "NUM:count How many ?\nHUM:ind Who ?\n")
    return str(place)


def test_label_and_text_are_told_by_the_pattern(archive) -> None:
    data = Lines(
        path=archive, train="train.txt", test="test.txt", pattern=TREC, labels={"LOC": "place", "HUM": "person"}
    )
    parts = data.parts()
    assert [(r.text, r.label) for r in parts["test"]] == [("Who ?", "person")]
    assert len(parts["train"]) + len(parts["validation"]) == 80
    assert parts["train"][0].label == "place"
    assert data.fingerprint() == data.fingerprint()


def test_a_file_may_hold_the_texts_of_one_label(archive) -> None:
    parts = Lines(path=archive, files={"seen": "train.txt", "asked": "test.txt"}).parts()
    assert {r.label for part in parts.values() for r in part} == {"seen", "asked"}


def test_a_plain_file_is_cut_by_a_hash_of_the_text(tmp_path) -> None:
    (tmp_path / "t.tsv").write_text("".join(f"text {n}\t{n % 2}\n" for n in range(200)))
    parts = Lines(path=str(tmp_path / "t.tsv")).parts()
    assert 20 < len(parts["test"]) < 60
    assert sum(map(len, parts.values())) == 200


def test_what_is_wrong_is_told(archive, tmp_path) -> None:
    with pytest.raises(RecipeError, match="line 1 does not match"):
        Lines(path=archive, train="train.txt", pattern=r"(?P<text>\d+)(?P<label>)").parts()
    with pytest.raises(RecipeError, match="holds no file other.txt"):
        Lines(path=archive, train="other.txt", pattern=TREC).parts()
    with pytest.raises(RecipeError, match="no lines with a label"):
        Lines(path=archive, train="train.txt", pattern=TREC, labels={"X": "y"}).parts()
    with pytest.raises(ValueError, match="needs the groups"):
        Lines(path=archive, pattern="(.*)")
    with pytest.raises(ValueError, match="pattern: "):
        Lines(path=archive, pattern="(")
    (tmp_path / "latin").write_bytes("caf\xe9\t1\n".encode("latin-1"))
    with pytest.raises(RecipeError, match="Set encoding"):
        Lines(path=str(tmp_path / "latin")).parts()
