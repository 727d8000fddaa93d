"""Files elsewhere, by address: object stores, web servers and whatever else fsspec reaches.

Only this module speaks to fsspec. Keys and options of a store come from its own environment variables and files, or
fsspec's (`FSSPEC_S3_ANON=true`): addresses and recipes are written down in artifacts.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firstwords.artifact import atomic_write
from firstwords.errors import OutOfResources, RecipeError, TooManyRejects

ATTEMPTS = 3
FIRST_PAUSE = 1.0  # seconds, doubled with every attempt
BLOCK = 2**20
WEB = ("http://", "https://")
REFUSED = frozenset({401, 403, 404, 410})  # states that no further attempt changes


def store_of(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        RecipeError: If a package is missing or no such kind of store is known.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise RecipeError(f"'{address}' needs the package fsspec: pip install 'firstwords[remote]'") from None
    try:
        store, path = url_to_fs(address)
    except ImportError as error:
        raise RecipeError(f"'{address}' needs a further package: {error}") from None
    except ValueError as error:
        raise RecipeError(f"'{address}': {error}") from None
    return store, path


def addresses_below(address: str, suffixes: tuple[str, ...]) -> list[str]:
    """The files an address stands for, sorted: itself, all below it that end in a suffix, or all that match it.

    Raises:
        RecipeError: If there is none. A web server has no folders: its addresses name single files.
    """
    if address.startswith(WEB):
        if "*" in address or address.endswith("/"):
            raise RecipeError(f"'{address}': a web server lists no files; name each one, or use the source website")
        return [address]
    store, path = store_of(address)
    try:
        if any(sign in path for sign in "*?["):
            found = [each for each, facts in store.glob(path, detail=True).items() if facts["type"] == "file"]
        elif store.isfile(path):
            return [address]
        else:
            found = [each for each in store.find(path) if each.lower().endswith(suffixes)]
    except FileNotFoundError:
        found = []
    except OSError as error:
        raise TooManyRejects(f"'{address}' cannot be listed: {type(error).__name__}: {error}") from None
    shown = [each for each in found if not any(part.startswith(".") for part in each.split("/"))]
    if not shown:
        raise RecipeError(f"no files for '{address}' ({', '.join(suffixes)})")
    return sorted(store.unstrip_protocol(each) for each in shown)


def fetch(address: str, place: Path, max_bytes: int, told: Callable[[int], None], pause: float = FIRST_PAUSE) -> int:
    """Copy a file here, unchanged; it appears under its name only when it is whole.

    Args:
        address: Of one file.
        place: Where it goes.
        max_bytes: Larger files are refused.
        told: Called with the bytes that have come.
        pause: Seconds before the second attempt.

    Raises:
        RecipeError: If there is no such file, or it is not allowed to be read.
        OutOfResources: If it is too large.
        TooManyRejects: If it did not come in three attempts.
    """
    store, path = store_of(address)
    for attempt in range(ATTEMPTS):
        try:
            with atomic_write(place) as temporary:
                return _copy(store, path, temporary, max_bytes, told, address)
        except (OSError, EOFError) as error:
            if _is_refused(error):
                raise RecipeError(f"'{address}' cannot be read: {type(error).__name__}: {error}") from None
            if attempt + 1 == ATTEMPTS or _is_ours(error):
                raise TooManyRejects(
                    f"'{address}' did not come: {type(error).__name__}: {error}. The same command goes on from here"
                ) from None
            time.sleep(pause * 2**attempt)
    raise AssertionError("unreachable")


def _copy(store: Any, path: str, place: Path, max_bytes: int, told: Callable[[int], None], address: str) -> int:
    # A stream: one request for a whole web file, where blocks would ask for each.
    options = {"block_size": 0} if address.startswith(WEB) else {}
    size = 0
    try:
        with store.open(path, "rb", **options) as source, place.open("wb") as target:
            while block := source.read(BLOCK):
                size += len(block)
                if size > max_bytes:
                    raise OutOfResources(f"'{address}' is larger than max_file, {max_bytes:,} bytes")
                target.write(block)
                told(size)
    except Exception as error:
        # Errors of aiohttp and of the stores' own libraries have no common base.
        if type(error).__module__.partition(".")[0] in ("builtins", "firstwords"):
            raise
        if getattr(error, "status", None) in REFUSED:
            raise FileNotFoundError(f"status {error.status}") from None  # type: ignore[attr-defined]
        raise OSError(f"{type(error).__name__}: {error}") from None
    if not address.startswith(WEB):
        announced = store.info(path).get("size")
        if announced is not None and announced != size:
            raise EOFError(f"{size} of {announced} bytes came")
    return size


def _is_refused(error: BaseException) -> bool:
    """Whether the other side has said that there is no such file for us; fsspec says so of dead lines, too."""
    if not isinstance(error, FileNotFoundError | PermissionError):
        return False
    cause = error.__cause__
    return cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in REFUSED


def _is_ours(error: BaseException) -> bool:
    import errno

    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
