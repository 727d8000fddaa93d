"""The contract itself; what every objective must do is in tests/contracts."""

import pytest

from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import CausalLM


def test_it_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Objective()


def test_language_models_decode_nothing_and_take_no_records():
    assert CausalLM().decode(None, None) is None
    assert CausalLM().metrics([], []) == {}
    assert CausalLM.record is None
