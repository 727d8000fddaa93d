from collections import Counter
from pathlib import Path

import pyarrow as pa

from firstwords.data.document import DOCUMENT
from firstwords.data.shards import write_table
from firstwords.data.transforms.canaries import Canaries


def corpus(folder: Path, number: int = 300) -> list[pa.RecordBatch]:
    rows = [{"id": f"d{n}", "text": f"Text {n}.\n\nIts end.", "metadata": []} for n in range(number)]
    table = pa.Table.from_pylist(rows, schema=DOCUMENT)
    for shard in range(2):
        write_table(folder / "documents" / f"{shard}.parquet", table.slice(shard * number // 2, number // 2))
    return table.to_batches(max_chunksize=70)


def test_over_all_batches_each_canary_stands_exactly_so_many_times(tmp_path: Path) -> None:
    step = Canaries(corpus=str(tmp_path), times=(0, 1, 4, 16), number=3)
    done = [step.apply(batch) for batch in corpus(tmp_path)]
    texts = [text for each in done for text in each.batch.column("text").to_pylist()]
    for canary in step.canaries():
        assert sum(canary.text in text for text in texts) == canary.times
    assert sum(each.counts["planted"].sum() for each in done) == 3 * 21
    listed = Counter(place for each in done for places in each.details["canaries"].to_pylist() for place in places)
    assert listed == {place: canary.times for place, canary in enumerate(step.canaries()) if canary.times}
    changed = [
        text for each in done for text, new in zip(each.batch["text"].to_pylist(), each.changed, strict=True) if new
    ]
    assert all("access code" in text for text in changed)


def test_a_batch_without_hosts_is_left_alone(tmp_path: Path) -> None:
    corpus(tmp_path)
    nothing = pa.RecordBatch.from_pylist([], schema=DOCUMENT)
    done = Canaries(corpus=str(tmp_path)).apply(nothing)
    assert done.batch.equals(nothing) and not len(done.changed)
