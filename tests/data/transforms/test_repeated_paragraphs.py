import pyarrow as pa

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
