"""Every page of the small corpus tells where it went and why."""

import json

import pytest

from firstwords.artifact import Artifact, write_json
from firstwords.corpus.journey import FAILED, Journey, journeys, lines
from firstwords.corpus.lineage import way
from firstwords.errors import RecipeError


def journey(tiny, key: str) -> Journey:
    found = journeys(way("tiny", tiny), key)
    assert len(found) == 1
    return found[0]


def test_a_kept_page_passes_every_stage(tiny) -> None:
    found = journey(tiny, "https://b.example/bread")
    assert found.kept
    assert [s.stage for s in found.stops] == ["extract", "clean", "deduplicate"]
    assert found.stops[-1].facts["split"] in ("train", "validation", "test", "tasks")
    assert all(score.passes for score in found.stops[1].scores)
    assert "baker" in found.text


def test_the_id_finds_the_same_page_as_the_address(tiny) -> None:
    found = journey(tiny, "https://b.example/bread")
    assert journey(tiny, found.id).as_json() == found.as_json()


def test_a_dropped_page_names_the_rule_its_score_and_the_bound(tiny) -> None:
    found = journey(tiny, "https://c.example/short")
    assert not found.kept
    assert "dropped by gopher_quality.words (25), which keeps 50 to 100,000." in found.verdict
    scores = {s.rule: s for s in found.stops[-1].scores}
    assert not scores["gopher_quality.words"].passes
    assert scores["gopher_repetition.lines"].value is None
    assert found.stops[-1].changed["personal_data.email"] == 1
    assert "boss@" not in found.text


def test_a_duplicate_names_the_page_that_stays(tiny) -> None:
    pair = [journey(tiny, f"https://a.example/valley{end}") for end in ("", "-again")]
    kept, lost = sorted(pair, key=lambda each: not each.kept)
    assert kept.kept
    assert "dropped by exact.same_text" in lost.verdict
    assert lost.stops[-1].like == {"id": kept.id, "url": kept.about["url"]}


def test_a_rejected_record_is_found_by_its_id(tiny) -> None:
    from firstwords.data.document import REJECTED
    from firstwords.data.shards import read_batches, shard_files

    extract = way("tiny", tiny)[1]
    batches = list(read_batches(list(shard_files(extract.path("rejected")).values())))
    assert batches[0].schema.names == REJECTED.names
    row = batches[0].to_pylist()[0]
    found = journey(tiny, row["id"])
    assert found.stops[0].told.startswith("rejected as malformed")


def test_an_address_that_could_not_be_fetched_is_found(tmp_path) -> None:
    folder = tmp_path / "collect" / "collect-0"
    write_json(folder / "manifest.json", {"name": "collect", "identity": "0", "inputs": {}})
    (folder / "0-website").mkdir()
    lines_there = [{"url": f"https://x.example/{n}", "reason": "robots", "detail": "forbidden"} for n in range(3)]
    place = folder / "0-website" / "a.failed.jsonl"
    place.write_text("".join(json.dumps(line) + "\n" for line in lines_there))
    found = journeys([Artifact(name="collect", folder=folder)], "https://x.example/1")
    assert [(s.fate, s.told) for s in found[0].stops] == [(FAILED, "not fetched: robots: forbidden")]


def test_an_unknown_key_names_addresses_that_contain_it(tiny) -> None:
    with pytest.raises(RecipeError, match="https://a.example/valley"):
        journeys(way("tiny", tiny), "A.EXAMPLE")
    with pytest.raises(RecipeError, match="Give an id"):
        journeys(way("tiny", tiny), "nowhere")


def test_the_text_for_people_begins_with_the_verdict_and_ends_with_the_text(tiny) -> None:
    found = journey(tiny, "https://c.example/short")
    told = "\n".join(lines(found))
    assert told.splitlines()[2].startswith("Not in the corpus: clean: dropped by")
    assert told.endswith(found.text)
    assert max(len(line) for line in told.splitlines() if line.startswith("  gopher")) <= 80


def test_stretches_that_a_stage_lists_as_removed_are_told(tiny, tmp_path) -> None:
    import shutil

    import pyarrow as pa

    from firstwords.data.shards import shard_files, write_table

    root = tmp_path / "artifacts"
    shutil.copytree(tiny, root)
    last = way("tiny", root)[-1]
    found = journeys(way("tiny", root), "https://b.example/bread")[0]
    shard = next(iter(shard_files(last.path("documents"))))
    rows = [{"id": found.id, "step": "lines", "start": 10 * n, "end": 10 * n + 5} for n in range(3)]
    write_table(last.path("removed", f"{shard}.parquet"), pa.Table.from_pylist(rows))
    again = journeys(way("tiny", root), found.id)[0]
    assert again.stops[-1].facts["removed by lines"] == "3 stretches, 15 characters"


def test_the_same_id_in_two_shards_has_two_ways(tmp_path) -> None:
    import pyarrow as pa

    from firstwords.data.document import DOCUMENT
    from firstwords.data.shards import write_table

    folder = tmp_path / "extract" / "extract-0"
    write_json(folder / "manifest.json", {"name": "extract", "identity": "0", "inputs": {}})
    for shard in ("a", "b"):
        rows = [{"id": "1" * 16, "text": f"text of {shard}", "url": "https://x.example/"}]
        write_table(folder / "documents" / f"{shard}.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    found = journeys([Artifact(name="extract", folder=folder)], "https://x.example/")
    assert [(len(each.stops), each.text) for each in found] == [(1, "text of a"), (1, "text of b")]
