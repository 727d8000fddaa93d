import subprocess
import sys

import pyarrow as pa
import pytest

from firstwords.data import document
from firstwords.data.document import DOCUMENT, REASONS, REJECTED, document_id


def test_the_schema_is_the_contract() -> None:
    names = ["id", "text", "source", "url", "title", "date", "language", "licence", "metadata"]
    assert DOCUMENT.names == names
    assert not DOCUMENT.field("id").nullable and not DOCUMENT.field("text").nullable
    assert DOCUMENT.field("metadata").type == pa.map_(pa.string(), pa.string())
    assert REJECTED.names == ["id", "url", "reason", "detail", "size"]


def test_ids_are_stable_and_survive_odd_characters() -> None:
    assert document_id("https://example.org/ 2024-01-01") == "16b2b1d39f5184ad"
    assert len({document_id(text) for text in ("", "a", "b", "\ud800", "ä")}) == 5


def test_reasons_are_closed() -> None:
    assert set(REASONS) >= {"undecodable", "timeout", "crashed", "memory", "truncated", "malformed", "duplicate_url"}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError):
        document.SOMETHING  # noqa: B018


def test_importing_it_does_not_load_arrow() -> None:
    code = "import sys, firstwords.data.document; assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
