import pyarrow as pa

from firstwords.data.features import Features
from firstwords.data.filters.much_personal_data import MuchPersonalData
from firstwords.data.transforms.personal_data import PersonalData

TEXTS = [
    "Write to a@x.org.",
    "Members: a@x.org, b@x.org, c@x.org, call (202) 555-0123, (202) 555-0124 or 192.0.2.7",
    "Nothing <here>, <EMAILS> or <PHONE>X",
]


def judged(step: MuchPersonalData, texts: list[str]) -> tuple[list, list]:
    batch = pa.record_batch({"text": texts})
    scores = step.score(batch, Features(batch["text"]))
    return scores.field("spans").to_pylist(), step.reject(scores).to_pylist()


def test_a_list_of_persons_goes() -> None:
    assert judged(MuchPersonalData(), TEXTS) == ([1, 6, 1], [None, "spans", None])
    assert judged(MuchPersonalData(max_spans=6), TEXTS)[1] == [None, None, None]


def test_behind_the_transform_it_judges_the_same() -> None:
    for numbered in (False, True):
        clean = PersonalData(numbered=numbered).apply(pa.record_batch({"text": TEXTS})).batch["text"].to_pylist()
        assert "@" not in str(clean)
        assert judged(MuchPersonalData(), clean) == judged(MuchPersonalData(), TEXTS)


def test_a_type_may_have_a_limit_of_its_own() -> None:
    step = MuchPersonalData(types=("phone",), max_spans=1)
    assert judged(step, TEXTS) == ([0, 2, 1], [None, "spans", None])
