import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.language import Language
from firstwords.errors import RecipeError

ENGLISH = "The committee has not yet decided whether the new bridge across the river will be built this year."
GERMAN = "Der Ausschuss hat noch nicht entschieden, ob die neue Brücke über den Fluss in diesem Jahr gebaut wird."
CODE = """Return a shallow copy of the list, sorted by the given key.

>>> def by_length(words): return sorted(words, key=lambda w: (len(w), w))
>>> by_length(["pear", "fig"])
['fig', 'pear']
x = __import__("os").environ.get("PATH_MAX", 0x7f) | FLAG_A | FLAG_B
"""


def judge(text: str, **fields) -> tuple[dict, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = Language(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0], step.reject(scores).to_pylist()[0]


def test_the_wanted_language_stays_and_others_go() -> None:
    scores, rule = judge(ENGLISH)
    assert (scores["detected"], rule) == ("en", None)
    assert scores["language"] > 0.9
    scores, rule = judge(GERMAN)
    assert (scores["detected"], rule) == ("de", "language")
    assert judge(GERMAN, languages=("en", "de"))[1] is None


def test_documentation_with_code_is_not_thrown_away() -> None:
    assert judge(CODE)[1] is None


def test_the_threshold_does_not_change_scores() -> None:
    assert judge(GERMAN, min_probability=0.0)[1] is None
    assert judge(GERMAN, min_probability=0.0)[0] == judge(GERMAN)[0]


def test_text_without_words_goes() -> None:
    assert judge("12345 == 0x1f")[1] == "language"


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(RecipeError, match="language 'english' is not known. There are: ace, af"):
        judge(ENGLISH, languages=("english",))
