"""What is told of a tokenizer adds up, group by group, and beside others."""

import pyarrow as pa
import pytest

from firstwords.errors import RecipeError
from firstwords.tokenizer import report as module
from firstwords.tokenizer.report import OTHERS, UNKNOWN, OtherTokenizer, Report, lines, num_words, rates, worst
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.bytes import Bytes

TEXTS = ["the words of the text", "the words", "", "des mots  fran\u00e7ais\n"]


def batch(sources=("a", "b", None, "b")):
    languages = ["en", "en", "en", "fr"]
    return pa.record_batch({"text": pa.array(TEXTS), "language": pa.array(languages), "source": pa.array(sources)})


@pytest.fixture
def filled(tmp_path):
    Bytes().train([], 259).save(tmp_path)
    tokenizer = ByteBPE().train([TEXTS * 3], 290)
    report = Report(tokenizer, {"bytes": OtherTokenizer(str(tmp_path / "tokenizer.json"))})
    report.add("train", batch())
    report.add("test", batch())
    return tokenizer, report


def test_groups_add_up(filled):
    tokenizer, report = filled
    lengths = [len(tokenizer.encode(text)) for text in TEXTS]
    english = report.by("language")["en"]
    assert (english["documents"], english["bytes"], english["words"]) == (6, 60, 14)
    assert english["tokens"] == 2 * sum(lengths[:3])
    assert english["bytes_per_token"] == round(60 / english["tokens"], 4)
    assert english["others"] == {"bytes": {"bytes_per_token": 1.0, "tokens_per_word": round(60 / 14, 4)}}
    assert list(report.by("language")) == ["en", "fr"]
    assert set(report.by("source")) == {"a", "b", UNKNOWN}
    assert list(report.by("split")) == ["test", "train"]
    whole = report.by(None)["all"]
    assert whole["tokens"] == 2 * sum(lengths) == sum(each["tokens"] for each in report.by("source").values())
    used = {i for text in TEXTS for i in tokenizer.encode(text)}
    assert report.vocabulary()["seen"] == len(used)
    assert report.vocabulary()["entries"] == tokenizer.vocab_size - 3


def test_many_groups_are_summed_up(filled, monkeypatch):
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    _, report = filled
    groups = report.by("source")
    assert list(groups) == ["b", OTHERS]
    assert sum(each["bytes"] for each in groups.values()) == report.by(None)["all"]["bytes"]


def test_documents_without_language_or_source_are_told_as_such():
    report = Report(Bytes().train([], 259))
    report.add("train", pa.record_batch({"text": pa.array(["ab"])}))
    assert list(report.by("language")) == list(report.by("source")) == [UNKNOWN]
    assert Report(Bytes().train([], 259)).by("split") == {}


def test_words_rates_and_tables(filled):
    assert num_words(pa.array(["", " a  b\n", "\u00a0", "one"])).tolist() == [0, 2, 0, 1]
    assert rates(0, 0, 0) == {"bytes_per_token": 0.0, "tokens_per_word": 0.0}
    _, report = filled
    groups = report.by("source")
    told = lines(groups, ["bytes"], "source")
    assert len(told) == 1 + len(groups)
    assert "bytes/token" in told[0] and "1.00" in told[1]
    assert worst(groups, 1, least_bytes=1)[0] == min(
        (name for name in groups if groups[name]["bytes"]), key=lambda name: groups[name]["bytes_per_token"]
    )
    assert worst(groups, 3) == []


def test_a_file_that_is_no_tokenizer_is_told(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(RecipeError, match="is not a tokenizer"):
        OtherTokenizer(str(tmp_path / "tokenizer.json")).lengths(pa.array(["a"]), 1)
