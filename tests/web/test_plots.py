import re

from firstwords.web import plots


def test_curves_stay_inside_and_each_has_a_colour() -> None:
    lines = {"a": [(100.0, 9.0), (200.0, 2.0), (300.0, 1.0)], "b": [(100.0, 3.0), (300.0, 2.0)]}
    svg = str(plots.curves(lines, {"a": [(300.0, 1.2)]}, "a falls"))
    assert svg.count("<polyline") == 2 and svg.count("<circle") == 1
    assert 'class="line series-0"' in svg and 'class="line series-1"' in svg
    assert 'aria-label="a falls"' in svg and "<desc>a falls</desc>" in svg
    for points in re.findall(r'points="([^"]+)"', svg):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert plots.LEFT <= x <= plots.RIGHT and plots.TOP <= y <= plots.BOTTOM
    assert "300 tokens" in svg


def test_nothing_measured_is_told_and_a_flat_line_is_drawn() -> None:
    assert "nothing was measured" in str(plots.curves({"a": []}, {}, "x"))
    assert "<polyline" in str(plots.curves({"a": [(1.0, 2.0), (2.0, 2.0)]}, {}, "x"))


def place(svg: str, kind: str) -> float:
    return float(re.search(rf'class="{kind}" x="([^"]+)"', svg)[1])


def test_a_whisker_puts_everything_where_it_belongs() -> None:
    svg = str(plots.whisker(0.5, 0.4, 0.7, [0.25, 2.0], (0.0, 1.0), "x"))
    assert abs(place(svg, "dot") - 49.3) < 0.01
    assert place(svg, "range") == 40 and 'width="30"' in svg
    assert place(svg, "other") == 25 and svg.count('class="other"') == 2
    assert 'class="range"' not in str(plots.whisker(0.5, None, None, [], (0.0, 1.0), "x"))
    assert "<svg" in str(plots.whisker(0.0, None, None, [], (0.0, 0.0), "x"))


def test_a_graph_puts_what_is_made_behind_its_inputs() -> None:
    nodes = [("1", "collect"), ("2", "extract"), ("3", "a name that is much too long"), ("4", "alone")]
    svg = str(plots.graph(nodes, [("1", "2"), ("2", "3"), ("1", "3"), ("gone", "4")], "way"))
    assert svg.count("<polyline") == 3
    places = [float(x) for x in re.findall(r'class="node" x="([^"]+)"', svg)]
    assert places[0] < places[1] < places[2] and places[3] == places[0]
    assert "a name that is much too long" not in svg
