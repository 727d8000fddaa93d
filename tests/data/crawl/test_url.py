import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.crawl.url import canonical_url, is_trap, origin_of


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://example.org/a#part", "http://example.org/a"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/../../a", "http://example.org/a"),
        ("http://example.org/a/..", "http://example.org/"),
        ("http://example.org/a/%2e%2E/b", "http://example.org/b"),
        ("http://example.org/%7euser/%e4%BD%a0", "http://example.org/~user/%E4%BD%A0"),
        ("http://example.org/ä b", "http://example.org/%C3%A4%20b"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/?", "http://example.org/"),
        ("http://example.org/?b=2&a=1", "http://example.org/?b=2&a=1"),
        ("http://example.org/?utm_source=x&a=1&fbclid=2&PHPSESSID=3", "http://example.org/?a=1"),
        ("http://example.org/a;jsessionid=ABC?x=1", "http://example.org/a?x=1"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("  http://example.org/a\n", "http://example.org/a"),
    ],
)
def test_one_spelling(url, canonical) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "data:text/html,x", "javascript:alert(1)",
        "mailto:a@example.org", "http://user:secret@example.org/", "http://user@example.org/", "http:///path",
        "http://exa mple.org/", "http://example.org\\@evil.org/", "http://example.org/a\tb", "http://ex\nample.org/",
        "http://example.org:99999/", "http://example.org:abc/", "http://example.org:0/", "http://[::1/", "http://[zz]/",
        "http://a..b/", "http://-/", "http://%31%32%37.0.0.1/", "http://example.org/" + "a" * 3000, "", "//", "http://",
        "http://exa<mple>.org/", "http://example.org\x00.evil.org/",
    ],
)  # fmt: skip
def test_strange_addresses_are_refused(url) -> None:
    assert canonical_url(url) is None


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("b", "http://example.org/x/b"),
        ("/b", "http://example.org/b"),
        ("../../../b", "http://example.org/b"),
        ("//other.org/b", "http://other.org/b"),
        ("?q=1", "http://example.org/x/a?q=1"),
        ("#part", "http://example.org/x/a"),
        ("javascript:x", None),
    ],
)
def test_relative_links(link, target) -> None:
    assert canonical_url(link, base="http://example.org/x/a") == target


PARTS = st.text(alphabet="aä%2eE/.:?&=#;~ @[]\\+-_\t\n0", max_size=30)


@given(
    st.builds(
        "{}://{}{}".format, st.sampled_from(["http", "HTTPS"]), st.sampled_from(["a.org", "Ä.de:80", "[::1]"]), PARTS
    )
)
def test_canonical_is_idempotent_and_ascii(url) -> None:
    once = canonical_url(url)
    if once is not None:
        assert canonical_url(once) == once
        assert once.isascii() and "#" not in once and " " not in once
        assert origin_of(once).startswith("http")


@given(st.text(max_size=60), st.none() | st.text(max_size=20))
def test_no_text_raises(url, base) -> None:
    canonical_url(url, base)
    canonical_url("http://" + url, base)


def test_traps() -> None:
    assert is_trap("http://a.org/x/y/x/y/x/y/x/")
    assert is_trap("http://a.org/" + "/".join(map(str, range(30))))
    assert not is_trap("http://a.org/2024/2024/index.html")
