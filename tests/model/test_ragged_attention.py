"""What can be said without a GPU; tests/gpu compares the kernels with the processor's."""

import pytest
import torch

from firstwords.model import ragged_attention
from firstwords.model.attention import Segments
from firstwords.model.batch import Batch
from firstwords.model.mixed_attention import attention_of


def test_on_a_processor_documents_go_the_usual_way():
    batch = Batch.of([[1, 2, 3], [4]])
    assert not ragged_attention.is_ragged(batch, torch.bfloat16, 64)
    assert isinstance(attention_of(batch, True, torch.bfloat16, 64), Segments)


@pytest.mark.parametrize("before", [(False, False), (True, True), (True, False)])
@pytest.mark.parametrize("wanted", [False, True])
def test_one_order_is_asked_for_just_as_long_as_needed(before, wanted):
    def now():
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    try:
        with pytest.raises(KeyError), ragged_attention._in_one_order(wanted):
            assert now() == ((True, False) if wanted else before)
            raise KeyError
        assert now() == before
    finally:
        torch.use_deterministic_algorithms(False)
