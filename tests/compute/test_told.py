import os

import pytest

from firstwords.compute.told import wait_for_modules


@pytest.mark.parametrize(
    ("said", "expected"), [("a b.c\n", ["a", "b.c"]), ("\n", []), ("-\n", None), ("", None), ("a", None)]
)
def test_what_is_told_is_read_to_the_end_of_the_line(tmp_path, said, expected):
    place = tmp_path / "x" / "told"
    place.parent.mkdir()
    os.mkfifo(place)
    reader = os.open(place, os.O_RDONLY | os.O_NONBLOCK)  # so that what is written waits for somebody
    writer = os.open(place, os.O_WRONLY)
    os.write(writer, said.encode())
    if expected is None and said != "-\n":
        os.close(writer)  # who had something to say has ended
    assert wait_for_modules(place) == expected
    assert not place.parent.exists()
    os.close(reader)
