import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.block_features import NUM_FEATURES, block_features
from firstwords.data.page_blocks import page_blocks

LONG = "A sentence of the page that is long enough to be taken for content by any rule that there is. " * 2

PIECES = "<p> <div> </div> <a> </a> <br> <table> <tr> <td> a bc. Ü <h1> 中 🙂"


def features(html: str) -> np.ndarray:
    return block_features(page_blocks(html))


def test_equal_blocks_in_equal_places_look_equal_but_for_their_position() -> None:
    one, other = features(f"<p>{LONG}</p>"), features(f"<div></div><p>{LONG}</p>")
    assert one.shape == (1, NUM_FEATURES) and (one == other).all()


def test_a_page_without_text_has_no_row() -> None:
    assert features("<p></p>").shape == (0, NUM_FEATURES)


@pytest.mark.parametrize("change", ["<div class=comments><p>{}</p></div>", "<p><a href=x>{}</a></p>", "<h2>{}</h2>"])
def test_what_an_element_is_makes_a_difference(change) -> None:
    plain = "<div><p>{}</p></div>"
    assert (features(plain.format(LONG)) != features(change.format(LONG))).any()


@given(st.lists(st.sampled_from(PIECES.split())).map(" ".join))
def test_any_page_has_finite_features_and_the_same_twice(html) -> None:
    found = features(html)
    assert (found == features(html)).all() and found.shape[1] == NUM_FEATURES
    assert (np.abs(found.astype(np.int64)) < 2**31 - 1).all()
