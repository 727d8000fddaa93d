import pytest

from firstwords.data.crawl.opt_out import OPT_OUTS, opt_out_of


@pytest.mark.parametrize(
    ("signals", "stated"),
    [
        ({}, None),
        ({"robots": "index, follow, noimageai"}, None),
        ({"robots": "noindex, nofollow"}, "noindex"),
        ({"robots": "none"}, "noindex"),
        ({"robots": "max-snippet:-1, noai"}, "noai"),
        ({"robots": "googlebot: noindex"}, None),
        ({"robots": "firstwords: noindex"}, "noindex"),
        ({"tdm_reservation": "1"}, "tdm"),
        ({"tdm_reservation": "0"}, None),
        ({"content_usage": "search=y, train-ai=n"}, "content_usage"),
        ({"content_usage": "ai=y"}, None),
    ],
)
def test_what_a_page_states(signals, stated) -> None:
    assert opt_out_of(signals, OPT_OUTS) == stated
    assert opt_out_of(signals, ()) is None
