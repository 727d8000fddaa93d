"""A module imports from its own group or an earlier one."""

import ast
from pathlib import Path

import firstwords

LAYERS = [
    {"errors", "find", "recipe", "artifact", "machine", "stage", "console", "", "version"},
    {"metrics"},
    {"data", "tokenizer", "model", "compute"},
    {"inference"},
    {"training"},
    {"evaluation"},
    {"corpora", "stages"},
    {
        "recipe_file",
        "recipe_schema",
        "graph",
        "following",
        "runner",
        "overview",
        "forecast",
        "fine_tuning_forecast",
        "example_view",
    },
    {"corpus"},
    {"serving", "web"},
    {"doctor", "looking", "cli", "__main__"},
]
GROUPS = {group: level for level, groups in enumerate(LAYERS) for group in groups}
PACKAGE = Path(firstwords.__file__).parent


def imports(path: Path):
    """Modules of ours that a file imports, except for type checkers only."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "firstwords":
            parts = node.module.split(".")[1:]
            if parts:
                yield parts[0]
            else:
                yield from (
                    alias.name
                    for alias in node.names
                    if (PACKAGE / alias.name).exists() or (PACKAGE / f"{alias.name}.py").exists()
                )
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("firstwords."))


def test_every_group_has_a_layer() -> None:
    there = {p.stem for p in PACKAGE.glob("*.py")} | {
        p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()
    }
    assert there - {"__init__"} <= set(GROUPS)


def test_modules_import_from_their_own_layer_or_an_earlier_one() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        group = relative.parts[0].removesuffix(".py")
        if group == "__init__":
            continue
        for imported in imports(path):
            same_layer_sibling = GROUPS[imported] == GROUPS[group] and imported != group and GROUPS[group] == 2
            if GROUPS[imported] > GROUPS[group] or (same_layer_sibling and group == "data"):
                wrong.append(f"{relative} imports {imported}")
    assert wrong == []
