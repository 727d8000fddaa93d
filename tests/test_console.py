import io

import pytest

from firstwords.console import StreamConsole, duration, printable


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (31.2, "31 s"), (125, "2 min 05 s"), (11_400, "3 h 10 min")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_stage_line_is_aligned_and_fits_80_columns() -> None:
    stream = io.StringIO()
    console = StreamConsole(stream)
    console.stage("collect", "3fa9c1d2e7", "212 pages", 31)
    console.stage("pretrain.causal", "8d77b1c3e0", "2.031 bits/byte", None)
    first, second = stream.getvalue().splitlines()
    assert first.index("212") == second.index("2.031")
    assert len(first) < 80


def test_without_a_terminal_the_live_line_is_rare_and_plain() -> None:
    stream = io.StringIO()
    console = StreamConsole(stream)
    console.start("pretrain")
    for step in range(1000):
        console.progress("pretrain", f"step {step}", step / 1000)
    assert stream.getvalue() == ""
    console._last -= 60
    console.progress("pretrain", "step 500", 0.5)
    assert "left" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_time_left_counts_what_was_seen_of_it(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("firstwords.console.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    console = StreamConsole(stream)
    console.start("pretrain")
    # A run that goes on in its middle: 10 % in 20 s, so 40 % take 80 s.
    for seconds, share in ((1, 0.5), (20, 0.6)):
        now[0] += seconds
        console.progress("pretrain", "step", share)
    assert stream.getvalue().splitlines()[-1].endswith("1 min 20 s left")
    # A part of a stage that nobody announced, heard of for the first time: nothing is known yet.
    now[0] += 20
    console.progress("pretrain seed-2", "step", 0.1)
    assert "left" not in stream.getvalue().splitlines()[-1]


def test_on_a_terminal_a_long_line_goes_on_below_in_its_column(monkeypatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    StreamConsole(stream).stage(
        "clean", "3fa9c1d2e7", "kept 81,204 of 96,530 documents   gopher -9.8%   language -6.1%", 12
    )
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].index("gopher") == lines[0].index("kept")
    assert lines[1].endswith("12 s")


def test_text_from_a_document_cannot_command_the_terminal() -> None:
    hostile = "a\x1b]0;owned\x07b\x1b[2Jc\u009bd\u202ee\ttab\nline é 日"
    assert printable(hostile) == "a\ufffd]0;owned\ufffdb\ufffd[2Jc\ufffdd\ufffde\ttab\nline é 日"
