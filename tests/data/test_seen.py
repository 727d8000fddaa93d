import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import seen
from firstwords.data.document import document_id
from firstwords.data.seen import SeenIds

IDS = st.one_of(st.integers(0, 40), st.integers(2**64 - 3, 2**64 - 1)).map(lambda number: f"{number:016x}")


@given(st.lists(st.lists(IDS, max_size=20), max_size=12))
def test_it_is_a_set(groups) -> None:
    limit, seen.FRESH = seen.FRESH, 3
    try:
        mine, plain = SeenIds(), set()
        for group in groups:
            expected = []
            for each in group:
                expected.append(each not in plain)
                plain.add(each)
            assert mine.add(group) == expected
            assert len(mine) == len(plain)
    finally:
        seen.FRESH = limit


def test_many_ids_take_eight_bytes_each() -> None:
    mine = SeenIds()
    for first in range(0, 60_000, 500):
        assert all(mine.add([document_id(str(number)) for number in range(first, first + 500)]))
    assert not any(mine.add([document_id(str(number)) for number in range(0, 60_000, 777)]))
    assert len(mine) == 60_000
    assert sum(part.nbytes for part in mine._sorted) + 8 * len(mine._fresh) == 8 * 60_000
    assert len(mine._sorted) < 10


def test_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        SeenIds().add(["x"])
