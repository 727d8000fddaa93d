"""Records, their storage, their labels, and how a part is cut off."""

import gzip
import lzma

import pytest

from firstwords.data.dataset import (
    TextRecord,
    WordsRecord,
    cut_validation,
    digest_of_files,
    draw,
    label_names,
    read_file,
    read_records,
    table_of,
    tag_names,
)
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError

TEXTS = [TextRecord("a", "g", "one text", "x"), TextRecord("b", "g", "", "y")]
SENTENCES = [
    WordsRecord("1", "1", ("New", "York", "wins"), ("B-LOC", "I-LOC", "O")),
    WordsRecord("2", "2", ("ORG",), ("B-ORG",)),
]


def test_a_record_has_a_tag_for_every_word():
    with pytest.raises(ValueError, match="2 words but 1 tags"):
        WordsRecord("1", "1", ("a", "b"), ("O",))


@pytest.mark.parametrize("records", [TEXTS, SENTENCES])
def test_stored_records_come_back(tmp_path, records):
    write_table(tmp_path / "part.parquet", table_of(records, type(records[0])))
    assert read_records(tmp_path / "part.parquet") == records


def test_an_empty_part_keeps_its_columns(tmp_path):
    assert table_of([], WordsRecord).schema.names == ["id", "group", "words", "tags"]
    write_table(tmp_path / "part.parquet", table_of([], TextRecord))
    assert read_records(tmp_path / "part.parquet") == []


def test_label_names_are_sorted_classes_or_all_tags_of_all_types():
    assert label_names(TEXTS) == ["x", "y"]
    # I-ORG occurs nowhere, but tag numbers must say type and place by their order alone.
    assert label_names(SENTENCES) == ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    assert tag_names(["b", "a", "b"]) == ["O", "B-a", "I-a", "B-b", "I-b"]


def test_validation_takes_whole_groups_and_about_its_share():
    records = [TextRecord(f"{g}-{i}", f"group {g}", "t", "x") for g in range(20_000) for i in range(2)]
    train, validation = cut_validation(records, 0.1)
    assert not {r.group for r in train} & {r.group for r in validation}
    # Four standard deviations of 20,000 draws at 0.1.
    assert abs(len(validation) - 4000) < 2 * 4 * 42.4
    # A group keeps its part whatever else is there.
    assert cut_validation(records[:400], 0.1)[1] == [r for r in validation if r in records[:400]]


def test_draws_depend_on_purpose_and_name():
    assert draw("a", "x") == draw("a", "x")
    assert len({draw("a", "x"), draw("b", "x"), draw("a", "y")}) == 3


def test_packed_files_are_read(tmp_path):
    for suffix, module in ((".xz", lzma), (".gz", gzip)):
        path = tmp_path / f"f{suffix}"
        path.write_bytes(module.compress(b"content"))
        assert read_file(path) == b"content"
    (tmp_path / "broken.xz").write_bytes(b"no archive")
    with pytest.raises(RecipeError, match=r"broken\.xz"):
        read_file(tmp_path / "broken.xz")


def test_the_digest_follows_the_contents_not_the_names(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (digest_of_files([tmp_path / name]) for name in "abc")
    assert a == b != c
