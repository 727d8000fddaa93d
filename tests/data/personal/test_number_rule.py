from firstwords.data.personal.finder import Span, words
from firstwords.data.personal.number_rule import Lettered, Rule, RuleBook

EVEN = Rule("even", plain=("99-99",), announced=("9999",), holds=lambda d: int(d) % 2 == 0, words=words("even"))
LETTER = Rule("letter", plain=("9999", "999A", "99 99 99"))
BOOK = RuleBook((EVEN, LETTER))


def found(text: bytes) -> list[tuple[str, bytes]]:
    return [(span.type, text[span.start : span.end]) for span in BOOK.find(text, 0, len(text))]


def test_a_rule_that_is_announced_comes_before_a_plain_one() -> None:
    assert found(b"1234") == [("letter", b"1234")]
    assert found(b"even 1234, odd 1235") == [("even", b"1234"), ("letter", b"1235")]


def test_shapes_are_not_parts_of_longer_numbers() -> None:
    assert found(b"12-34") == [("even", b"12-34")]
    assert found(b"12-35 12-345 112-34 12-34-56 1.12-34 x12-34 12-34x") == []


def test_letters_and_spaces_of_a_shape() -> None:
    assert found(b"123X 12 34 56") == [("letter", b"123X"), ("letter", b"12 34 56")]
    assert found("12\N{NO-BREAK SPACE}34 56".encode()) == [("letter", b"12\xc2\xa034 56")]


def test_only_what_begins_in_the_part_is_found() -> None:
    assert list(BOOK.find(b"1234 5678", 0, 5)) == [Span("letter", 0, 4)]
    assert list(BOOK.find(b"1234 5678", 5, 6)) == [Span("letter", 5, 9)]


def test_a_lettered_number_is_checked_without_its_separators() -> None:
    finder = Lettered("plate", trigger=r"[A-Z]-[0-9]{2}", holds=lambda c: c == b"B12", words=words("plate")).finder
    assert finder.types == ("plate",)
    text = b"plate B-12 B-13"
    assert list(finder.find(text, 6, 10, ())) == [Span("plate", 6, 10)]
    assert list(finder.find(text, 11, 15, ())) == []
    assert list(finder.find(b"B-12", 0, 4, ())) == []
