import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.harmful_words import HarmfulWords
from firstwords.errors import RecipeError

SENTENCE = "the quick brown fox jumps over the lazy dog "


def judge(text: str, **fields) -> tuple[float, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = HarmfulWords(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0]["harmful_words"], step.reject(scores).to_pylist()[0]


def test_a_pile_of_listed_words_goes_and_a_quotation_stays() -> None:
    assert judge(SENTENCE * 5 + "Fuck you, ASSHOLE, you motherfucker.") == (pytest.approx(3 / 50), "harmful_words")
    assert judge(SENTENCE * 50 + '"Oh, shit," he said, and "shit" again.')[1] is None
    assert judge(SENTENCE * 200 + "fuck fuck fuck")[1] is None


def test_ordinary_words_that_contain_listed_ones_do_not_count() -> None:
    assert judge("Scunthorpe assassin cocktail shiitake titillate therapist " * 5) == (0.0, None)


def test_own_words_take_the_place_of_the_list() -> None:
    assert judge("fox " * 5, words=("Fox",))[1] == "harmful_words"
    assert judge("fuck " * 5, words=("Fox",))[1] is None
    with pytest.raises(RecipeError, match="harmful_words.words: 'two words' is 2 words"):
        judge("x", words=("two words",))


def test_thresholds_are_fields() -> None:
    assert judge("fuck this", min_count=1)[1] == "harmful_words"
    assert judge("fuck this", min_count=1, max_share=0.5)[1] is None
    assert judge("")[1] is None
