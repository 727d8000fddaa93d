from firstwords.metrics.metrics.share_of_items import ShareOfItems


def test_items_that_were_not_asked_do_not_count() -> None:
    metric = ShareOfItems(column="extracted")
    assert metric.value({"extracted": [True, False, None, None, False, False]}) == 0.25
    assert metric.value({"extracted": [None]}) == 0
    assert (metric.name, metric.shown_as) == ("extracted", "extracted {}")
    assert ShareOfItems(column="likeliest_of_all").shown_as == "likeliest of all {}"


def test_none_of_many_has_an_interval_too() -> None:
    found = ShareOfItems(column="x").interval({"x": [False] * 100})
    assert found.value == found.low == 0 < found.high < 0.06
