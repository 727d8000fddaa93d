import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from firstwords.data.document import DOCUMENT
from firstwords.data.duplicates import REPEATED, id_number
from firstwords.data.shards import write_table
from firstwords.data.shuffle import records, write_array
from firstwords.data.split import SPLITS, split_of
from firstwords.data.survivors import EXACT, FATE, SIMILAR, SURVIVOR, Survivors

IDS = [f"{number:016x}" for number in range(5)]
TEXTS = ["equal", "similar", "one two three\n\nfour five six\n\nseven", "short", "long enough to stay"]


def test_fates_become_reasons_and_the_rest_gets_a_split(tmp_path) -> None:
    rows = [{"id": i, "text": t, "url": f"https://{i}.example/"} for i, t in zip(IDS, TEXTS, strict=True)]
    write_table(tmp_path / "in.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    fates = np.zeros(5, FATE)
    fates[0] = (EXACT, 1.0, id_number(IDS[2]))
    fates[1] = (SIMILAR, 0.85, id_number(IDS[4]))
    write_array(tmp_path / "fates.npy", fates)
    repeated = records(row=np.array([2, 3], np.uint32), index=np.array([1, 0], np.uint32))
    write_array(tmp_path / "repeated.npy", repeated)
    shard = ("a", *(str(tmp_path / name) for name in ("in.parquet", "fates.npy", "repeated.npy")))
    result = Survivors(paragraph_words=1, min_words=3)(shard, tmp_path)

    kept = pq.read_table(tmp_path / "documents/a.parquet")
    assert kept.schema.equals(SURVIVOR)
    assert kept["id"].to_pylist() == [IDS[2], IDS[4]]
    assert kept["text"].to_pylist() == ["one two three\n\nseven", "long enough to stay"]
    assert kept["split"].to_pylist() == [split_of(f"https://{i}.example/", i) for i in (IDS[2], IDS[4])]
    dropped = pq.read_table(tmp_path / "dropped/a.parquet").select(["text", "step", "rule", "score", "kept_id"])
    assert dropped.to_pylist() == [
        {"text": "equal", "step": "exact", "rule": "same_text", "score": 1.0, "kept_id": IDS[2]},
        {"text": "similar", "step": "minhash", "rule": "near_duplicate", "score": 0.85, "kept_id": IDS[4]},
        {"text": "short", "step": "repeated_paragraphs", "rule": "too_short", "score": 0.0, "kept_id": None},
    ]
    assert (result["rows_in"], result["rows_out"]) == (5, 2)
    assert result["dropped"] == {"exact.same_text": 1, "minhash.near_duplicate": 1, "repeated_paragraphs.too_short": 1}
    assert set(result["splits"]) <= set(SPLITS)


def test_an_empty_shard_gives_empty_files(tmp_path) -> None:
    write_table(tmp_path / "in.parquet", DOCUMENT.empty_table())
    write_array(tmp_path / "fates.npy", np.zeros(0, FATE))
    write_array(tmp_path / "repeated.npy", np.zeros(0, [("row", "u4"), ("index", "u4")]))
    shard = ("a", *(str(tmp_path / name) for name in ("in.parquet", "fates.npy", "repeated.npy")))
    assert Survivors(paragraph_words=1, min_words=3)(shard, tmp_path)["rows_out"] == 0
    assert pq.read_table(tmp_path / "documents/a.parquet").schema.equals(SURVIVOR)
    assert REPEATED.names == ("rank", "index")
