import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shrunk_quickstart import finish


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of an uninterrupted run of the shrunk quickstart; its output lies beside them."""
    root = tmp_path_factory.mktemp("whole") / "artifacts"
    output = finish(root)
    (root.parent / "output.txt").write_text(output)
    return root
