import lzma
import tarfile
import zipfile

import pytest

from firstwords.data.labelled_files import digest_of_places, place_of, read_place, text_of
from firstwords.errors import RecipeError


@pytest.fixture
def archives(tmp_path):
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(b"inside"))
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as made:
        made.write(tmp_path / "a.txt.xz", "d/a.txt.xz")
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as made:
        made.add(tmp_path / "a.txt.xz", "./d/a.txt.xz")
    return tmp_path


@pytest.mark.parametrize("path", ["a.txt.xz", "z.zip/d/a.txt.xz", "t.tar.gz/d/a.txt.xz"])
def test_packed_files_are_read_wherever_they_lie(archives, path) -> None:
    place = place_of(str(archives / path))
    assert read_place(place) == b"inside"
    assert place.suffix == ".txt"


def test_the_key_of_a_json_file_is_no_part_of_its_name(archives) -> None:
    place = place_of(str(archives / "x.json.xz#train"))
    assert (place.file.name, place.key, place.suffix) == ("x.json.xz", "train", ".json")
    (archives / "odd#name.csv").write_text("")
    assert place_of(str(archives / "odd#name.csv")).key == ""


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("z.zip/d/b.txt.xz", r"z\.zip: holds no d/b\.txt\.xz\. Did you mean 'd/a\.txt\.xz'"),
        ("t.tar.gz/d", r"holds no d|d is no file"),
        ("no.zip", "cannot be read"),
    ],
)
def test_what_is_not_there_is_told(archives, path, message) -> None:
    with pytest.raises(RecipeError, match=message):
        read_place(place_of(str(archives / path)))


def test_damaged_archives_and_wrong_encodings_are_told(archives) -> None:
    (archives / "z.zip").write_bytes(b"no zip")
    with pytest.raises(RecipeError, match=r"z\.zip/x: cannot be read"):
        read_place(place_of(str(archives / "z.zip/x")))
    (archives / "l.txt").write_bytes(b"a\nb\xe9\n")
    with pytest.raises(RecipeError, match=r"l\.txt:2: not UTF-8.*Set encoding"):
        text_of(place_of(str(archives / "l.txt")))
    assert text_of(place_of(str(archives / "l.txt")), "latin-1") == "a\nb\xe9\n"


def test_the_member_counts_for_the_digest(archives) -> None:
    first, second = (digest_of_places([str(archives / "z.zip" / name)]) for name in "ab")
    assert first != second
    assert digest_of_places([None]) == digest_of_places([])
