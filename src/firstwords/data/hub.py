"""Data set repositories of the Hugging Face Hub: their files at one commit, and which of them are a split.

Only files are read. The Python script that older repositories bring is never run.
"""

import fnmatch
import re
from typing import Any

from firstwords.data.compressed import suffixes_of
from firstwords.errors import RecipeError, TooManyRejects
from firstwords.find import nearest

TABLES = (".parquet", ".arrow", *suffixes_of("jsonl", "ndjson", "csv", "tsv"))
# Words in the names of files and folders by which the Hub knows a split.
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}


def repository(dataset: str, revision: str) -> tuple[str, list[str], str]:
    """Commit, files and README of a data set repository.

    Args:
        dataset: `name` or `owner/name`.
        revision: A branch, a tag or a commit.

    Raises:
        RecipeError: If there is no such repository or revision, it is not open to us, or the package is missing.
        TooManyRejects: If the Hub does not answer.
    """
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        raise RecipeError(f"'{dataset}' needs the package huggingface_hub: pip install 'firstwords[hf]'") from None
    try:
        info = HfApi().dataset_info(dataset, revision=revision, timeout=60.0)
    except (HfHubHTTPError, HFValidationError) as error:
        status = getattr(getattr(error, "response", None), "status_code", 404)
        kind = RecipeError if status in (401, 403, 404) else TooManyRejects
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise kind(f"dataset: '{dataset}' at revision '{revision}': {told}") from None
    except Exception as error:  # the library's own transport has errors of its own
        raise TooManyRejects(f"'{dataset}': the Hub does not answer: {type(error).__name__}: {error}") from None
    files = sorted(each.rfilename for each in info.siblings or [])
    commit = info.sha or ""
    readme = ""
    if "README.md" in files:
        from firstwords.data.remote_files import store_of

        store, path = store_of(address_of(dataset, commit, "README.md"))
        readme = store.cat_file(path).decode("utf-8", "replace")
    return commit, files, readme


def address_of(dataset: str, commit: str, file: str) -> str:
    """The address of a file at a commit."""
    return f"hf://datasets/{dataset}@{commit}/{file}"


def files_of(files: list[str], readme: str, config: str, split: str) -> list[str]:
    """The files of one split, sorted.

    By the README's `configs` where it has some; otherwise by the words for splits in the files' names, inside the
    folder of the configuration if one is named. A set without such words is all `train`.

    Args:
        files: All files of the repository.
        readme: Its README, empty if there is none.
        config: Name of the configuration, empty for the default one.
        split: Name of the split.

    Raises:
        RecipeError: If there is none, naming what there is.
    """
    tables = sorted(file for file in files if file.lower().endswith(TABLES))
    if not tables:
        raise RecipeError(f"no files that are read here ({', '.join(TABLES[:3])} ...); a script is never run")
    configs = _configs(readme)
    if configs:
        return _declared(tables, configs, config, split)
    if config:
        inside = [file for file in tables if config in file.split("/")[:-1]]
        if not inside:
            folders = sorted({file.split("/")[0] for file in tables if "/" in file}) or ["none"]
            raise RecipeError(f"config: no '{config}'.{nearest(config, folders)} There are: {', '.join(folders)}")
        tables = inside
    found: dict[str, list[str]] = {}
    for file in tables:
        found.setdefault(_split_of(file), []).append(file)
    if "" in found and not found.keys() - {""}:
        found["train"] = found.pop("")
    if split not in found:
        names = sorted(name for name in found if name)
        raise RecipeError(f"split: no '{split}'.{nearest(split, names)} There are: {', '.join(names)}")
    return found[split]


def _split_of(file: str) -> str:
    for name, words in SPLITS.items():
        if re.search(rf"(?:^|[/._ -])(?:{'|'.join(words)})(?=$|[/._ 0-9-])", file.lower()):
            return name
    return ""


def _declared(tables: list[str], configs: list[dict[str, Any]], config: str, split: str) -> list[str]:
    names = [str(each.get("config_name", "default")) for each in configs]
    default = next((n for n, each in zip(names, configs, strict=True) if each.get("default") is True), "default")
    wanted = config or (names[0] if len(names) == 1 else default)
    if wanted not in names:
        raise RecipeError(f"config: no '{wanted}'.{nearest(wanted, names)} There are: {', '.join(names)}")
    chosen = configs[names.index(wanted)]
    folder = str(chosen.get("data_dir") or "").strip("/")
    patterns: dict[str, list[str]] = {}
    given = chosen.get("data_files")
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, dict):
            path = each.get("path")
            patterns[str(each.get("split", "train"))] = [str(p) for p in (path if isinstance(path, list) else [path])]
        elif each is not None:
            patterns.setdefault("train", []).append(str(each))
    if not patterns:
        inside = [file for file in tables if not folder or file.startswith(folder + "/")]
        return files_of(inside, "", "", split)
    if split not in patterns:
        known = sorted(patterns)
        raise RecipeError(f"split: no '{split}' in '{wanted}'.{nearest(split, known)} There are: {', '.join(known)}")
    full = [f"{folder}/{pattern}" if folder else pattern for pattern in patterns[split]]
    found = [file for file in tables if any(_matches(file, pattern) for pattern in full)]
    if not found:
        raise RecipeError(f"no files for the split '{split}' of '{wanted}' ({', '.join(full)})")
    return found


def _matches(file: str, pattern: str) -> bool:
    """Whether a file is meant: a star stays inside a folder, two stars do not, a folder's name is all below it."""
    if not any(sign in pattern for sign in "*?["):
        return file == pattern or file.startswith(pattern.rstrip("/") + "/")
    if "**" in pattern:
        return fnmatch.fnmatchcase(file, pattern.replace("**/", "*")) or fnmatch.fnmatchcase(file, pattern)
    return file.count("/") == pattern.count("/") and fnmatch.fnmatchcase(file, pattern)


def _configs(readme: str) -> list[dict[str, Any]]:
    """The configurations that a README's front matter declares."""
    found = re.match(r"\s*---\r?\n(.*?)\r?\n---\s*(?:\r?\n|$)", readme[: 2**20], re.DOTALL)
    if found is None or "configs:" not in found[1]:
        return []
    import yaml

    try:
        values = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"the README's front matter cannot be read: {str(error).splitlines()[0]}") from None
    configs = values.get("configs") if isinstance(values, dict) else None
    return [each for each in configs if isinstance(each, dict)] if isinstance(configs, list) else []
