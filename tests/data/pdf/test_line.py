from firstwords.data.pdf.line import Line, usual


def line(text: str, baseline: float, height: float = 10.0) -> Line:
    return Line(text=text, left=0, right=100, baseline=baseline, height=height)


def test_most_lines_decide_what_is_usual() -> None:
    page = [line("Title", 760, 20), *(line("a line of the body", 700 - 12 * i) for i in range(9))]
    measure = usual([page, page])
    assert (measure.height, measure.distance) == (10.0, 12.0)
    assert measure.distance_for(20) == 24.0 and measure.distance_for(1) == 6.0


def test_nothing_has_a_measure_too() -> None:
    assert usual([]).distance == usual([[], [line("x", 1)]]).distance == 13.5
