import io
import json
import tarfile

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.minimal_pairs import drawn_pairs, read_pairs


def line(number, paradigm="island", **changed):
    made = {
        "sentence_good": f"Who {number} left?",
        "sentence_bad": f"Who left {number}?",
        "UID": paradigm,
        "linguistics_term": "effects",
        "pairID": str(number),
    }
    return json.dumps(made | changed)


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_a_folder_and_an_archive_hold_the_same_pairs(tmp_path):
    files = {paradigm: [line(number, paradigm) for number in range(4)] for paradigm in ("b", "a")}
    folder = write(tmp_path / "pairs", **files)
    with tarfile.open(tmp_path / "pairs.tar.xz", "w:xz") as archive:
        for name, lines in files.items():
            content = "\n".join(lines).encode()
            member = tarfile.TarInfo(f"data/{name}.jsonl")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    pairs = read_pairs(folder)
    assert pairs == read_pairs(tmp_path / "pairs.tar.xz")
    assert [pair.id for pair in pairs] == [f"{paradigm}/{number}" for paradigm in "ab" for number in range(4)]
    assert pairs[0].good == "Who 0 left?" and pairs[0].bad == "Who left 0?"


def test_a_sample_has_equally_many_of_each_and_grows(tmp_path):
    pairs = read_pairs(write(tmp_path / "p", a=[line(n, "a") for n in range(20)], b=[line(n, "b") for n in range(20)]))
    few, more = drawn_pairs(pairs, 3, 0), drawn_pairs(pairs, 8, 0)
    assert [pair.paradigm for pair in few] == ["a"] * 3 + ["b"] * 3
    assert set(few) < set(more)
    assert few != drawn_pairs(pairs, 3, 1)
    assert drawn_pairs(pairs, 99, 0) == pairs


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", r"p/island\.jsonl:2: not JSON"),
        ("7", r"island\.jsonl:2: not an object"),
        ("[]", r"island\.jsonl:2: no column 'sentence_good'"),
        (line(1, sentence_good=""), r"island\.jsonl:2: 'sentence_good' is no text"),
        (line(1, UID=7), r"island\.jsonl:2: 'UID' is no text"),
        (line(0), "two pairs of one paradigm have the same pairID"),
    ],
)
def test_what_is_no_pair_is_refused_with_its_place(tmp_path, bad, message):
    with pytest.raises(RecipeError, match=message):
        read_pairs(write(tmp_path / "p", island=[line(0), bad]))


def test_no_pairs_and_no_archive_are_told(tmp_path):
    with pytest.raises(RecipeError, match="holds no pairs"):
        read_pairs(write(tmp_path / "p"))
    (tmp_path / "x.tar").write_bytes(b"nothing")
    with pytest.raises(RecipeError, match="neither a folder nor a readable tar archive"):
        read_pairs(tmp_path / "x.tar")
