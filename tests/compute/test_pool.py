import pytest

from firstwords.compute.pool import Pool


def test_the_contract_cannot_be_used_itself() -> None:
    with pytest.raises(TypeError):
        Pool()
