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
    assert {name: count.tolist() for name, count in done.counts.items()} == {
        "email": [2, 0, 0],
        "phone": [1, 0, 0],
        "ip_address": [0, 0, 1],
        "card": [0, 0, 1],
    }


def test_a_changed_title_alone_leaves_the_text_unchanged() -> None:
    done = PersonalData().apply(pa.record_batch({"text": ["clean"], "title": ["jane@example.com"]}))
    assert done.changed.tolist() == [False]
    assert done.batch["title"].to_pylist() == ["<EMAIL>"]


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
