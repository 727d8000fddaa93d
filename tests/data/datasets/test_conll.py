"""Columns with tags: every usual shape is read, every mistake is told with its line."""

import lzma
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.datasets.conll import Conll
from firstwords.errors import RecipeError
from firstwords.metrics.entities import find_entities
from firstwords.recipe import build

DATA = os.environ.get("FIRSTWORDS_DATA")
OTHER = "x O\n"


def read(folder: Path, text: str, **fields) -> list:
    (folder / "train.txt").write_text(text, encoding="utf-8")
    (folder / "test.txt").write_text(OTHER, encoding="utf-8")
    paths = {"train": str(folder / "train.txt"), "test": str(folder / "test.txt")}
    return build(Conll, paths | {"validation_share": 0.0} | fields).parts()["train"]


def test_words_tags_sentences_and_line_numbers(tmp_path):
    first, second = read(tmp_path, "EU B-ORG\nrejects O\n\n\nBonn B-LOC\n")
    assert (first.words, first.tags, first.id) == (("EU", "rejects"), ("B-ORG", "O"), "train:1")
    assert (second.words, second.id) == (("Bonn",), "train:5")
    assert first.group != second.group


def test_documents_are_groups(tmp_path):
    text = "-DOCSTART- -X- O O\n\na X Y O\n\nb X Y O\n\n-DOCSTART- -X- O O\nc X Y O\n"
    assert [(r.words, r.group) for r in read(tmp_path, text)] == [
        (("a",), "train:1"),
        (("b",), "train:1"),
        (("c",), "train:7"),
    ]


def test_four_schemes_give_one(tmp_path):
    texts = {
        "iob2": "a B-X\nb I-X\nc B-X\nd O\ne B-Y\n",
        "iob1": "a I-X\nb I-X\nc B-X\nd O\ne I-Y\n",
        "iobes": "a B-X\nb E-X\nc S-X\nd O\ne S-Y\n",
        "bilou": "a B-X\nb L-X\nc U-X\nd O\ne U-Y\n",
    }
    for scheme, text in texts.items():
        for told in ("auto", scheme):
            assert read(tmp_path, text, scheme=told)[0].tags == ("B-X", "I-X", "B-X", "O", "B-Y"), (scheme, told)


def test_files_inside_archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("s/train.txt", "EU B-ORG\n\nBonn LOC\n")
        archive.writestr("s/test.txt", OTHER)
    paths = {part: str(tmp_path / "set.zip" / "s" / f"{part}.txt") for part in ("train", "test")}
    with pytest.raises(RecipeError, match=r"set\.zip/s/train\.txt:3: 'LOC' is not a tag"):
        build(Conll, paths).parts()
    assert build(Conll, {"train": paths["test"], "test": paths["test"]}).parts()["test"][0].words == ("x",)


def test_iob1_becomes_iob2(tmp_path):
    (record,) = read(tmp_path, "a I-X\nb I-X\nc B-X\nd I-Y\ne O\nf I-X\n")
    assert record.tags == ("B-X", "I-X", "B-X", "B-Y", "O", "B-X")


def test_the_strict_scheme_refuses_an_entity_that_begins_in_its_middle(tmp_path):
    with pytest.raises(RecipeError, match=r"train\.txt:3: 'I-Y' continues no Y entity, at the word 'c'"):
        read(tmp_path, "a O\nb B-X\nc I-Y\n", scheme="iob2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a O\nb\n", r"train\.txt:2: .*1 column: 'b'"),
        (
            "a O\n\nb LOC\n",
            r"train\.txt:3: 'LOC' is not a tag of iob2: .*at the word 'b'\. Is the tag in another column",
        ),
        ("a O\nb B-\n", r"train\.txt:2: 'B-'"),
        ("a O\n\tO\n", r"train\.txt:2: .*2 columns"),
        ("\n\n", "holds no sentence"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path, text, message):
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, text)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path):
    (tmp_path / "train.txt").write_bytes(b"a O\nb\xff O\n")
    (tmp_path / "test.txt").write_text(OTHER)
    with pytest.raises(RecipeError, match=r"train\.txt:2: not UTF-8"):
        build(Conll, {"train": str(tmp_path / "train.txt"), "test": str(tmp_path / "test.txt")}).parts()


def test_odd_white_space_belongs_to_words(tmp_path):
    (record,) = read(tmp_path, "\ufeffa\u2028b\tO\r\nno\xa0break\tB-X\r\ntwo words\tO\r\n\t\r\n")
    assert record.words == ("a\u2028b", "no\xa0break", "two words")


def test_packed_files_and_other_columns(tmp_path):
    (tmp_path / "t.xz").write_bytes(lzma.compress(b"O EU\nB-X us\n"))
    fields = {"train": str(tmp_path / "t.xz"), "test": str(tmp_path / "t.xz"), "word_column": 1, "tag_column": 0}
    parts = build(Conll, fields | {"validation_share": 0.0}).parts()
    assert parts["train"][0].words == ("EU", "us")
    assert parts["train"][0].id == "train:1"
    assert parts["test"][0].id == "test:1"


def test_a_changed_file_changes_the_fingerprint(tmp_path):
    (tmp_path / "t").write_text(OTHER)
    data = build(Conll, {"train": str(tmp_path / "t"), "test": str(tmp_path / "t")})
    before = data.fingerprint()
    (tmp_path / "t").write_text("y O\n")
    assert data.fingerprint() != before


TAGS = st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), min_size=1, max_size=8)


@given(st.lists(TAGS, min_size=1, max_size=4))
def test_conversion_keeps_the_entities_as_conlleval_reads_them(tmp_path_factory, sentences):
    folder = tmp_path_factory.mktemp("conll")
    text = "\n".join("".join(f"w{i} {tag}\n" for i, tag in enumerate(tags)) for tags in sentences)
    for record, tags in zip(read(folder, text), sentences, strict=True):
        assert find_entities(record.tags, "strict") == find_entities(tags, "default")


@pytest.mark.skipif(DATA is None, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize(
    ("files", "counts"),
    [
        (("wnut17/wnut17train.conll.xz", "wnut17/emerging.dev.conll", "wnut17/emerging.test.annotated"),
         ((3394, 1975), (1009, 836), (1287, 1079))),
        (("ncbi-disease/train.tsv.xz", "ncbi-disease/devel.tsv.xz", "ncbi-disease/test.tsv.xz"),
         ((5424, 5134), (923, 787), (940, 960))),
        (("conll2003/eng.train.xz", "conll2003/eng.testa.xz", "conll2003/eng.testb.xz"),
         ((14041, 23499), (3250, 5942), (3453, 5648))),
    ],
)  # fmt: skip
def test_real_files_have_the_published_numbers_of_sentences_and_entities(files, counts):
    train, validation, test = (f"$FIRSTWORDS_DATA/ner-{name}" for name in files)
    parts = build(Conll, {"train": train, "validation": validation, "test": test}).parts()
    found = [(len(p), sum(len(find_entities(r.tags, "strict")) for r in p)) for p in parts.values()]
    assert tuple(found) == counts
