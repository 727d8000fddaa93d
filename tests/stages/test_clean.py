from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset

from firstwords.artifact import Artifact, digest_payload
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.data.shards import write_table
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages import clean
from firstwords.stages.clean import Clean, shares_by_step

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


def test_shares_are_told_greatest_first() -> None:
    assert shares_by_step({"a.x": 1, "b.y": 5, "a.z": 1}, 50) == ["b -10.0%", "a -4.0%"]
    assert shares_by_step({}, 0) == []
