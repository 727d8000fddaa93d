"""Texts by what a trained classifier says of them."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.filter import Bounds, Filter, first_failing, struct_of
from firstwords.errors import RecipeError

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features
    from firstwords.data.ngram_classifier import NgramClassifier


@dataclass(frozen=True, kw_only=True)
class Classifier(Filter):
    """Drops texts by the probability of a label: harmful ones, or those that are not good enough.

    The model is one that ships (`harm`, see `firstwords/data/classifiers/harm/card.md`) or a stage of the recipe,
    `train_classifier.quality`. Scores: the probability of each label, 0 to 1, under the label's name.
    """

    version: ClassVar[int] = 1
    artifacts: ClassVar[tuple[str, ...]] = ("model",)

    model: str = "harm"
    """The name of a model that ships, or of a stage."""
    min_probability: dict[str, float] = field(default_factory=dict)
    """Lowest accepted probability, by label: `{ good = 0.5 }`. A label without a bound here and in `max_probability` is
    judged by the bound that was given in training, if any; once a bound is given here, those do not count."""
    max_probability: dict[str, float] = field(default_factory=dict)
    """Highest accepted probability, by label: `{ hate = 0.5 }`."""

    def fingerprint(self) -> str:
        """Digest of a model that ships: another one of the same name makes another artifact."""
        import hashlib

        from firstwords.data.ngram_classifier import DESCRIPTION, WEIGHTS

        model = shipped().get(self.model)
        files = [model / WEIGHTS, model / DESCRIPTION] if model is not None else []
        return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The probability of each label; see `Filter.score`."""
        model = self._loaded()
        probabilities = model.probabilities(features)
        return struct_of(**{label: probabilities[:, index] for index, label in enumerate(model.labels)})

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first label whose probability is out of bounds; see `Filter.reject`."""
        return first_failing(scores, self._bounds())

    def _bounds(self) -> dict[str, Bounds]:
        model = self._loaded()
        own = {*self.min_probability, *self.max_probability}
        if not own and not model.limits:
            raise RecipeError(
                f"classifier: say which of {', '.join(model.labels)} is wanted: min_probability = {{ ... }}"
            )
        unknown = sorted(own - set(model.labels))
        if unknown:
            raise RecipeError(f"classifier: '{unknown[0]}' is no label of {self.model}: {', '.join(model.labels)}")
        if not own:
            return dict(model.limits)
        return {label: (self.min_probability.get(label), self.max_probability.get(label)) for label in sorted(own)}

    def _loaded(self) -> "NgramClassifier":
        return _load(self.model)


def shipped() -> dict[str, Any]:
    """The models that come with the package: name to folder."""
    from importlib.resources import files

    from firstwords.data.ngram_classifier import DESCRIPTION

    folder = files("firstwords.data").joinpath("classifiers")
    return {each.name: each for each in folder.iterdir() if each.joinpath(DESCRIPTION).is_file()}


@cache
def _load(name: str) -> "NgramClassifier":
    from firstwords.data.ngram_classifier import DESCRIPTION, NgramClassifier

    # The stage `clean` puts an artifact's folder in the place of a stage's name.
    if Path(name, DESCRIPTION).is_file():
        return NgramClassifier.load(Path(name))
    models = shipped()
    if name not in models:
        raise RecipeError(
            f"classifier: no model '{name}'. There are: {', '.join(sorted(models))}, or name a stage, such as "
            "'train_classifier.quality'"
        )
    return NgramClassifier.load(models[name])
