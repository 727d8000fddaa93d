import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.phrases import count_phrases, phrase_hashes, read_entries


def counted(text: str, *entries: str) -> tuple[int, int]:
    occurrences, covered = count_phrases(Features(pa.array([text])).words, phrase_hashes(entries))
    return int(occurrences[0]), int(covered[0])


def test_words_are_whole_and_phrases_are_their_words_in_order() -> None:
    assert counted("The class passed, Ass!", "ass") == (1, 1)
    assert counted("hot dogs; Hot-Dogs, dogs hot", "hot dogs") == (2, 4)
    assert counted("他是坏人吗", "坏人") == (1, 2)
    assert counted("schlechte Wörter", "wörter", "SCHLECHTE wörter") == (2, 3)
    assert counted("", "a b") == (0, 0)


@given(
    st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
)
@settings(max_examples=100)
def test_counts_are_those_of_a_search(text: list[str], entries: list[list[str]]) -> None:
    found = [
        len(entry)
        for entry in {tuple(entry) for entry in entries}
        for at in range(len(text))
        if tuple(text[at : at + len(entry)]) == entry
    ]
    assert counted(" ".join(text), *(" ".join(entry) for entry in entries)) == (len(found), sum(found))


def test_texts_do_not_run_into_each_other() -> None:
    words = Features(pa.array(["a", "b", "a b"])).words
    assert count_phrases(words, phrase_hashes(["a b"]))[0].tolist() == [0, 0, 1]


def test_entries_without_words_are_refused() -> None:
    with pytest.raises(ValueError, match="'---' is 0 words"):
        phrase_hashes(["fine", "---"])


def test_a_list_has_comments_and_blank_lines(tmp_path) -> None:
    (tmp_path / "list.txt").write_text("\ufeffone\n\n# a comment\n two words \r\n", encoding="utf-8")
    assert read_entries(tmp_path / "list.txt") == ["one", "two words"]
