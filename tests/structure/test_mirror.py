"""tests/ mirrors src/: whoever opens a source file knows where its tests are."""

from pathlib import Path

import firstwords

PACKAGE = Path(firstwords.__file__).parent
TESTS = Path(__file__).parents[1]
FEW_LINES = 12


def test_every_source_file_has_its_test_file() -> None:
    missing = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name in ("__init__.py", "__main__.py") or len(path.read_text().splitlines()) <= FEW_LINES:
            continue
        relative = path.relative_to(PACKAGE)
        if not (TESTS / relative.parent / f"test_{relative.name}").is_file():
            missing.append(str(relative))
    assert missing == []
