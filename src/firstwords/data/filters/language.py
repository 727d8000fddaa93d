"""Texts in the wanted languages."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.errors import RecipeError

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class Language(Filter):
    """Drops texts that are not in one of the wanted languages, by py3langid's model, which comes with the package.

    Its probabilities are calibrated over lengths and low for text full of program code and names, so the default
    threshold asks only that nothing else is much likelier. Scores: `language`, the probability of the wanted
    languages together (higher is better), and `detected`, the likeliest language (ISO 639-1).
    """

    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ("py3langid",)

    languages: tuple[str, ...] = ("en",)
    """Wanted languages, ISO 639-1."""
    min_probability: float = 0.35
    """`language`: lowest probability of the wanted languages together."""
    sample_characters: int = 2000
    """How much of a text is looked at: its beginning, in whole words."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """Probability of the wanted languages and the likeliest one; see `Filter.score`.

        Raises:
            RecipeError: If the model does not know one of the languages.
        """
        identifier = _identifier()
        unknown = [each for each in self.languages if each not in identifier.labels]
        if unknown:
            known = ", ".join(sorted(identifier.labels))
            raise RecipeError(f"language '{unknown[0]}' is not known. There are: {known}")
        language, detected = [], []
        for text in features.texts.to_pylist():
            ranked = identifier.rank(_sample(text, self.sample_characters))
            # Rounded: the last bits of a sum of floats differ between processors.
            language.append(round(sum(p for name, p in ranked if name in self.languages), 4))
            detected.append(ranked[0][0])
        import pyarrow as pa

        return struct_of(language=pa.array(language, pa.float64()), detected=pa.array(detected, pa.string()))

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`language` where the probability is too low; see `Filter.reject`."""
        return first_failing(scores, {"language": (self.min_probability, None)})


def _sample(text: str, characters: int) -> str:
    """The beginning of a text as words of letters only: program code says nothing about a language."""
    words = text[: 2 * characters].split()
    return " ".join(word for word in words if word.strip(".,;:!?\"'()[]").isalpha())[:characters]


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
