import pytest
import torch

from firstwords.model.batch import Batch


def test_documents_and_positions_follow_the_bounds():
    batch = Batch.of([[7, 8, 9], [1], [4, 5]])
    assert batch.input_ids.tolist() == [7, 8, 9, 1, 4, 5]
    assert batch.bounds.tolist() == [0, 3, 4, 6]
    assert batch.positions.tolist() == [0, 1, 2, 0, 0, 1]
    assert batch.documents.tolist() == [0, 0, 0, 1, 2, 2]
    assert (batch.num_tokens, batch.num_documents, batch.max_length) == (6, 3, 3)


@pytest.mark.parametrize("documents", [[], [[1], []]])
def test_empty_documents_are_refused(documents):
    with pytest.raises(ValueError, match="at least one"):
        Batch.of(documents)


def test_all_tensors_move_together():
    batch = Batch.of([[1, 2]], labels=torch.tensor([3, 4])).to("meta")
    assert {batch.input_ids.device.type, batch.bounds.device.type, batch.labels.device.type} == {"meta"}
