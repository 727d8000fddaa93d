import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.gopher_quality import GopherQuality

PROSE = "The cat that sat on the mat would have to be fed with milk and bread. "


def judge(text: str, **fields) -> tuple[dict, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = GopherQuality(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0], step.reject(scores).to_pylist()[0]


def test_prose_is_kept_with_its_scores() -> None:
    scores, rule = judge(PROSE * 10)
    assert rule is None
    assert scores["words"] == 160
    assert scores["word_length"] == pytest.approx(53 / 16)
    assert scores["stop_words"] == 7  # all eight but "of"
    assert scores["letter_words"] == 1.0


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("words", PROSE),
        ("word_length", "be to of and " * 40),
        ("word_length", "the and incomprehensibilities internationalization " * 40 + "uncharacteristically " * 40),
        ("hash_ratio", (PROSE + "# # ") * 10),
        ("ellipsis_ratio", "the kitten... whereupon nobody could have... with… " * 20),
        ("bullet_lines", ("- " + PROSE + "\n") * 10),
        ("ellipsis_lines", (PROSE + "and so...\n" + PROSE + "\n") * 10),
        ("letter_words", (PROSE + "1001 1002 1003 1004 1005 1006 ") * 10),
        ("stop_words", "Katzen fressen gerne Milch und auch frisches Brot am Morgen. " * 10),
    ],
)
def test_each_rule_drops_what_it_is_for(rule: str, text: str) -> None:
    assert judge(text)[1] == rule


def test_thresholds_are_fields_and_do_not_change_scores() -> None:
    text = PROSE * 2
    assert judge(text)[1] == "words"
    assert judge(text, min_words=32)[1] is None
    assert judge(text, max_words=31, min_words=1)[1] == "words"
    assert judge(text)[0] == judge(text, min_words=1, max_hash_ratio=0.5)[0]


def test_hyphens_and_rulers_are_no_bullets() -> None:
    scores, _ = judge("-5 degrees\n---\n* item\n- item\n• item\n*emphasis*\n")
    assert scores["bullet_lines"] == pytest.approx(3 / 6)


def test_other_languages_bring_their_own_stop_words_or_none() -> None:
    german = "Die Katze ist auf der Matte und das ist alles was es dazu zu sagen gibt. " * 10
    assert judge(german)[1] == "stop_words"
    assert judge(german, stop_words=("der", "die", "und"))[1] is None
    assert judge(german, stop_words=(), min_stop_words=0)[1] is None


def test_an_empty_text_fails_by_its_words_and_divides_by_nothing() -> None:
    scores, rule = judge("")
    assert rule == "words"
    assert scores["word_length"] == scores["letter_words"] == 0.0


def test_the_other_reading_takes_marks_for_words() -> None:
    text = ("He said, that it was to be; and so - with 3 of them - it was! ") * 5
    plain, rule = judge(text, min_word_length=1)
    marked, other = judge(text, min_word_length=1, marks_are_words=True)
    assert (rule, other) == (None, "letter_words")
    assert plain["words"] == 75 and plain["letter_words"] == pytest.approx(14 / 17)
    # 14 words with a letter, the number, three marks; a lone hyphen is a mark too.
    assert marked["letter_words"] == pytest.approx(14 / 20) and marked["words"] == 75
    assert marked["stop_words"] == plain["stop_words"]
    assert judge("THE cat AND the dog. " * 20, marks_are_words=True)[0]["stop_words"] == 1
