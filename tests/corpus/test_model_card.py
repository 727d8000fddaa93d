import json
import sys
from pathlib import Path

import pytest
import yaml
from tiny_corpus import HOSTILE

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from made_run import evaluated, labels, made, trained

from firstwords.artifact import MODEL_CARD, digest_payload, payload_files
from firstwords.corpus.card import Given
from firstwords.corpus.model_card import model_of, write_model_card, write_model_cards
from firstwords.corpus.run import Run, find_run
from firstwords.errors import RecipeError

CONFIG = {"architectures": ["EuroBertForSequenceClassification"], "num_hidden_layers": 2, "hidden_size": 128}


def model(root: Path, string: str, *inputs, **more):
    artifact = trained(root, "finetune.a", string, inputs)
    artifact.path("model").mkdir()
    config = CONFIG | {"id2label": {"0": string, "1": "y"}} | more
    artifact.path("model", "config.json").write_text(json.dumps(config))
    return artifact


@pytest.fixture
def run(tiny, tmp_path) -> Run:
    data = find_run("tiny", tiny).artifacts
    tuned = model(tmp_path, HOSTILE, data[-1])
    return Run("tiny", (*data, tuned, evaluated(tmp_path, tuned, HOSTILE, classification=labels(HOSTILE))))


def test_the_front_matter_is_what_hugging_face_reads(run) -> None:
    [place] = write_model_cards(run)
    text = place.read_text("utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["pipeline_tag"] == "text-classification" and front["library_name"] == "transformers"
    assert front["license"] == "unknown"
    [result] = front["model-index"][0]["results"]
    assert result["dataset"] == {"name": "classification", "type": "classification"}
    assert result["metrics"][0] == {"type": "accuracy", "value": 0.5}


def test_the_card_tells_of_data_training_scores_limits_and_how_to_load(run) -> None:
    text = write_model_cards(run)[0].read_text("utf-8")
    for words in ("3 documents", "not known (3 documents)", "It took 90 s", "0.500 ", "## Limits", "was not measured"):
        assert words in text, words
    assert "from transformers import AutoTokenizer, EuroBertForSequenceClassification" in text
    assert f"Made from deduplicate {run.artifacts[-3].identity}" in text
    # What others wrote is no markup.
    body = text.split("---\n", 2)[2].replace("```python", "").replace("```", "")
    assert "<script>" not in body and "&lt;script&gt;" in body


def test_a_card_is_no_payload_and_is_written_again_only_when_more_is_known(run) -> None:
    tuned = run.artifacts[-2]
    before = digest_payload(tuned.folder)
    assert len(write_model_cards(Run("tiny", run.artifacts[:-1]))) == 1
    assert "not evaluated yet" in tuned.path(MODEL_CARD).read_text()
    assert digest_payload(tuned.folder) == before
    assert MODEL_CARD not in {path.as_posix() for path in payload_files(tuned.folder)}
    assert len(write_model_cards(run)) == 1 and "not evaluated" not in tuned.path(MODEL_CARD).read_text()
    assert write_model_cards(run) == []


def test_what_only_the_maker_knows_is_said_and_a_model_without_its_data_too(tmp_path) -> None:
    alone = model(tmp_path, "x")
    given = Given(name="Mine", description="For tests.", licence="MIT", cite_as="Me 2026")
    text = write_model_card(alone, Run("r", (alone,)), given).read_text()
    assert yaml.safe_load(text.split("---\n")[1])["license"] == "mit"
    assert "# Mine" in text and "For tests." in text and "    Me 2026" in text
    assert "not among the artifacts any more" in text


def test_an_older_artifact_whose_card_is_payload_stays_as_it_is(tmp_path) -> None:
    old = made(tmp_path, "pretrain.a", "x", files={MODEL_CARD: {"size": 1, "sha256": ""}})
    old.path("model").mkdir()
    old.path("model", "config.json").write_text("{}")
    assert write_model_cards(Run("r", (old,))) == []
    with pytest.raises(RecipeError, match="payload"):
        write_model_card(old, Run("r", (old,)))


def test_only_targets_with_a_model_have_a_model_card(tiny, tmp_path) -> None:
    assert model_of("tiny", tiny) is None and model_of("tiny/clean", tiny) is None
    artifact = model(tmp_path, "x")
    assert model_of(str(artifact.folder), tmp_path).identity == artifact.identity
