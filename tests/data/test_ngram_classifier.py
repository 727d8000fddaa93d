import numpy as np
import pyarrow as pa
import pytest

from firstwords.artifact import sha256_file
from firstwords.data.features import Features
from firstwords.data.ngram_classifier import NgramClassifier, NgramSettings, predict, probabilities_of, train
from firstwords.errors import IntegrityError

SETTINGS = NgramSettings(bits=14, min_texts=1)
ANIMALS = ["the cat sat on the mat", "a dog and a cat", "dogs bark at cats", "the mouse fears the cat"]
METALS = ["iron melts late", "gold and silver shine", "copper conducts heat", "the smith bends iron"]
STARS = ["the moon and the stars", "mars is a planet", "a comet crosses the sky", "stars shine at night"]


def test_it_learns_two_labels_and_their_probabilities_are_one_regression_s() -> None:
    (model,) = train(ANIMALS + METALS, ["animal"] * 4 + ["metal"] * 4, SETTINGS, [8.0])
    assert model.labels == ("animal", "metal")
    assert predict(model, ["a cat and dogs", "silver and iron"]) == ["animal", "metal"]
    probabilities = probabilities_of(model, ["a cat", "gold", ""])
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(model.weights[:, 0], -model.weights[:, 1])


def test_it_learns_more_labels_and_odd_spellings_help() -> None:
    texts, labels = ANIMALS + METALS + STARS, ["animal"] * 4 + ["metal"] * 4 + ["star"] * 4
    (model,) = train(texts, labels, SETTINGS, [8.0])
    assert predict(model, texts) == labels
    assert predict(model, ["catsss", "irons", "starsss"]) == ["animal", "metal", "star"]
    (words,) = train(texts, labels, NgramSettings(bits=14, min_texts=1, longest_characters=0), [8.0])
    assert len({*map(tuple, probabilities_of(words, ["kittycats", "irons"]))}) == 1


def test_a_text_does_not_depend_on_its_neighbours() -> None:
    (model,) = train(ANIMALS + METALS, ["a"] * 4 + ["m"] * 4, SETTINGS, [1.0])
    together = probabilities_of(model, ANIMALS)
    assert [probabilities_of(model, [text])[0].tolist() for text in ANIMALS] == together.tolist()
    assert probabilities_of(model, ANIMALS, batch=3).tolist() == together.tolist()
    assert len(model.probabilities(Features(pa.array([], pa.string())))) == 0


def test_it_comes_back_as_it_was_and_its_files_are_the_same_every_time(tmp_path) -> None:
    for name in ("one", "two"):
        (model,) = train(ANIMALS + METALS, ["a"] * 4 + ["m"] * 4, SETTINGS, [1.0])
        model.limits["m"] = (None, 0.5)
        model.save(tmp_path / name)
    assert sha256_file(tmp_path / "one/weights.npz") == sha256_file(tmp_path / "two/weights.npz")
    loaded = NgramClassifier.load(tmp_path / "one")
    assert (loaded.labels, loaded.settings, loaded.limits) == (("a", "m"), SETTINGS, {"m": (None, 0.5)})
    assert probabilities_of(loaded, METALS).tolist() == probabilities_of(model, METALS).tolist()


def test_files_that_do_not_fit_are_refused(tmp_path) -> None:
    (model,) = train(ANIMALS + METALS, ["a"] * 4 + ["m"] * 4, SETTINGS, [1.0])
    model.save(tmp_path)
    place = tmp_path / "classifier.json"
    place.write_text(place.read_text().replace('"bits": 14', '"bits": 15'))
    with pytest.raises(IntegrityError, match="does not fit"):
        NgramClassifier.load(tmp_path)


def test_rare_ngrams_count_nothing_and_one_label_is_refused() -> None:
    (model,) = train(ANIMALS + METALS, ["a"] * 4 + ["m"] * 4, NgramSettings(bits=14, min_texts=9), [1.0])
    assert not model.rarity.any() and len({*map(tuple, probabilities_of(model, METALS))}) == 1
    with pytest.raises(ValueError, match="texts of two labels; all are 'a'"):
        train(ANIMALS, ["a"] * 4, SETTINGS, [1.0])
