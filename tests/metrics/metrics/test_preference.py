import math

import pytest

from firstwords.metrics.metrics.preference import Preference


def items(*rows):
    names = ("chosen", "rejected", "chosen_reference", "rejected_reference")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_gains_on_the_reference_count_and_ties_are_half():
    # The first gained though both sank, the second is likelier but lost, the third is as it was.
    table = items((-12, -30, -10, -20), (-5, -9, -1, -9), (-4, -8, -4, -8), (-9, -8, -9, -5))
    assert Preference().value(table) == pytest.approx(2.5 / 4)
    assert Preference(against_reference=False).value(table) == pytest.approx(3 / 4)
    assert Preference(against_reference=False).name == "preference (by likelihood)"


def test_what_is_not_a_number_is_an_error():
    with pytest.raises(ValueError, match="not a number"):
        Preference().value(items((math.nan, 0, 0, 0)))
