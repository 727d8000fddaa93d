import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import file_array
from firstwords.data.file_array import ArrayWriter, FileArray

PAIR = np.dtype([("a", np.uint8), ("b", np.float64)])


@given(st.integers(1, 3000), st.lists(st.integers(0, 2999), max_size=200), st.sampled_from(["u1", "u4", "f8", PAIR]))
def test_windows_give_what_the_whole_array_gives(tmp_path_factory, length: int, places: list[int], kind) -> None:
    place = tmp_path_factory.mktemp("a") / "values.npy"
    somewhere = np.array([each % length for each in places], np.int64)
    different = np.unique(somewhere)[::-1]
    values = np.zeros(len(different), kind)
    values[values.dtype.names[1] if values.dtype.names else ...] = np.arange(1, len(different) + 1)
    with pytest.MonkeyPatch.context() as patch:
        # Windows that begin inside a page.
        patch.setattr(file_array, "WINDOW_BYTES", 4097)
        patch.setattr(file_array, "BLOCK_ROWS", 700)
        array, whole = FileArray.zeros(place, length, kind), np.zeros(length, kind)
        array.scatter(different, values)
        whole[different] = values
        assert np.array_equal(array.gather(somewhere), whole[somewhere])
        assert np.array_equal(np.concatenate([part for _, part in array.blocks()]), whole)
    assert np.array_equal(np.load(place), whole)
    assert np.array_equal(array.read(length // 3, length // 2), whole[length // 3 : length // 2])


def test_one_value_is_written_everywhere(tmp_path) -> None:
    array = FileArray.zeros(tmp_path / "values.npy", 9, np.uint8)
    array.scatter(np.array([8, 0]), 3)
    assert np.load(tmp_path / "values.npy").tolist() == [3, 0, 0, 0, 0, 0, 0, 0, 3]


def test_an_array_written_in_parts_is_there_when_it_is_whole(tmp_path) -> None:
    place = tmp_path / "folder/values.npy"
    with ArrayWriter(place, np.uint32) as file:
        for number in range(4):
            file.write(np.full(number, number))
        assert not place.exists()
    assert np.load(place).tolist() == [1, 2, 2, 3, 3, 3]
    with pytest.raises(ZeroDivisionError), ArrayWriter(tmp_path / "folder/other.npy", PAIR):
        raise ZeroDivisionError
    assert [each.name for each in place.parent.iterdir()] == ["values.npy"]


def test_what_others_wrote_is_not_read(tmp_path) -> None:
    (tmp_path / "values.npy").write_bytes(b"something else altogether")
    with pytest.raises(AssertionError):
        FileArray(tmp_path / "values.npy")
