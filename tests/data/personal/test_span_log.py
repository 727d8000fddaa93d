from firstwords.data.personal.finder import Span
from firstwords.data.personal.span_log import SpanLog


def test_types_and_lengths_of_each_row() -> None:
    log = SpanLog(2, ("email", "card"))
    log.add(1, [Span("email", 3, 10), Span("card", 12, 28)])
    log.add(1, [Span("email", 0, 7)])
    assert {name: counts.tolist() for name, counts in log.counts.items()} == {"email": [0, 2], "card": [0, 1]}
    assert log.as_array().to_pylist() == [
        [],
        [{"type": "email", "bytes": 7}, {"type": "card", "bytes": 16}, {"type": "email", "bytes": 7}],
    ]
    assert list(log.numbers) == [1]


def test_no_rows_have_the_same_type_as_some() -> None:
    log = SpanLog(1, ("email",))
    log.add(0, [Span("email", 0, 1)])
    assert SpanLog(0, ("email",)).as_array().type == log.as_array().type
