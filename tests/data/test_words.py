from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.words import split_words


def words(text: str) -> list[str]:
    return [span.word for span in split_words(text)]


def test_dotted_names_and_numbers_are_one_word_and_signs_stand_alone() -> None:
    assert words("See os.path.join(a, 3.14).") == ["See", "os.path.join", "(", "a", ",", "3.14", ")", "."]


@given(st.text(max_size=40))
def test_every_character_but_white_space_is_in_exactly_one_word(text: str) -> None:
    spans = split_words(text)
    assert all(text[span.start : span.end] == span.word for span in spans)
    covered = [place for span in spans for place in range(span.start, span.end)]
    assert covered == [place for place, character in enumerate(text) if not character.isspace()]
