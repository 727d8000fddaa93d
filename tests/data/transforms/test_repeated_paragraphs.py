import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.paragraphs import long_paragraphs, without
from firstwords.data.transforms.repeated_paragraphs import RepeatedParagraphs


def apply(texts: list[str], **fields):
    return RepeatedParagraphs(**fields).apply(pa.record_batch({"text": texts}))


def test_later_copies_go_whatever_their_case_and_white_space() -> None:
    text = "Return the value of it.\n\nSomething else entirely here.\n\n  return the  VALUE\nof it.\n\nThe end."
    done = apply([text, "untouched text"])
    assert done.batch["text"].to_pylist() == [
        "Return the value of it.\n\nSomething else entirely here.\n\nThe end.",
        "untouched text",
    ]
    assert done.changed.tolist() == [True, False]
    assert done.counts["paragraphs"].tolist() == [1, 0]


def test_short_paragraphs_stay() -> None:
    text = "Examples\n\na b c d\n\nExamples\n\na b c d"
    assert apply([text]).batch["text"].to_pylist() == ["Examples\n\na b c d\n\nExamples"]
    assert apply([text], min_words=5).batch["text"].to_pylist() == [text]


PARAGRAPHS = st.lists(st.sampled_from(["a b", "A  b", "c d e", "é\nf g", " - h i", "j"]), max_size=8)


@given(st.lists(PARAGRAPHS, max_size=5), st.integers(1, 3), st.sampled_from(["\n\n", "\n \n", "\n"]))
def test_it_is_what_a_walk_over_the_paragraphs_finds(documents: list[list[str]], least: int, gap: str) -> None:
    texts = [gap.join(paragraphs) for paragraphs in documents]
    expected, numbers = [], []
    for text in texts:
        seen: set[int] = set()
        again = []
        for start, end, name in long_paragraphs(text, least):
            if name in seen:
                again.append((start, end))
            seen.add(name)
        expected.append(without(text, again) if again else text)
        numbers.append(len(again))
    batch = pa.record_batch({"text": pa.array(texts, pa.string())})
    done = RepeatedParagraphs(min_words=least).apply(batch)
    assert done.batch["text"].to_pylist() == expected
    assert done.counts["paragraphs"].tolist() == numbers
