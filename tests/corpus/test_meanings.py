from firstwords.corpus.meanings import REASONS, meanings
from firstwords.data import document
from firstwords.data.filters.gopher_quality import GopherQuality
from firstwords.data.filters.gopher_repetition import GopherRepetition

GRAMS = ["lines", *[f"{n}_grams" for n in range(2, 11)]]


def test_the_first_sentence_about_a_rule_without_brackets() -> None:
    found = meanings(GopherQuality, ["words", "letter_words", "stop_words"])
    assert found["words"] == "number of words"
    assert found["letter_words"] == "share of tokens with at least one letter"
    assert found["stop_words"] == "how many different words of stop_words occur"


def test_a_range_of_rules_means_all_between() -> None:
    found = meanings(GopherRepetition, GRAMS)
    assert found["2_grams"] == found["3_grams"] == found["4_grams"]
    assert found["5_grams"] == found["10_grams"] != found["4_grams"]


def test_rules_that_are_not_there_and_classes_without_source_are_passed_over() -> None:
    assert meanings(GopherQuality, ["other"]) == {}
    assert meanings(type("Made", (), {}), ["words"]) == {}


def test_every_reason_of_a_rejection_has_a_meaning() -> None:
    assert set(document.REASONS) <= set(REASONS)
