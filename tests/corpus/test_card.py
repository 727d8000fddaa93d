"""The card says what the artifacts say, is no payload, and is read by the tools it is meant for."""

import json
import shutil

import pytest
from tiny_corpus import HOSTILE, run_tiny

from firstwords.artifact import digest_payload, sha256_file
from firstwords.corpus import card as cards
from firstwords.corpus.card import Given, write_card
from firstwords.corpus.description import describe
from firstwords.corpus.lineage import undescribed, way
from firstwords.errors import RecipeError
from firstwords.overview import load_record


@pytest.fixture(scope="module")
def root(tiny, tmp_path_factory):
    place = tmp_path_factory.mktemp("card") / "artifacts"
    shutil.copytree(tiny, place)
    write_card(way("tiny", place), "tiny")
    return place


def front_matter(text: str) -> list[str]:
    return text.split("---\n")[1].splitlines()


def test_a_card_changes_no_digest_and_passes_verification(root) -> None:
    artifact = way("tiny", root)[-1]
    assert artifact.path("README.md").is_file()
    assert digest_payload(artifact.folder)[1] == artifact.digest
    artifact.verify()


def test_it_tells_counts_thresholds_and_personal_data(root) -> None:
    text = way("tiny", root)[-1].path("README.md").read_text()
    assert "3 documents, " in text
    assert "| gopher\\_quality.words | 50 to 100,000 | 1 |" in text
    assert "| exact.same\\_text |  | 1 |" in text
    assert "email 3" in text
    assert "not known (3 documents)" in text
    assert "license: unknown" in front_matter(text)
    assert 'size_categories: ["n<1K"]' in front_matter(text)


def test_croissant_names_every_shard_with_its_digest(root) -> None:
    artifact = way("tiny", root)[-1]
    metadata = json.loads(artifact.path("croissant.json").read_text())
    objects = [entry for entry in metadata["distribution"] if entry["@type"] == "cr:FileObject"]
    assert {o["contentUrl"] for o in objects} == {
        p.relative_to(artifact.folder).as_posix() for p in artifact.path("documents").rglob("*.parquet")
    }
    assert all(sha256_file(artifact.path(o["contentUrl"])) == o["sha256"] for o in objects)
    assert metadata["version"].endswith(artifact.identity)


def test_it_is_written_again_the_same(root) -> None:
    places = [way("tiny", root)[-1].path(name) for name in ("README.md", "croissant.json")]
    before = [place.read_bytes() for place in places]
    assert write_card(way("tiny", root), "tiny") == places
    assert [place.read_bytes() for place in places] == before


def test_what_the_maker_says_is_told_and_can_be_no_markup(tiny) -> None:
    given = Given(
        name=f"The {HOSTILE}", licence="CC-BY-4.0", description="[x](javascript:alert(1))", cite_as="Me\n2026"
    )
    artifacts = way("tiny", tiny)
    import pyarrow.parquet as pq

    schema = pq.read_schema(next(artifacts[-1].path("documents").rglob("*.parquet")))
    text = cards.card(describe(artifacts, examples=False), artifacts[-1], "tiny", given, schema)
    body = text.split("---\n", 2)[2]
    assert "<script" not in body
    assert "\\[x\\]\\(javascript" in body
    assert "license: cc-by-4.0" in front_matter(text)
    assert "    Me\n    2026" in body
    assert json.loads(front_matter(text)[0].partition(": ")[2]) == given.name


def test_licences_that_differ_are_mixed(tmp_path) -> None:
    run_tiny(tmp_path)
    found = describe(way("tiny", tmp_path / "artifacts"), examples=False)
    values = type(found.columns["split"])
    found.columns["licence"] = values([("MIT", 2), ("CC0-1.0", 1)], 0, 0, 0)
    assert cards.front_licence(found, Given()) == ["license: other", 'license_name: "mixed"']
    found.columns["licence"] = values([("MIT", 3)], 0, 0, 0)
    assert cards.front_licence(found, Given()) == ["license: mit"]
    found.columns["licence"] = values([("MIT", 2)], 0, 0, 1)
    assert cards.front_licence(found, Given())[1] == 'license_name: "mixed"'


def test_a_run_describes_what_has_no_card_yet(tiny, root) -> None:
    assert [a.name for a in undescribed(load_record("tiny", tiny).values())] == ["deduplicate"]
    assert undescribed(load_record("tiny", root).values()) == []


def test_an_artifact_without_documents_has_no_card(tiny) -> None:
    with pytest.raises(RecipeError, match="holds no documents"):
        write_card(way("tiny", tiny)[:1], "tiny")


def test_mlcroissant_validates_it_and_reads_every_row(root) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    dataset = mlcroissant.Dataset(jsonld=str(way("tiny", root)[-1].path("croissant.json")))
    assert sum(1 for _ in dataset.records("documents")) == 3


def test_hugging_face_reads_it(root, tmp_path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    folder = str(way("tiny", root)[-1].folder)
    loaded = datasets.load_dataset(folder, split="documents", cache_dir=str(tmp_path))
    assert loaded.num_rows == 3
    assert "split" in loaded.column_names
