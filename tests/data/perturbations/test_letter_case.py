from firstwords.data.perturbations.letter_case import LetterCase


def test_capitals_and_a_turned_letter():
    assert LetterCase().edits("word") == ["WORD", "wORd", "wOrd", "woRd"]
    assert "straße" not in LetterCase().edits("straße")
