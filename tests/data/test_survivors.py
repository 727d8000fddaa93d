from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from firstwords.data.description import Kinds, id_numbers
from firstwords.data.document import DOCUMENT
from firstwords.data.duplicates import REPEATED
from firstwords.data.fates import EXACT, FATE, SIMILAR, TOO_SHORT, URL, Fates, Ranking
from firstwords.data.shards import write_table
from firstwords.data.shuffle import write_array, write_run
from firstwords.data.split import SPLITS, split_of
from firstwords.data.survivors import SURVIVOR, Survivors

IDS = [f"{number:016x}" for number in range(8)]
TEXTS = [
    "equal",
    "similar",
    "one two three\n\nfour five six\n\nseven",
    "short",
    "long enough to stay",
    "same address",
    "tiny",
    "A menu line\nSome text here. And the rest of a sentence that stood elsewhere. Last one is new.",
]
KINDS = Kinds(paragraph_words=1, line_words=1, substring_words=5)


def survivors(tmp_path, rows: list[dict], fates: np.ndarray, parts: dict[str, list], kinds: Kinds = KINDS) -> dict:
    """The second shard of two, of which the first has one document; ranks are the other way round."""
    write_table(tmp_path / "in.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    number = len(rows) + 1
    backwards = np.arange(number, dtype=np.uint32)[::-1]
    ids = id_numbers(pa.array([row["id"] for row in reversed(rows)] + ["f" * 16]))
    rank_of = {identity: rank for rank, identity in enumerate(ids.tolist())}
    places = [str(tmp_path / f"{name}.npy") for name in ("ranks", "documents", "ids")]
    for place, values in zip(places, (backwards, backwards, ids), strict=True):
        write_array(Path(place), values)
    decided = Fates.new(tmp_path / "fates", number)
    for place, fate in enumerate(fates):
        rank = np.array([len(rows) - 1 - place])
        if fate["reason"]:
            decided.drop(rank, fate["reason"], fate["score"], np.array([rank_of.get(int(fate["kept"]), 0)]))
        decided.column("copies").scatter(rank, fate["copies"] - 1)
    runs = {}
    for name, records in parts.items():
        runs[name] = (str(tmp_path / f"{name}.npy"),)
        found = [(row + 1 << 32 | start, end, rank_of[kept]) for row, start, end, kept in records]
        write_run(tmp_path / f"{name}.npy", np.array(found, REPEATED))
    ranking = Ranking(*places, (0, 1, number))
    return Survivors(kinds, 3, ranking, decided, runs)(("a", str(tmp_path / "in.parquet"), 1), tmp_path)


def test_fates_become_reasons_and_the_rest_gets_a_split(tmp_path) -> None:
    rows = [{"id": i, "text": t, "url": f"https://{i}.example/"} for i, t in zip(IDS, TEXTS, strict=True)]
    number = dict(zip(IDS, id_numbers(pa.array(IDS)).tolist(), strict=True))
    fates = np.zeros(8, FATE)
    fates["copies"] = 1
    fates["copies"][[2, 4]] = 2, 3
    fates[0] = (EXACT, 1.0, number[IDS[2]], 1)
    fates[1] = (SIMILAR, 0.85, number[IDS[4]], 1)
    fates[5] = (URL, 1.0, number[IDS[4]], 1)
    fates[6] = (TOO_SHORT, 1.0, 0, 1)
    parts = {
        "paragraphs": [(2, 1, 1, number[IDS[4]]), (3, 0, 0, number[IDS[2]])],
        "lines": [(7, 0, 0, number[IDS[4]])],
        # Words 5 to 15: from the last word of a sentence into one that is new.
        "substrings": [(7, 5, 17, number[IDS[2]])],
    }
    result = survivors(tmp_path, rows, fates, parts)

    kept = pq.read_table(tmp_path / "documents/a.parquet")
    assert kept.schema.equals(SURVIVOR)
    assert kept["id"].to_pylist() == [IDS[2], IDS[4], IDS[7]]
    assert kept["num_copies"].to_pylist() == [2, 3, 1]
    assert kept["text"].to_pylist() == [
        "one two three\n\nseven",
        "long enough to stay",
        "Some text here. Last one is new.",
    ]
    assert kept["split"].to_pylist() == [split_of(f"https://{i}.example/", i) for i in (IDS[2], IDS[4], IDS[7])]
    dropped = pq.read_table(tmp_path / "dropped/a.parquet").select(["text", "step", "rule", "score", "kept_id"])
    assert dropped.to_pylist() == [
        {"text": "equal", "step": "exact", "rule": "same_text", "score": 1.0, "kept_id": IDS[2]},
        {"text": "similar", "step": "minhash", "rule": "near_duplicate", "score": 0.85, "kept_id": IDS[4]},
        {"text": "short", "step": "repeated_text", "rule": "too_short", "score": 0.0, "kept_id": None},
        {"text": "same address", "step": "url", "rule": "same_url", "score": 1.0, "kept_id": IDS[4]},
        {"text": "tiny", "step": "length", "rule": "too_short", "score": 1.0, "kept_id": None},
    ]
    removed = pq.read_table(tmp_path / "removed/a.parquet").to_pylist()
    assert [(row["id"], row["step"], row["kept_id"]) for row in removed] == [
        (IDS[2], "repeated_paragraphs", IDS[4]),
        (IDS[3], "repeated_paragraphs", IDS[2]),
        (IDS[7], "repeated_lines", IDS[4]),
        (IDS[7], "repeated_substrings", IDS[2]),
    ]
    texts = dict(zip(IDS, TEXTS, strict=True))
    assert [texts[row["id"]][row["start"] : row["end"]] for row in removed] == [
        "four five six",
        "short",
        "A menu line",
        "And the rest of a sentence that stood elsewhere.",
    ]
    assert (result["rows_in"], result["rows_out"]) == (8, 3)
    assert result["removed"] == {"paragraphs": 2, "lines": 1, "substrings": 1}
    assert sum(result["dropped"].values()) == 5 and result["dropped"]["repeated_text.too_short"] == 1
    assert set(result["splits"]) <= set(SPLITS)


def test_an_empty_shard_gives_empty_files(tmp_path) -> None:
    assert survivors(tmp_path, [], np.zeros(0, FATE), {"paragraphs": []})["rows_out"] == 0
    assert pq.read_table(tmp_path / "documents/a.parquet").schema.equals(SURVIVOR)
