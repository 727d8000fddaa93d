import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.tag_schemes import SCHEMES, as_iob2, recognised
from firstwords.errors import RecipeError
from firstwords.metrics.entities import find_entities

ENTITIES = st.lists(st.tuples(st.integers(1, 3), st.sampled_from("XY"), st.integers(0, 2)), min_size=1, max_size=5)


def written(entities, scheme: str) -> tuple[list[str], list[str]]:
    """Tags of entities (length, type, words outside behind it) in a scheme and in IOB2."""
    tags, expected, before = [], [], ""
    for length, kind, gap in entities:
        for place in range(length):
            is_first, is_last = place == 0, place == length - 1
            prefix = "B" if is_first else "I"
            expected.append(f"{prefix}-{kind}")
            if scheme == "iob1":
                prefix = "B" if is_first and before == kind else "I"
            elif scheme in ("iobes", "bilou") and is_last:
                prefix = {"iobes": "SE", "bilou": "UL"}[scheme][not is_first]
            tags.append(f"{prefix}-{kind}")
        tags += ["O"] * gap
        expected += ["O"] * gap
        before = "" if gap else kind
    return tags, expected


@given(ENTITIES, st.sampled_from(SCHEMES))
def test_every_scheme_gives_the_same_entities(entities, scheme) -> None:
    tags, expected = written(entities, scheme)
    assert list(as_iob2(tags, scheme, lambda place, why: why)) == expected
    found = recognised([tags])
    assert list(as_iob2(tags, found, lambda place, why: why)) == expected
    assert len(find_entities(expected, "strict")) == len(entities)


@pytest.mark.parametrize(
    ("tags", "scheme", "message"),
    [
        (["O", "I-X"], "iob2", "1: 'I-X' continues no X entity"),
        (["B-X", "O"], "iobes", "1: 'O' stands where the entity X is open"),
        (["B-X"], "bilou", "0: 'O' stands where the entity X is open"),
        (["S-X", "I-X"], "iobes", "1: 'I-X' continues no X entity"),
        (["B-X", "I-Y"], "bilou", "1: 'I-Y' stands where the entity X is open"),
        (["S-X"], "iob2", "0: 'S-X' is not a tag of iob2: expected O, B-<type>, I-<type>"),
        (["B-"], "iob1", "0: 'B-' is not a tag"),
        (["IE-X"], "iobes", "0: 'IE-X' is not a tag"),
    ],
)
def test_what_a_scheme_forbids_is_told_with_its_place(tags, scheme, message) -> None:
    with pytest.raises(RecipeError, match=message):
        as_iob2(tags, scheme, lambda place, why: f"{place}: {why}")


def test_tags_of_b_and_i_are_iob1_where_an_entity_begins_with_i() -> None:
    assert recognised([["B-X", "I-X"], ["O", "B-Y"]]) == "iob2"
    assert recognised([["B-X", "I-X"], ["O", "I-Y"]]) == "iob1"
