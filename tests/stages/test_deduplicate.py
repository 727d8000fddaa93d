import json
import lzma
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from firstwords.artifact import Artifact
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.deduplicate import Deduplicate, Lines, Similar, Urls

DATA = Path(os.environ.get("FIRSTWORDS_DATA", "/nonexistent")) / "neardup-minhash-articles"


def run(folder: Path, texts: dict[str, str], stage: Deduplicate, **more: Artifact):
    rows = [{"id": document_id(name), "title": name, "text": text} for name, text in texts.items()]
    for shard in range(3):
        place = folder / "clean/documents" / f"{shard}.parquet"
        write_table(place, pa.Table.from_pylist(rows[shard::3], schema=DOCUMENT))
    documents = Artifact(name="clean", folder=folder / "clean")
    out = folder / "out"
    work = Work(
        name="deduplicate", folder=out, inputs={"documents": documents} | more, pool=Local(), console=SilentConsole()
    )
    return stage.run(work)


def test_the_fields_reach_the_work(tmp_path) -> None:
    words = [f"word{number}" for number in range(100)]
    texts = {"one": " ".join(words), "two": " ".join([*words[:50], "other", *words[50:]]), "three": "a short one"}
    outcome = run(tmp_path / "default", texts, Deduplicate())
    assert outcome.counts["dropped"] == {"minhash.near_duplicate": 1, "length.too_short": 1}
    assert outcome.summary == "kept 1 of 3 documents   length -33.3%   minhash -33.3%"
    assert (
        run(tmp_path / "strict", texts, Deduplicate(similar=Similar(threshold=0.99), min_words=3)).counts["kept"] == 3
    )
    assert run(tmp_path / "off", texts, Deduplicate(similar=False, min_words=3)).counts["kept"] == 3


WORDS = [f"word{number}" for number in range(100)]


def test_a_recipe_switches_kinds_or_sets_them() -> None:
    stage = build(Deduplicate, {"lines": True, "paragraphs": False, "similar": {"threshold": 0.7}, "urls": {}})
    assert stage == Deduplicate(lines=Lines(), paragraphs=None, similar=Similar(threshold=0.7), urls=Urls())
    assert build(Deduplicate, {}) == Deduplicate()
    with pytest.raises(RecipeError, match=r"lines.max_document: unknown field. Did you mean 'max_documents'."):
        build(Deduplicate, {"lines": {"max_document": 3}})
    with pytest.raises(RecipeError, match="scope"):
        build(Deduplicate, {"scope": "site"})


def test_the_better_copy_stays(tmp_path) -> None:
    texts = {"longer": " ".join([*WORDS, "more"]), "better": " ".join(WORDS)}
    for shard, name in enumerate(texts):
        table = pa.table({"id": [document_id(name)], "judge": [{"quality": name == "better", "none": 1.0}]})
        place = tmp_path / "clean/scores" / f"{shard}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, place)
    pq.write_table(table, tmp_path / "clean/scores/2.parquet")
    run(tmp_path, texts, Deduplicate(quality="judge.quality"))
    assert pyarrow.dataset.dataset(tmp_path / "out/documents").to_table()["title"].to_pylist() == ["better"]
    with pytest.raises(RecipeError, match=r"no score 'judge.qualiti'. Did you mean 'judge.quality'"):
        run(tmp_path, texts, Deduplicate(quality="judge.qualiti"))


def test_a_score_that_clean_did_not_write_is_refused(tmp_path) -> None:
    with pytest.raises(RecipeError, match="without scores"):
        run(tmp_path, {"one": "text"}, Deduplicate(quality="judge.quality"))


def test_old_corpora_are_stages_or_folders(tmp_path) -> None:
    text = " ".join(WORDS)
    old = tmp_path / "old"
    write_table(old / "documents/0.parquet", pa.Table.from_pylist([{"id": "0" * 16, "text": text}], schema=DOCUMENT))
    (old / "manifest.json").write_text(json.dumps({"digest": "abc", "files": {}}))
    for name, given in ((str(old), {}), ("deduplicate.old", {"against_0": Artifact(name="old", folder=old)})):
        stage = Deduplicate(against=(name,))
        texts = {"new": text, "other": " ".join(reversed(WORDS))}
        outcome = run(tmp_path / name.replace("/", "_"), texts, stage, **given)
        assert outcome.counts["dropped"] == {"exact.same_text": 1} and outcome.counts["kept"] == 1
    assert Deduplicate(against=(str(old),)).fingerprint() == ["abc"]
    assert Deduplicate(against=("deduplicate.old",)).fingerprint() == []
    with pytest.raises(RecipeError, match="holds no finished artifact"):
        Deduplicate(against=(str(tmp_path),)).fingerprint()


@pytest.mark.parametrize("field", ["threshold=0", "threshold=1.5", "bands=0", "rows=0", "shingle_words=0"])
def test_impossible_fields_are_refused(field: str) -> None:
    name, _, value = field.partition("=")
    with pytest.raises(RecipeError, match=name):
        build(Deduplicate, {"similar": {name: float(value)}})


@pytest.mark.skipif(not DATA.is_dir(), reason="FIRSTWORDS_DATA has no neardup-minhash-articles")
@pytest.mark.parametrize("number", [100, 1000, 2500])
def test_all_true_pairs_of_news_articles_are_found_and_nothing_else(tmp_path, number: int) -> None:
    plain, packed = DATA / f"articles_{number}.train", DATA / f"articles_{number}.train.xz"
    raw = plain.read_bytes() if plain.exists() else lzma.decompress(packed.read_bytes())
    texts = dict(line.split(" ", 1) for line in raw.decode().splitlines())
    truth = [line.split() for line in (DATA / f"articles_{number}.truth").read_text().splitlines()]
    run(tmp_path, texts, Deduplicate())
    dropped = pyarrow.dataset.dataset(tmp_path / "out/dropped").to_table().to_pylist()
    names = {document_id(name): name for name in texts}
    found = {frozenset((row["title"], names[row["kept_id"]])) for row in dropped}
    assert found == {frozenset(pair) for pair in truth}
    assert all(row["score"] > 0.9 for row in dropped)
