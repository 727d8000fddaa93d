import re
from dataclasses import dataclass, replace

import pyarrow as pa
import pytest

from firstwords.data.transforms.personal_data import PersonalData
from firstwords.errors import RecipeError

TEXTS = [
    "Write to jane.doe@example.com or call (202) 555-0123.",
    "Nothing here.",
    "Card 4111 1111 1111 1111 from 192.0.2.7",
]


def test_placeholders_stand_in_place_of_values_and_only_numbers_are_told() -> None:
    batch = pa.record_batch({"text": TEXTS, "title": ["By jane.doe@example.com", None, "x"]})
    done = PersonalData().apply(batch)
    assert done.batch.to_pylist() == [
        {"text": "Write to <EMAIL> or call <PHONE>.", "title": "By <EMAIL>"},
        {"text": "Nothing here.", "title": None},
        {"text": "Card <CARD> from <IP_ADDRESS>", "title": "x"},
    ]
    assert done.changed.tolist() == [True, False, True]
    assert {name: count.tolist() for name, count in done.counts.items() if count.any()} == {
        "email": [2, 0, 0],
        "phone": [1, 0, 0],
        "ip_address": [0, 0, 1],
        "card": [0, 0, 1],
    }


def test_a_changed_title_alone_leaves_the_text_unchanged() -> None:
    done = PersonalData().apply(pa.record_batch({"text": ["clean"], "title": ["jane@example.com"]}))
    assert done.changed.tolist() == [False]
    assert done.batch["title"].to_pylist() == ["<EMAIL>"]


def test_of_each_span_type_and_length_are_told() -> None:
    batch = pa.record_batch({"text": TEXTS, "title": ["By jane.doe@example.com", None, "x"]})
    assert PersonalData().apply(batch).details["spans"].to_pylist() == [
        [{"type": "email", "bytes": 20}, {"type": "phone", "bytes": 14}, {"type": "email", "bytes": 20}],
        [],
        [{"type": "card", "bytes": 19}, {"type": "ip_address", "bytes": 9}],
    ]


def test_numbered_placeholders_tell_the_same_value_from_another_within_a_document() -> None:
    texts = ["Jane@x.org, b@x.org, 4111 1111 1111 1111; jane@X.org 4111111111111111", "b@x.org"]
    done = PersonalData(numbered=True).apply(pa.record_batch({"text": texts, "title": ["b@x.org", "c@x.org"]}))
    assert done.batch.to_pylist() == [
        {"text": "<EMAIL_1>, <EMAIL_2>, <CARD_1>; <EMAIL_1> <CARD_1>", "title": "<EMAIL_2>"},
        {"text": "<EMAIL_1>", "title": "<EMAIL_2>"},
    ]
    again = PersonalData(numbered=True).apply(done.batch)
    assert again.batch.equals(done.batch)


@dataclass(frozen=True)
class Capitals:
    """Takes words in capitals for persons."""

    def __call__(self, texts, types):
        assert types == ("PER", "PERSON", "person")
        return [[m.span() for m in re.finditer(r"[A-ZÄ]{3,}", text)] for text in texts]


def test_names_come_from_a_function_and_do_not_cut_other_spans() -> None:
    step = replace(PersonalData(), names=Capitals())
    texts = ["Ä MÜLLER, JÄGER and JANE@EXAMPLE.ORG", "", "nobody", "LEE 4111 1111 1111 1111"]
    done = step.apply(pa.record_batch({"text": texts, "title": [None, "By LEE", "x", "y"]}))
    assert done.batch.to_pylist() == [
        {"text": "Ä MÜ<PERSON>, <PERSON> and <EMAIL>", "title": None},
        {"text": "", "title": "By <PERSON>"},
        {"text": "nobody", "title": "x"},
        {"text": "<PERSON> <CARD>", "title": "y"},
    ]
    assert done.counts["person"].tolist() == [2, 1, 0, 1]
    assert done.changed.tolist() == [True, False, False, True]


def test_a_stage_that_nobody_replaced_by_its_model_is_told() -> None:
    with pytest.raises(RecipeError, match=r"the model of 'finetune.people' is handed in by the stage clean"):
        PersonalData(names="finetune.people").apply(pa.record_batch({"text": TEXTS}))


def test_types_and_regions_are_fields() -> None:
    only = PersonalData(types=("card",)).apply(pa.record_batch({"text": TEXTS})).batch["text"].to_pylist()
    assert only == [TEXTS[0], TEXTS[1], "Card <CARD> from 192.0.2.7"]
    text = ["0171 4567 8901"]  # a trunk 0, as in Germany
    german, american = (PersonalData(phone_regions=(region,)) for region in ("DE", "US"))
    assert german.apply(pa.record_batch({"text": text})).batch["text"].to_pylist() == ["<PHONE>"]
    assert american.apply(pa.record_batch({"text": text})).batch["text"].to_pylist() == text


def test_an_unknown_region_is_told() -> None:
    with pytest.raises(RecipeError, match="phone region 'UK' is not known"):
        PersonalData(phone_regions=("US", "UK")).apply(pa.record_batch({"text": TEXTS}))
