import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstwords.data.description import (
    DescribeShard,
    Kinds,
    Scope,
    id_numbers,
    id_text,
    read_qualities,
    text_digests,
    url_name,
)
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.minhash import MinHash
from firstwords.data.shards import write_table
from firstwords.data.shuffle import read_array


def test_equal_texts_are_equal_whatever_their_case_and_white_space() -> None:
    digests = text_digests(pa.array(["One  two\nthree", "one two THREE ", "one two", "one two.", ""])).tolist()
    assert digests[0] == digests[1]
    assert len({tuple(each) for each in digests}) == 4


def test_ids_are_numbers_and_back() -> None:
    ids = pa.array(["00ab4f0000000001", document_id("x")])
    assert [id_text(number) for number in id_numbers(ids).tolist()] == ids.to_pylist()
    assert id_numbers(pa.array([], pa.string())).tolist() == []
    for wrong in ("page-1", "00ab4f00000000zz", "00ab4f000000000 ", "ab"):
        with pytest.raises(ValueError, match=f"'{wrong}' is not 16 hexadecimal digits"):
            id_numbers(pa.array(["00ab4f0000000001", wrong]))


def test_addresses_of_one_page_have_one_name() -> None:
    plain = url_name("https://a.example/x?b=1", True, True)
    assert url_name("HTTP://www.A.example:80/./x?b=1&utm_source=mail#top", True, True) == plain
    assert url_name("http://a.example/x?b=1", False, True) != url_name("https://a.example/x?b=1", False, True)
    assert url_name("https://www.a.example/x?b=1", True, False) != plain
    assert url_name("https://a.example/x?b=2", True, True) != plain
    assert url_name("pydoc:///os", True, True) is None and url_name(None, True, True) is None


def batch(rows: list[dict]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def test_a_scope_is_a_number_that_its_documents_share() -> None:
    rows = [
        {"id": "0", "text": "", "source": source, "metadata": {"dump": dump} if dump else None}
        for source, dump in (("a", "1"), ("a", "2"), ("b", "2"), (None, None))
    ]
    everywhere, source, dump = (
        scope.salts(batch(rows)).tolist() for scope in (Scope(), Scope(source=True), Scope(metadata_key="dump"))
    )
    assert everywhere == [0, 0, 0, 0]
    assert source[0] == source[1] and len(set(source)) == 3
    assert dump[1] == dump[2] and len(set(dump)) == 3


def test_qualities_are_found_by_id(tmp_path) -> None:
    ids = [document_id(str(number)) for number in range(3)]
    scores = pa.table({"id": ids, "classifier": [{"quality": 0.25}, {"quality": None}, {"quality": 0.75}]})
    pq.write_table(scores, tmp_path / "scores.parquet")
    known, values = read_qualities(str(tmp_path / "scores.parquet"), "classifier.quality")
    assert dict(zip(map(id_text, known.tolist()), values.tolist(), strict=True)) == dict(
        zip(ids, [0.25, -np.inf, 0.75], strict=True)
    )
    # The cleaned shard has fewer rows than its scores; one here has no score at all.
    rows = [{"id": each, "text": "some words"} for each in (ids[2], ids[1], document_id("new"))]
    write_table(tmp_path / "in.parquet", batch(rows))
    describe = DescribeShard(Kinds(), Scope(), (), "classifier.quality")
    describe(("0", str(tmp_path / "in.parquet"), str(tmp_path / "scores.parquet"), False), tmp_path)
    assert read_array(tmp_path / "scratch/describe/0/order.npy")["quality"].tolist() == [0.75, -np.inf, -np.inf]


def test_every_kind_is_described_once_and_only_when_asked_for(tmp_path) -> None:
    text = "one two three four five six\n\nseven eight nine ten"
    rows = [{"id": document_id(str(number)), "text": text, "url": f"https://a.example/{number}"} for number in range(2)]
    write_table(tmp_path / "in.parquet", batch([*rows, {"id": document_id("2"), "text": "", "url": None}]))
    shard = ("0", str(tmp_path / "in.parquet"), None, False)
    everything = Kinds(urls=True, minhash=MinHash(bands=3), paragraph_words=3, line_words=5, substring_words=4)
    receipt = DescribeShard(everything, Scope(), ())(shard, tmp_path)
    assert receipt["rows_in"] == 3
    found = receipt["records"]
    assert [found[kind] for kind in ("urls", "exact", "bands", "paragraphs", "lines")] == [2, 3, 6, 4, 2]
    assert found["anchors"] > 0
    for kind in found:
        keys = read_array(tmp_path / f"scratch/describe/0/{kind}.npy")["key"]
        assert (np.diff(keys.astype(object)) >= 0).all()
    little = DescribeShard(Kinds(), Scope(), ())(("1", *shard[1:]), tmp_path)
    assert little["records"] == dict.fromkeys(found, 0) | {"exact": 3}
