import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.transforms.repeated_paragraphs import RepeatedParagraphs


def apply(*texts: str, **fields: int):
    batch = pa.RecordBatch.from_pydict({"text": list(texts)})
    return RepeatedParagraphs(**fields).apply(batch)


def test_only_the_first_of_equal_paragraphs_stays() -> None:
    result = apply("one two three four\n\nfive\n\nOne  two three\nfour\n\nsix", "no repetition at all")
    assert result.batch["text"].to_pylist() == ["one two three four\n\nfive\n\nsix", "no repetition at all"]
    assert result.changed.tolist() == [True, False]
    assert result.counts["paragraphs"].tolist() == [1, 0]


def test_short_paragraphs_may_come_again() -> None:
    text = "Examples\n\na\n\nExamples\n\nb"
    assert apply(text).batch["text"].to_pylist() == [text]
    assert apply(text, min_words=1).batch["text"].to_pylist() == ["Examples\n\na\n\nb"]


def test_documents_do_not_see_each_other() -> None:
    assert not apply("one two three four", "one two three four").changed.any()


@given(st.lists(st.sampled_from(["a b c d", "e f g h", "i", "A  b C\td"]), max_size=8))
def test_nothing_new_appears_and_a_second_pass_changes_nothing(paragraphs: list[str]) -> None:
    once = apply("\n\n".join(paragraphs)).batch["text"].to_pylist()[0]
    assert set(once.split("\n\n")) <= {*paragraphs, ""}
    assert apply(once).batch["text"].to_pylist()[0] == once
