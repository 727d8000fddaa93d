from firstwords.data.personal.finder import Span
from firstwords.data.personal.person import with_persons


def test_places_in_characters_become_bytes_and_stay_behind_other_spans() -> None:
    texts = ["é Jörg Groß a@b.org".encode(), b"", b"Ann"]
    email = Span("email", 15, 22)
    found = with_persons({0: [email]}, texts, lambda asked: [[(2, 11), (12, 15)], [(0, 3)]])
    assert found == {0: [Span("person", 3, 14), email], 2: [Span("person", 0, 3)]}


def test_texts_without_anything_are_not_named() -> None:
    assert with_persons({}, [b"x"], lambda asked: [[]]) == {}
    assert with_persons({}, [b""], lambda asked: 1 / 0) == {}
