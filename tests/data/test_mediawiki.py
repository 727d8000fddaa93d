import io

from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.mediawiki import Damage, Page, read_pages

HEAD = b'<mediawiki xml:lang="fr"><siteinfo><base>https://fr.wikipedia.org/wiki/A</base></siteinfo>\n'


def page(title: str, text: str = "words", extra: str = "") -> bytes:
    revision = f"<revision><id>7</id><timestamp>2020-01-01T00:00:00Z</timestamp><text>{text}</text></revision>"
    return f"<page><title>{title}</title><ns>0</ns><id>1</id>{extra}{revision}</page>\n".encode()


def read(data: bytes, max_page: int = 1000) -> list:
    return list(read_pages(io.BytesIO(data), max_page))


def titles(found) -> list[str]:
    return [each.title if isinstance(each, Page) else each.reason for each in found]


def test_pages_with_their_wiki() -> None:
    first, second = read(
        HEAD + page("A &amp; B", "x &lt;ref&gt;") + page("C", "", '<redirect title="D" />') + b"</mediawiki>"
    )
    assert (first.title, first.text, first.language, first.base) == (
        "A & B", "x <ref>", "fr", "https://fr.wikipedia.org/wiki/A",
    )  # fmt: skip
    assert (first.revision, first.timestamp, first.namespace, first.redirect) == ("7", "2020-01-01T00:00:00Z", 0, None)
    assert second.redirect == "D" and second.text == ""


def test_of_a_history_the_last_revision() -> None:
    old = "<revision><id>1</id><contributor><id>9</id></contributor><text>old</text></revision>"
    (found,) = read(HEAD + page("A", extra=old) + b"</mediawiki>")
    assert (found.text, found.revision, found.id) == ("words", "7", "1")


def test_large_pages_are_not_held() -> None:
    (found, after) = read(HEAD + page("A", "x" * 5000) + page("B") + b"</mediawiki>")
    assert found.text is None and found.size == 5000 and after.text == "words"


def test_damage_is_told_and_the_next_page_read() -> None:
    broken = b"<page><title>B</title><ns>0</ns><revision><text>a < b & </text></revision></page>"
    data = HEAD + page("A") + broken + page("C") + b"\xff\x00" + page("D") + b"</mediawiki>"
    assert titles(read(data)) == ["A", "malformed", "C", "malformed", "D"]
    found = read((HEAD + page("A") + page("B"))[:-20])
    assert titles(found) == ["A", "truncated"]
    assert titles(read(HEAD + page("A") + page("B", "x" * 600_000)[:-9] + page("C") * 3, 10**6))[0] == "A"


def test_declarations_that_could_unfold_are_refused() -> None:
    bomb = b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + HEAD + page("A", "&b;") + page("B")
    found = read(bomb + b"</mediawiki>")
    assert found[0].reason == "malformed" and "document type" in found[0].detail
    assert titles(found)[-1] == "B" and "aaaa" not in str(found)
    assert titles(read(HEAD + b"<a>" * 100 + page("A") + b"</mediawiki>"))[:2] == ["malformed", "A"]


@given(st.data())
def test_a_change_anywhere_ends_and_costs_little(data) -> None:
    content = HEAD + b"".join(page(f"P{i}", "some words " * 3) for i in range(8)) + b"</mediawiki>"
    place = data.draw(st.integers(0, len(content)))
    put = data.draw(st.binary(max_size=12))
    cut = data.draw(st.integers(0, 12))
    found = read(content[:place] + put + content[place + cut :])
    assert sum(isinstance(each, Page) for each in found) >= 6
    assert all(isinstance(each, Page | Damage) for each in found)
