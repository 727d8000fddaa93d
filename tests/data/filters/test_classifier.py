import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.classifier import Classifier, shipped
from firstwords.data.ngram_classifier import NgramSettings, train
from firstwords.errors import RecipeError
from firstwords.recipe import build

GOOD, BAD = "a well written sentence about the river", "click here to win a prize now"
PROSE = (
    "The valley lies between two ranges of hills, and the river that runs through it is fed by the snow of the winter. "
    "People have lived there for a very long time, and most of them keep sheep or work in the forest."
)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("model")
    texts = [f"{text} {n}" for text in (GOOD, BAD) for n in range(5)]
    (trained,) = train(texts, ["good"] * 5 + ["bad"] * 5, NgramSettings(bits=12), [8.0])
    trained.save(folder)
    return str(folder)


def judged(texts: list[str], **fields) -> list[tuple[dict, str | None]]:
    batch = pa.record_batch({"text": texts})
    step = build(Classifier, fields)
    scores = step.score(batch, Features(batch["text"]))
    return list(zip(scores.to_pylist(), step.reject(scores).to_pylist(), strict=True))


def test_bounds_by_label(model) -> None:
    (good, rule), (bad, other) = judged([GOOD, BAD], model=model, min_probability={"good": 0.5})
    assert good["good"] > 0.6 and bad["good"] < 0.4 and good["good"] + good["bad"] == pytest.approx(1)
    assert (rule, other) == (None, "good")
    assert [rule for _, rule in judged([GOOD, BAD], model=model, max_probability={"bad": 0.5})] == [None, "bad"]
    assert [rule for _, rule in judged([GOOD, BAD], model=model, max_probability={"bad": 1.0})] == [None, None]


def test_what_cannot_be_judged_is_refused(model) -> None:
    with pytest.raises(RecipeError, match="say which of bad, good is wanted"):
        judged([GOOD], model=model)
    with pytest.raises(RecipeError, match="'goood' is no label of"):
        judged([GOOD], model=model, min_probability={"goood": 0.5})
    with pytest.raises(RecipeError, match="no model 'harmm'. There are: harm"):
        judged([GOOD], model="harmm")


def test_the_model_that_ships_drops_abuse_and_keeps_prose() -> None:
    abuse = "shut the fuck up you stupid bitch, you are all faggots and retards"
    assert [rule for _, rule in judged([PROSE, abuse, ""])] == [None, "harmless", None]
    assert [rule for _, rule in judged([PROSE, abuse], max_probability={"hate": 0.99})] == [None, None]


def test_the_weights_that_ship_count_for_identity() -> None:
    nothing = Classifier(model="train_classifier.mine").fingerprint()
    assert len(nothing) == 64 and Classifier().fingerprint() != nothing


def test_models_that_ship_are_small_and_have_cards() -> None:
    assert "harm" in shipped()
    for folder in shipped().values():
        assert sum(len(each.read_bytes()) for each in folder.iterdir()) < 2 * 2**20
        card = folder.joinpath("card.md").read_text(encoding="utf-8")
        assert "macro-F1" in card and "licence" in card
