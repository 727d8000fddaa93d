"""A stage's work space for tests of live sources; as a script, one collection that a test can kill."""

import sys
from pathlib import Path

from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.stage import Work


def work_in(folder, workers: int = 1, inputs=None) -> Work:
    return Work(
        name="collect",
        folder=Path(folder),
        inputs=inputs or {},
        pool=Local(workers=workers),
        console=SilentConsole(),
        workers=workers,
    )


def payload(folder) -> dict[str, bytes]:
    from firstwords.artifact import payload_files

    return {path.as_posix(): (Path(folder) / path).read_bytes() for path in payload_files(Path(folder))}


if __name__ == "__main__":
    from firstwords.data.sources.python_documentation import PythonDocumentation

    PythonDocumentation(modules=tuple(sys.argv[2:]), topics=False).collect(work_in(sys.argv[1]), "0-x")
