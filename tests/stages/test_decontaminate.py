import json
import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstwords.artifact import Artifact, payload_files
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.dataset import Dataset
from firstwords.data.datasets.conll import Conll
from firstwords.data.shards import write_table
from firstwords.data.sources.jsonl import Jsonl
from firstwords.data.survivors import SURVIVOR
from firstwords.errors import RecipeError
from firstwords.graph import Graph, Plan
from firstwords.recipe import build
from firstwords.recipe_file import read_recipe
from firstwords.stage import Work
from firstwords.stages.decontaminate import Decontaminate

DATA = Path(os.environ.get("FIRSTWORDS_DATA", "/nonexistent"))


def sentence(chance: random.Random, words: int) -> str:
    return " ".join(f"word{chance.randrange(5000)}" for _ in range(words))


def changed(text: str, share: float, chance: random.Random) -> str:
    """The text with a share of its words replaced."""
    return " ".join(f"other{chance.randrange(10**6)}" if chance.random() < share else word for word in text.split())


def write_corpus(folder: Path, texts: dict[str, str], split: str = "train") -> Artifact:
    rows = [{"id": name, "text": text, "split": split} for name, text in texts.items()]
    for shard in range(3):
        place = folder / "documents" / f"{shard}.parquet"
        write_table(place, pa.Table.from_pylist(rows[shard::3], schema=SURVIVOR))
    return Artifact(name="deduplicate", folder=folder)


