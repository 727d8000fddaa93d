"""Catalogue files and stages are light, so that planning is instant; nothing is ever unpickled."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import firstwords

PACKAGE = Path(firstwords.__file__).parent
HEAVY = ("torch", "transformers", "pyarrow", "numba", "sklearn", "trafilatura", "scipy", "tokenizers", "ray")


def catalogues() -> list[str]:
    """Plural folders that stand beside their contract, and the stages."""
    return [
        ".".join(folder.relative_to(PACKAGE.parent).parts)
        for folder in sorted(PACKAGE.rglob("*"))
        if (folder / "__init__.py").is_file() and folder.with_name(f"{folder.name.removesuffix('s')}.py").is_file()
    ]


def test_there_are_catalogues() -> None:
    assert {"firstwords.stages", "firstwords.data.filters", "firstwords.training.objectives"} <= set(catalogues())


def test_catalogue_files_import_no_heavy_library() -> None:
    modules = []
    for package in catalogues():
        folder = PACKAGE.parent / package.replace(".", "/")
        modules += [f"{package}.{m.name}" for m in pkgutil.iter_modules([str(folder)])]
    code = f"""
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
    loaded = [m for m in {HEAVY!r} if m in sys.modules]
    assert not loaded, f"{{name}} loads {{loaded}}"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_is_light_and_its_public_names_exist() -> None:
    code = f"""
import sys, firstwords
assert not [m for m in {HEAVY!r} if m in sys.modules]
for name in firstwords.__all__:
    assert getattr(firstwords, name) is not None, name
assert dir(firstwords) == sorted(firstwords.__all__)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_load_path_unpickles_or_evaluates() -> None:
    forbidden = {"pickle", "marshal", "joblib", "dill", "shelve", "cloudpickle"}
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module.split(".")[0]]
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                allows_pickle = any(k.arg == "allow_pickle" and ast.unparse(k.value) == "True" for k in node.keywords)
                if called in ("eval", "exec", "torch.load", "torch.save") or allows_pickle:
                    wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} calls {called}")
            wrong += [f"{path.relative_to(PACKAGE)}:{node.lineno} imports {n}" for n in names if n in forbidden]
    assert wrong == []
