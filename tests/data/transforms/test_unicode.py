import time
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.transforms.unicode import Unicode


def better(text: str, **fields) -> str:
    return Unicode(**fields).apply(pa.record_batch({"text": [text]})).batch["text"][0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe\u0301", "café"),
        ("cafÃ© â€“ naÃ¯ve", "café – naïve"),
        ("a\u00a0b\u2003c\u3000d", "a b c d"),
        ("one\r\ntwo\rthree\u2028four\x0cfive", "one\ntwo\nthree\nfour\nfive"),
        (
            "soft\u00adhyphen, zero\u200bwidth, \ufeffmark, bell\x07, \u202eright\u202c",
            "softhyphen, zerowidth, mark, bell, right",
        ),
        ("line  \t\nnext \n", "line\nnext\n"),
        ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ("\tindented\n    more", "\tindented\n    more"),
        ("“quotes”, dashes – and … stay, é”, 한국어, नमस्ते", "“quotes”, dashes – and … stay, é”, 한국어, नमस्ते"),
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
    ],
)
def test_texts_come_out_in_one_form(text: str, expected: str) -> None:
    assert better(text) == expected


def test_titles_too_and_what_happened_is_counted() -> None:
    batch = pa.record_batch({"text": ["plain", "Ã©\x07\x07"], "title": ["a\u00a0b", None]})
    done = Unicode().apply(batch)
    assert done.batch.to_pylist() == [{"text": "plain", "title": "a b"}, {"text": "é", "title": None}]
    assert done.changed.tolist() == [False, True]
    assert {name: count.tolist() for name, count in done.counts.items()} == {
        "repaired": [0, 1],
        "composed": [0, 0],
        "removed": [0, 2],
    }


def test_the_repair_can_be_left_out() -> None:
    assert better("cafÃ©", repair=False) == "cafÃ©"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_result_is_composed_settled_and_loses_no_visible_character(text: str) -> None:
    once = better(text, repair=False)
    assert unicodedata.is_normalized("NFC", once)
    assert better(once, repair=False) == once
    visible = [c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] in "LN"]
    assert [c for c in once if unicodedata.category(c)[0] in "LN"] == visible


def test_long_runs_of_spaces_take_linear_time() -> None:
    started = time.perf_counter()
    better("x" + " " * 500_000 + "y" + "\n" * 500_000 + "\t" * 500_000 + "z")
    assert time.perf_counter() - started < 5  # a quadratic pattern takes minutes
