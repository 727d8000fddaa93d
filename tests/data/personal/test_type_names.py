from firstwords.data.personal.type_names import ALL_TYPES, ON_REQUEST, TYPES
from firstwords.data.personal_data import FINDERS, FINDERS_ON_REQUEST


def test_the_names_are_those_that_the_finders_find() -> None:
    assert set(ALL_TYPES) == {*TYPES, *ON_REQUEST}
    assert sorted(TYPES) == sorted({each for finder in FINDERS for each in finder.types})
    assert sorted(ON_REQUEST) == sorted({each for finder in FINDERS_ON_REQUEST for each in finder.types})