def run(folder: Path, corpus: dict[str, str], items: dict[str, str], **fields):
    """The stage's outcome over a corpus, against a JSONL file of items."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"id": name, "text": text}) + "\n" for name, text in items.items()]
    (folder / "items.jsonl").write_text("".join(lines))
    stage = Decontaminate(against=(Jsonl(path=str(folder / "items.jsonl"), id="id"),), **fields)
    inputs = {"documents": write_corpus(folder / "corpus", corpus)}
    work = Work(name="decontaminate", folder=folder / "out", inputs=inputs, pool=Local(), console=SilentConsole())
    return stage.run(work)


def report(folder: Path) -> list[dict]:
    return pq.read_table(folder / "out/report.parquet").to_pylist()


def states(folder: Path) -> dict[str, str]:
    rows = pq.read_table(folder / "out/items.parquet").to_pylist()
    return {row["item"].rpartition("#")[2]: row["state"] for row in rows}


@pytest.fixture
def chance() -> random.Random:
    return random.Random(3)


def test_items_are_found_in_documents_and_told(tmp_path, chance) -> None:
    items = {f"q{number}": sentence(chance, 40) for number in range(5)} | {"short": sentence(chance, 9), "tiny": "a b"}
    corpus = {f"d{number}": sentence(chance, 200) for number in range(30)}
    corpus["has q1"] = f"{corpus['d0']} {items['q1']} {corpus['d1']}"
    corpus["has short"] = f"{corpus['d2']} {items['short']} {corpus['d3']}"
    corpus["has part of q2"] = f"{corpus['d4']} {' '.join(items['q2'].split()[:7])} {corpus['d5']}"
    outcome = run(tmp_path, corpus, items)
    assert outcome.counts["kept"] == 31 and outcome.counts["searched"] == 33
    assert outcome.counts["dropped"] == {"evaluation_items.share": 1, "evaluation_items.whole": 1}
    assert "2 of 7 evaluation items overlapped" in outcome.summary
    found = {
        (row["document"], row["item"].rpartition("#")[2]): (row["rule"], row["run_words"]) for row in report(tmp_path)
    }
    assert found == {("has q1", "q1"): ("share", 40), ("has short", "short"): ("whole", 9)}
    assert states(tmp_path) == {
        **dict.fromkeys(["q0", "q2", "q3", "q4"], "clean"),
        "q1": "overlapping",
        "short": "overlapping",
        "tiny": "too_short",
    }
    sets = json.loads((tmp_path / "out/sets.json").read_text())
    assert [(s["items"], s["clean"], s["overlapping"], s["too_short"]) for s in sets] == [(7, 4, 2, 1)]


def test_no_text_of_an_item_is_stored(tmp_path, chance) -> None:
    item = sentence(chance, 40)
    run(tmp_path, {"copy": item, "other": sentence(chance, 60)}, {"q": item})
    for place in payload_files(tmp_path / "out"):
        if place.suffix == ".parquet":
            assert item.split()[0] not in str(pq.read_table(tmp_path / "out" / place).to_pylist())
    for place in (tmp_path / "out/scratch").rglob("*.npy"):
        assert item.split()[0].encode() not in place.read_bytes()


def test_a_commonplace_is_no_meeting(tmp_path, chance) -> None:
    common = sentence(chance, 20)
    items = {"q": f"{common} {sentence(chance, 20)}", "all common": common}
    corpus = {f"d{number}": f"{sentence(chance, 50)} {common}" for number in range(11)}
    outcome = run(tmp_path / "common", corpus, items)
    assert outcome.counts["kept"] == 11 and report(tmp_path / "common") == []
    assert states(tmp_path / "common") == {"q": "clean", "all common": "common"}
    rare = run(tmp_path / "rare", dict(list(corpus.items())[:10]), items)
    assert rare.counts["kept"] == 0 and states(tmp_path / "rare")["all common"] == "overlapping"


def test_a_quotation_touches_a_long_item_and_does_not_meet_it(tmp_path, chance) -> None:
    item = sentence(chance, 400)
    quoted = f"{sentence(chance, 50)} {' '.join(item.split()[100:120])} {sentence(chance, 50)}"
    outcome = run(tmp_path, {"quotes": quoted}, {"q": item})
    assert outcome.counts["kept"] == 1 and states(tmp_path) == {"q": "touched"}


@pytest.mark.parametrize(("share", "least"), [(0.0, 1.0), (0.05, 0.95), (0.1, 0.85)])
def test_items_with_some_words_changed_are_found(tmp_path, chance, share, least) -> None:
    items = {f"q{number}": sentence(chance, 100) for number in range(100)}
    corpus = {
        name: f"{sentence(chance, 60)} {changed(text, share, chance)} {sentence(chance, 60)}"
        for name, text in items.items()
    }
    corpus |= {f"d{number}": sentence(chance, 200) for number in range(100)}
    outcome = run(tmp_path, corpus, items)
    assert sum(outcome.counts["dropped"].values()) >= least * 100
    assert all(row["document"] == row["item"].rpartition("#")[2] for row in report(tmp_path))


def test_cutting_keeps_the_rest(tmp_path, chance) -> None:
    item = sentence(chance, 40)
    before, after = sentence(chance, 60), sentence(chance, 60)
    outcome = run(tmp_path, {"copy": f"{before} {item} {after}"}, {"q": item}, action="cut", margin_words=0)
    assert outcome.counts["cut"] == 1 and outcome.counts["dropped"] == {}
    rows = [row for place in (tmp_path / "out/documents").glob("*") for row in pq.read_table(place).to_pylist()]
    assert [row["text"] for row in rows] == [f"{before}\n\n{after}"]


RECIPE = """
name = "r"
[collect]
sources = [{{ kind = "text_files", path = "{folder}/texts" }}]
[pretrain.masked]
budget = "1min"
objective = {{ kind = "masked_lm" }}
[finetune.entities]
base = "pretrain.masked"
objective = {{ kind = "token_classification" }}
data = {{ kind = "conll", train = "{folder}/train.txt", test = "{folder}/test.txt" }}
"""


def recipe(folder: Path, more: str = ""):
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts/a.txt").write_text("a text")
    for name in ("train", "test"):
        (folder / f"{name}.txt").write_text(f"{name} B-X\n\n")
    (folder / "r.toml").write_text(RECIPE.format(folder=folder) + more)
    return read_recipe(folder / "r.toml")


def test_the_recipes_own_test_files_are_protected_without_being_asked_for(tmp_path) -> None:
    graph = Graph(recipe(tmp_path, "[decontaminate]\n"))
    stage = graph.stages["decontaminate"]
    assert isinstance(stage, Decontaminate) and [type(each) for each in stage.against] == [Conll]
    assert all(isinstance(each, Dataset) for each in stage.against)
    # What is learnt from is what is left.
    assert graph.inputs["tokenize"]["documents"] == graph.inputs["train_tokenizer"]["documents"] == "decontaminate"
    assert graph.inputs["decontaminate"] == {"documents": "deduplicate"}


def test_a_changed_test_file_makes_another_artifact(tmp_path) -> None:
    before = Plan(Graph(recipe(tmp_path, "[decontaminate]\n")), tmp_path).identity("decontaminate")
    until = Graph(recipe(tmp_path, "[decontaminate]\n"), "decontaminate")
    assert Plan(until, tmp_path).identity("decontaminate") == before
    (tmp_path / "test.txt").write_text("other B-X\n\n")
    after = Plan(Graph(read_recipe(tmp_path / "r.toml")), tmp_path).identity("decontaminate")
    assert before != after


def test_without_the_section_nothing_changes(tmp_path) -> None:
    graph = Graph(recipe(tmp_path))
    assert "decontaminate" not in graph.order and graph.inputs["tokenize"]["documents"] == "deduplicate"


def test_nothing_to_protect_is_refused(tmp_path) -> None:
    with pytest.raises(RecipeError, match="nothing to protect"):
        Graph(recipe(tmp_path, "[decontaminate]\nfrom_recipe = false\n"))


def test_a_live_source_is_refused() -> None:
    with pytest.raises(RecipeError, match="live source"):
        build(Decontaminate, {"against": [{"kind": "website", "start": ["https://example.org/"]}]})


def test_an_item_without_text_is_too_short(tmp_path) -> None:
    run(tmp_path, {"a": "text"}, {"q": "fine and long enough to be an item", "blank": " "})
    assert states(tmp_path) == {"q": "clean", "blank": "too_short"}


def test_an_unreadable_evaluation_file_stops_the_stage(tmp_path) -> None:
    (tmp_path / "items.jsonl").write_text('{"text": "fine and long enough"}\n{broken\n')
    stage = Decontaminate(against=(Jsonl(path=str(tmp_path / "items.jsonl")),))
    inputs = {"documents": write_corpus(tmp_path / "corpus", {"a": "text"})}
    work = Work(name="decontaminate", folder=tmp_path / "out", inputs=inputs, pool=Local(), console=SilentConsole())
    with pytest.raises(RecipeError, match="malformed"):
        stage.run(work)


@pytest.mark.skipif(not (DATA / "ner-wnut17").is_dir(), reason="FIRSTWORDS_DATA has no ner-wnut17")
def test_real_test_sentences_planted_in_a_corpus_are_found(tmp_path, chance) -> None:
    train, test = (next((DATA / "ner-wnut17").glob(pattern)) for pattern in ("wnut17train*", "*test*"))
    data = Conll(train=str(train), test=str(test))
    sentences = [" ".join(record.words) for record in data.parts()["test"] if len(record.words) >= 15][:60]
    corpus = {f"d{number}": sentence(chance, 100) for number in range(60)}
    corpus |= {f"p{number}": f"{sentence(chance, 50)} {text}" for number, text in enumerate(sentences)}
    inputs = {"documents": write_corpus(tmp_path / "corpus", corpus)}
    work = Work(name="decontaminate", folder=tmp_path / "out", inputs=inputs, pool=Local(), console=SilentConsole())
    outcome = Decontaminate(against=(data,)).run(work)
    assert outcome.counts["kept"] == 60
    assert {row["document"] for row in report(tmp_path)} == {f"p{number}" for number in range(len(sentences))}
