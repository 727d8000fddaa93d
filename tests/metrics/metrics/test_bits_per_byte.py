import math

import pytest

from firstwords.metrics.metrics.bits_per_byte import BitsPerByte


def test_a_bit_is_ln_2_nats_and_long_documents_weigh_more():
    items = {"nats": [8 * math.log(2), 2 * math.log(2)], "bytes": [4, 1]}
    assert BitsPerByte().value(items) == pytest.approx(2.0)
    items = {"nats": [8 * math.log(2), 0.0], "bytes": [4, 4]}
    assert BitsPerByte().value(items) == pytest.approx(1.0)
    assert not BitsPerByte().higher_is_better
