from firstwords.find import catalogue, find
from firstwords.training.adapter import Adapter


def test_every_file_of_the_catalogue_is_an_adapter_with_a_rate():
    for kind in catalogue("training.adapters"):
        adapter = find("training.adapters", kind)
        assert issubclass(adapter, Adapter)
        assert adapter().rate_share > 0
