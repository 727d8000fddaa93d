import json

from firstwords.artifact import atomic_write
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.stage import Work


def work_in(folder) -> Work:
    return Work(name="clean", folder=folder, inputs={}, pool=Local(workers=1), console=SilentConsole())


def make(shard: str, folder) -> dict:
    with atomic_write(folder / "documents" / f"{shard}.txt") as place:
        place.write_text(shard)
    return {"files": [f"documents/{shard}.txt"], "rows_out": len(shard)}


def test_map_gives_receipts_in_key_order_and_does_nothing_twice(tmp_path) -> None:
    shards = {"b": "bb", "a": "a"}
    assert [r["rows_out"] for r in work_in(tmp_path).map(make, shards)] == [2, 1]

    def refuse(shard: str, folder) -> dict:
        raise AssertionError("done twice")

    assert [r["rows_out"] for r in work_in(tmp_path).map(refuse, shards)] == [2, 1]


def test_the_largest_shards_are_begun_first_and_receipts_keep_the_order_of_the_keys(tmp_path) -> None:
    begun = []

    def note(shard: str, folder) -> dict:
        begun.append(shard)
        return make(shard, folder)

    shards = {"a": "a", "b": "bbb", "c": "cc"}
    found = work_in(tmp_path).map(note, shards, sizes={"a": 1, "b": 3, "c": 2})
    assert begun == ["bbb", "cc", "a"] and [each["rows_out"] for each in found] == [1, 3, 2]


def test_a_receipt_whose_file_changed_does_not_count(tmp_path) -> None:
    work = work_in(tmp_path)
    work.map(make, {"a": "a"})
    assert work.receipt("a")["rows_out"] == 1
    work.path("documents", "a.txt").write_text("b")
    assert work.receipt("a") is None


def test_keys_that_look_alike_on_disk_have_their_own_receipts(tmp_path) -> None:
    work = work_in(tmp_path)
    work.finish("a/b", [], rows=1)
    work.finish("a_b", [], rows=2)
    assert (work.receipt("a/b")["rows"], work.receipt("a_b")["rows"]) == (1, 2)


def test_events_are_lines_of_json(tmp_path) -> None:
    work = work_in(tmp_path)
    work.event("step", loss=1.5)
    work.event("step", loss=1.25)
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["loss"] for line in lines] == [1.5, 1.25]
