import pytest

from firstwords.data.personal.finder import extends_word, is_announced, words


@pytest.mark.parametrize("text", ["x12", "_12", "$12", "%12", "é12", "1:12", "a-12", "12a", "12_", "12-b", "12@"])
def test_what_goes_on_beside_a_number(text: str) -> None:
    data = text.encode()
    assert extends_word(data, data.index(b"12"), data.index(b"12") + 2)


@pytest.mark.parametrize("text", ["12", " 12,", "no:12", "“12”", "—12—", "号12号", "12.", "#12", "(12)"])
def test_what_only_stands_beside_it(text: str) -> None:
    data = text.encode()
    assert not extends_word(data, data.index(b"12"), data.index(b"12") + 2)


def test_words_announce_from_nearby_in_any_case() -> None:
    pattern = words("tax id", "nino")
    for text in (b"TAX-ID: 1", b"tax_id 1", b"taxid=1", b"nino\n1"):
        assert is_announced(text, text.index(b"1"), pattern)
    for text in (b"ninos 1", b"syntax id 1", b"nino" + b"." * 60 + b"1"):
        assert not is_announced(text, text.index(b"1"), pattern)
