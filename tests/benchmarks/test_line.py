import json

import numpy as np
from benchmarks.line import Judged


def test_figures_of_numpy_are_written_as_json_and_judged_by_their_bar() -> None:
    below = Judged(name="a", figure=np.float64(0.4), unit="x", bar=0.5, at_least=False)
    assert json.dumps([below.figure, below.met]) == "[0.4, true]"
    assert Judged(name="b", figure=1, unit="x").met is None and not Judged(name="c", figure=1, unit="x", bar=2).met
