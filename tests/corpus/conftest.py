import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_corpus import run_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of a small corpus, made once."""
    folder = tmp_path_factory.mktemp("tiny")
    run_tiny(folder)
    return folder / "artifacts"
