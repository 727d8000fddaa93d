import pytest

from firstwords.metrics.metrics.rouge import Rouge


def test_kinds_and_the_nearest_text():
    items = {"gold": [["x", "police killed the gunman"]], "predicted": ["police kill the gunman"]}
    # The example of Lin 2004, section 3.1: three words in order of four.
    assert Rouge(kind="L").value(items) == Rouge(kind="1").value(items) == pytest.approx(0.75)
    assert Rouge(kind="2").value(items) == pytest.approx(1 / 3)
    assert [Rouge(kind=kind).name for kind in "12L"] == ["rouge_1", "rouge_2", "rouge_l"]
    assert Rouge(kind="2").shown_as == "ROUGE-2 {}"
