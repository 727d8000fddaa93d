import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.filters.url_list import UrlList
from firstwords.errors import RecipeError
from firstwords.recipe import build

LISTS = {
    "domains": "# sites\nbad.example\nsub.half.example\n192.0.2.7\n",
    "urls": "https://www.fine.example/one/page\nfine.example/two?x=1\n",
    "words": "Casino\n",
    "parts": "spam\n",
}


@pytest.fixture
def lists(tmp_path) -> dict[str, list[str]]:
    for name, content in LISTS.items():
        (tmp_path / f"{name}.txt").write_text(content, encoding="utf-8")
    return {name: [str(tmp_path / f"{name}.txt")] for name in LISTS}


def judge(url: str | None, lists: dict, **fields) -> str | None:
    batch = pa.record_batch({"text": ["x"], "url": pa.array([url], pa.string())})
    step = build(UrlList, lists | fields)
    return step.reject(step.score(batch, Features(batch["text"]))).to_pylist()[0]


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://bad.example/", "domain"),
        ("https://WWW.Bad.example:8080/x", "domain"),
        ("https://deep.sub.half.example/x", "domain"),
        ("https://half.example/x", None),
        ("https://notbad.example/", None),
        ("https://bad.example.org/", None),
        ("http://192.0.2.7/x", "domain"),
        ("http://fine.example/one/page#there", "url"),
        ("https://www.fine.example/two?x=1&utm_source=mail", "url"),
        ("https://fine.example/two", None),
        ("https://fine.example/my-casino/", "words"),
        ("https://fine.example/casinos/", None),
        ("https://fine.example/antiSPAMming", "parts"),
        ("not an address", None),
        ("http://[broken", None),
        (None, None),
    ],
)
def test_addresses(url: str | None, rule: str | None, lists) -> None:
    assert judge(url, lists) == rule


def test_more_words_may_be_allowed(lists, tmp_path) -> None:
    (tmp_path / "soft.txt").write_text("free\nbonus\ncasino\n")
    soft = {"words": [str(tmp_path / "soft.txt")], "max_words": 1}
    assert judge("http://a.example/free/free", soft) is None
    assert judge("http://a.example/free-bonus", soft) == "words"


@given(st.text(st.sampled_from("ab./-"), max_size=12))
@settings(max_examples=80)
def test_words_and_parts_are_those_of_a_search(tmp_path_factory, path: str) -> None:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "list.txt").write_text("ab\na\nb-a\n")
    step = UrlList(words=(str(folder / "list.txt"),), parts=(str(folder / "list.txt"),))
    url = f"http://x.y/{path}"
    batch = pa.record_batch({"text": ["x"], "url": [url]})
    scores = step.score(batch, Features(batch["text"])).to_pylist()[0]
    assert scores["parts"] == sum(entry in url for entry in ("ab", "a", "b-a"))

    def is_word(entry: str) -> bool:
        ends = [at for at in range(len(url)) if url.startswith(entry, at)]
        return any(not url[at - 1].isalnum() and not url[at + len(entry) :][:1].isalnum() for at in ends)

    assert scores["words"] == sum(is_word(entry) for entry in ("ab", "a", "b-a"))


def test_lists_are_needed_and_count_for_identity(lists, tmp_path) -> None:
    with pytest.raises(RecipeError, match="name a file in domains"):
        build(UrlList, {})
    before = build(UrlList, lists).fingerprint()
    (tmp_path / "parts.txt").write_text("ham\n")
    assert build(UrlList, lists).fingerprint() != before
