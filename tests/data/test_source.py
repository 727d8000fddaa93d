import pytest

from firstwords.data.source import LocalSource, Record, digest_of, files_below, shards_of
from firstwords.data.sources.text_files import TextFiles
from firstwords.errors import RecipeError


def test_files_are_named_in_the_recipes_words_and_sorted(tmp_path, monkeypatch) -> None:
    for name in ("b.txt", "a/z.txt", "a/B.TXT", "c.md", ".git/x.txt", "a/.y.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.setenv("FIRSTWORDS_DATA", str(tmp_path))
    assert files_below("$FIRSTWORDS_DATA", (".txt",)) == [
        "$FIRSTWORDS_DATA/a/B.TXT", "$FIRSTWORDS_DATA/a/z.txt", "$FIRSTWORDS_DATA/b.txt",
    ]  # fmt: skip
    assert files_below("$FIRSTWORDS_DATA/*.txt", ()) == ["$FIRSTWORDS_DATA/b.txt"]
    assert files_below(f"{tmp_path}/a/*", ()) == [f"{tmp_path}/a/B.TXT", f"{tmp_path}/a/z.txt"]
    assert files_below(f"{tmp_path}/c.md", (".txt",)) == [f"{tmp_path}/c.md"]
    monkeypatch.chdir(tmp_path)
    assert files_below("a", (".txt",)) == ["a/B.TXT", "a/z.txt"]
    assert files_below("*.md", ()) == ["c.md"]
    with pytest.raises(RecipeError, match="no files"):
        files_below("a", (".warc",))


def test_small_files_share_a_shard_and_keys_follow_the_names(tmp_path) -> None:
    names = []
    for i in range(5):
        names.append(str(tmp_path / f"{i}.txt"))
        (tmp_path / f"{i}.txt").write_bytes(b"x" * 10)
    assert [len(shard.files) for shard in shards_of(names)] == [5]
    assert [len(shard.files) for shard in shards_of(names, max_files=2)] == [2, 2, 1]
    assert [len(shard.files) for shard in shards_of(names, max_bytes=25)] == [2, 2, 1]
    assert [len(shard.files) for shard in shards_of(names, max_bytes=1)] == [1] * 5
    assert shards_of(names)[0].key != shards_of(names[1:])[0].key
    assert shards_of([]) == []


def test_the_fingerprint_is_of_names_and_contents(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("one")
    source = TextFiles(path=str(tmp_path))
    assert isinstance(source, LocalSource)
    first = source.fingerprint()
    (tmp_path / "a.txt").write_text("two")
    second = source.fingerprint()
    (tmp_path / "b.txt").write_text("two")
    assert len({first, second, source.fingerprint()}) == 3
    assert len(digest_of(tmp_path / "a.txt")) == 64


def test_records_are_values() -> None:
    assert Record(origin="a", body=b"") == Record(origin="a", body=b"")
