import runpy
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pytest

from firstwords.artifact import Artifact, digest_payload
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.data.filters.gopher_quality import GopherQuality
from firstwords.data.filters.much_personal_data import MuchPersonalData
from firstwords.data.shards import write_table
from firstwords.data.transforms.personal_data import PersonalData
from firstwords.errors import RecipeError
from firstwords.graph import Graph
from firstwords.inference.language_model import LanguageModel
from firstwords.recipe import build
from firstwords.recipe_file import Recipe
from firstwords.stage import Stage, Work
from firstwords.stages import clean
from firstwords.stages.clean import Clean, shares_by_step

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
FINETUNE = runpy.run_path(str(Path(__file__).parent / "test_finetune.py"))
PROSE = """The valley lies between two ranges of hills, and the river that runs through it is fed by the snow
of the winter. People have lived there for a very long time, and most of them keep sheep or work in the forest.
Write to the mayor ({mail}) if you want to know what they have planted this year, or ask at the town hall."""
JUNK = "You have to buy the best shoes and the best hats of the town. " * 12
GERMAN = "Das Tal liegt zwischen zwei Hügelketten, und der Fluss wird vom Schnee des Winters gespeist. " * 5


def artifact_in(folder) -> Artifact:
    for shard in range(2):
        texts = [
            PROSE.format(mail=f"mayor{shard}@valley.example"),
            JUNK + "x@y.org",
            GERMAN,
            "This one is too short to be kept, and that is all.",
        ]
        rows = [{"id": document_id(f"{shard}/{n}"), "text": text, "source": "test"} for n, text in enumerate(texts)]
        write_table(folder / "documents" / f"{shard}.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    return Artifact(name="extract", folder=folder)


def run(folder, documents: Artifact, workers: int = 1, stage: Clean | None = None):
    pool = Local(workers=workers)
    work = Work(name="clean", folder=folder, inputs={"documents": documents}, pool=pool, console=SilentConsole())
    return (stage or Clean()).run(work)


def test_the_default_steps(tmp_path) -> None:
    outcome = run(tmp_path / "clean", artifact_in(tmp_path / "extract"))
    assert outcome.counts["kept"] == 2
    assert outcome.counts["dropped"] == {
        "gopher_quality.words": 2,
        "gopher_repetition.2_grams": 2,
        "language.language": 2,
    }
    assert outcome.summary.startswith("kept 2 of 8 documents   ")
    kept = pyarrow.dataset.dataset(tmp_path / "clean/documents").to_table()["text"].to_pylist()
    assert all("(<EMAIL>)" in text for text in kept)


def test_personal_data_is_in_no_file_of_the_stage_not_even_among_the_dropped(tmp_path) -> None:
    run(tmp_path / "clean", artifact_in(tmp_path / "extract"))
    for part in ("documents", "scores", "dropped"):
        written = pyarrow.dataset.dataset(tmp_path / "clean" / part).to_table().to_pylist()
        assert "@" not in str(written), part
    receipts = "".join(place.read_text() for place in (tmp_path / "clean/done").iterdir())
    assert "@" not in receipts and '"personal_data.email"' in receipts


PLANTED = {
    "email": "zacharias.quill@unlikely.example",
    "phone": "(202) 555-0187",
    "ip_address": "198.51.100.77",
    "card": "4012 8888 8888 1881",
    "iban": "GB29NWBK60161331926819",
    "us_ssn": "536-32-3065",
    "br_cpf": "111.444.777-35",
    "es_dni": "X-1234567-L",
    "it_fiscal_code": "RSSMRA85T10A562S",
    "secret": "ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbC",
    "bitcoin_address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
}


def test_planted_values_are_in_no_file_of_the_artifact(tmp_path) -> None:
    text = PROSE.format(mail="; ".join(PLANTED.values()))
    rows = [
        {"id": document_id(str(n)), "text": text * (1 + n), "title": PLANTED["email"], "source": "test"}
        for n in range(2)
    ]
    write_table(tmp_path / "extract/documents/0.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    steps = (GopherQuality(max_words=100), PersonalData(), MuchPersonalData())
    outcome = run(tmp_path / "clean", Artifact(name="extract", folder=tmp_path / "extract"), stage=Clean(steps=steps))
    assert outcome.counts["dropped"] == {"gopher_quality.words": 1, "much_personal_data.spans": 1}
    found = {f"personal_data.{kind}": 3 + 2 * (kind == "email") for kind in PLANTED}
    assert outcome.counts["changed"] == found

    files = [path for path in (tmp_path / "clean").rglob("*") if path.is_file()]
    assert len(files) == 4  # three tables and a receipt
    for path in files:
        written = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            written += str(pyarrow.dataset.dataset(path).to_table().to_pylist())
        assert [kind for kind, value in PLANTED.items() if value in written] == [], path
    scores = pyarrow.dataset.dataset(tmp_path / "clean/scores").to_table()["personal_data"].to_pylist()
    assert scores[0]["spans"][-1] == {"type": "email", "bytes": len(PLANTED["email"])}
    assert sorted({span["type"] for span in scores[0]["spans"]}) == sorted(PLANTED)


@pytest.mark.slow  # other processes load torch
def test_a_model_that_tags_names_is_an_input_and_works_in_other_processes(tmp_path, monkeypatch) -> None:
    tagger = TINY["tagger"](tmp_path / "people")
    step = PersonalData(names="finetune.people", names_labels=("module", "class"))
    stage = Clean(steps=(step,))
    assert stage.inputs(Asked()) == {"documents": "extract", "step_0.names": "finetune.people"}
    found = LanguageModel.load(tagger.path("model")).entities([PROSE.format(mail="")])[0]
    assert found, "the tiny model must tag something"

    monkeypatch.setattr(clean, "SMALL_BYTES", 0)
    for workers in (1, 2):
        inputs = {"documents": artifact_in(tmp_path / "extract"), "step_0.names": tagger}
        pool = Local(workers=workers)
        work = Work(name="clean", folder=tmp_path / str(workers), inputs=inputs, pool=pool, console=SilentConsole())
        outcome = stage.run(work)
        assert outcome.counts["changed"]["personal_data.person"] > 0
    texts = pyarrow.dataset.dataset(tmp_path / "1/documents").to_table()["text"].to_pylist()
    assert "<PERSON>" in texts[0]
    assert digest_payload(tmp_path / "1") == digest_payload(tmp_path / "2")


def test_the_same_bytes_from_two_processes(tmp_path, monkeypatch) -> None:
    documents = artifact_in(tmp_path / "extract")
    run(tmp_path / "one", documents)
    monkeypatch.setattr(clean, "SMALL_BYTES", 0)
    run(tmp_path / "two", documents, workers=2)
    assert digest_payload(tmp_path / "one") == digest_payload(tmp_path / "two")


def test_steps_come_from_both_catalogues_in_the_order_of_the_recipe(tmp_path) -> None:
    stage = build(Clean, {"steps": [{"kind": "personal_data"}, {"kind": "gopher_quality", "min_words": 20}, "unicode"]})
    assert [type(step).__name__ for step in stage.steps] == ["PersonalData", "GopherQuality", "Unicode"]
    outcome = run(tmp_path / "clean", artifact_in(tmp_path / "extract"), stage=stage)
    assert "gopher_quality.words" in outcome.counts["dropped"]
    assert "language.language" not in outcome.counts["dropped"]


@dataclass(frozen=True, kw_only=True)
class Listed(Filter):
    """Drops what the file `words.txt` of another artifact names."""

    artifacts = ("words",)
    words: str | None = None

    def score(self, batch, features):
        word = (Path(self.words) / "words.txt").read_text()
        return struct_of(listed=[float(word in text) for text in batch["text"].to_pylist()])

    def reject(self, scores):
        return first_failing(scores, {"listed": (None, 0.5)})


class Asked:
    """Stands for the graph: has every stage."""

    def require(self, name):
        return name


def test_a_step_may_read_another_artifact(tmp_path) -> None:
    asked = Clean(steps=(Listed(), Listed(words="train_words.mine"))).inputs(Asked())
    assert asked == {"documents": "extract", "step_1.words": "train_words.mine"}
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "words.txt").write_text("valley")
    inputs = {
        "documents": artifact_in(tmp_path / "extract"),
        "step_0.words": Artifact(name="train_words.mine", folder=tmp_path / "trained"),
    }
    work = Work(name="clean", folder=tmp_path / "out", inputs=inputs, pool=Local(workers=1), console=SilentConsole())
    outcome = Clean(steps=(Listed(words="train_words.mine"),)).run(work)
    assert outcome.counts["dropped"] == {"Listed.listed": 2}


def test_a_fine_tuned_model_hides_what_it_learnt_to_tag(tmp_path) -> None:
    base = FINETUNE["make_base"](tmp_path / "base", causal=False)
    training = {"epochs": 6, "rate": 3e-3, "batch_examples": 8}
    FINETUNE["run"](tmp_path / "people", FINETUNE["TAGS"], FINETUNE["conll_files"](tmp_path), base, **training)
    texts = [" ".join(record.words) for record in TINY["words_records"]("test", 12)]
    rows = [{"id": document_id(str(n)), "text": text, "source": "test"} for n, text in enumerate(texts)]
    write_table(tmp_path / "extract/documents/0.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    inputs = {
        "documents": Artifact(name="extract", folder=tmp_path / "extract"),
        "step_0.names": Artifact(name="finetune.people", folder=tmp_path / "people"),
    }
    stage = Clean(steps=(PersonalData(names="finetune.people", names_labels=("module",), numbered=True),))
    work = Work(name="clean", folder=tmp_path / "out", inputs=inputs, pool=Local(workers=1), console=SilentConsole())
    outcome = stage.run(work)
    named = sum(text.split().count("json") for text in texts)  # in these texts the module, wherever it stands
    assert named > 5
    assert abs(outcome.counts["changed"]["personal_data.person"] - named) <= 0.1 * named
    cleaned = " ".join(pyarrow.dataset.dataset(tmp_path / "out/documents").to_table()["text"].to_pylist())
    assert cleaned.split().count("json") <= 0.1 * named
    assert "<PERSON_1>" in cleaned and "<PERSON_2>" not in cleaned  # one word, one number


@dataclass(frozen=True, kw_only=True)
class Learnt(Stage):
    """Stands for a fine-tuned model whose base learnt from the cleaned documents."""

    def inputs(self, graph):
        return {"base": graph.require("clean")}

    def run(self, work):
        raise NotImplementedError


def test_a_model_of_names_may_be_given_but_not_learn_from_what_it_cleans() -> None:
    stages = {"clean": Clean(steps=(PersonalData(names="finetune.people"),))}
    given = {name: Artifact(name=name, folder=Path(name)) for name in ("extract", "finetune.people")}
    graph = Graph(Recipe(name="r", path="r.toml", stages=stages, given=given))
    assert graph.inputs["clean"] == {"documents": "extract", "step_0.names": "finetune.people"}
    with pytest.raises(RecipeError, match=r"clean -> finetune.people -> clean: a stage cannot need itself"):
        Graph(
            Recipe(
                name="r",
                path="r.toml",
                stages=stages | {"finetune.people": Learnt()},
                given={"extract": given["extract"]},
            )
        )


def test_shares_are_told_greatest_first() -> None:
    assert shares_by_step({"a.x": 1, "b.y": 5, "a.z": 1}, 50) == ["b -10.0%", "a -4.0%"]
    assert shares_by_step({}, 0) == []
