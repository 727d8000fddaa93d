"""Bits per byte of one part of the items, and their change."""

import math

import pytest

from firstwords.metrics.metrics.change_in_bits import ChangeInBits

ITEMS = {
    "part": ["domain", "general", "domain"],
    "nats": [math.log(2) * 10, math.log(2) * 33, math.log(2) * 20],
    "nats_before": [math.log(2) * 20, math.log(2) * 30, math.log(2) * 40],
    "bytes": [10, 30, 20],
}


def test_each_part_by_itself():
    assert ChangeInBits(part="domain", told="bits").value(ITEMS) == pytest.approx(1.0)
    assert ChangeInBits(part="domain").value(ITEMS) == pytest.approx(-0.5)
    assert ChangeInBits(part="general").value(ITEMS) == pytest.approx(0.1)
    assert ChangeInBits(part="general").name == "general_change"


def test_the_change_is_paired():
    items = {
        "part": ["general"] * 40,
        "nats": [1.1 * n for n in range(1, 41)],
        "nats_before": [float(n) for n in range(1, 41)],
        "bytes": [7] * 40,
    }
    found = ChangeInBits(part="general").interval(items)
    assert found.low == pytest.approx(0.1) == found.high


def test_few_documents_of_a_part_among_many_have_an_interval():
    items = {
        "part": ["general"] * 2 + ["domain"] * 60,
        "nats": [5.0, 6.0] + [2.0] * 60,
        "nats_before": [5.0, 5.0] + [4.0] * 60,
        "bytes": [3] * 62,
    }
    found = ChangeInBits(part="general").interval(items, [str(n) for n in range(62)])
    assert found.value == pytest.approx(0.1) and found.num_units == 2
