"""Find a component by name: the file name is the name in the recipe.

`find("data.filters", "gopher_quality")` is the component class in `firstwords/data/filters/gopher_quality.py`. There is
no registry to fill and no import order: a new file in a catalogue folder is a new kind. A name with a colon reaches a
class outside the package: `my_lab.objectives:Focal`.
"""

import difflib
import importlib
import inspect
import pkgutil
from functools import cache

from firstwords.errors import RecipeError


@cache
def catalogue(group: str) -> tuple[str, ...]:
    """The kinds a catalogue offers, in alphabetical order.

    Args:
        group: Dotted folder below the package, for example `data.filters`.
    """
    package = importlib.import_module(f"firstwords.{group}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def nearest(name: str, names: tuple[str, ...] | list[str]) -> str:
    """A hint such as ` Did you mean 'min_words'?`, or nothing when no name is near."""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f" Did you mean '{matches[0]}'?" if matches else ""


def find(group: str | tuple[str, ...], kind: str) -> type:
    """The component class that a recipe calls `kind`.

    Args:
        group: One catalogue, or several that are searched in order (`[clean] steps` mixes filters and transforms).
        kind: A file name of the catalogue, or `module:Class` for a class outside the package.

    Raises:
        RecipeError: If no such kind exists; the message names the nearest one.
    """
    groups = (group,) if isinstance(group, str) else group
    if ":" in kind:
        return _outside(kind)
    for each in groups:
        if kind in catalogue(each):
            return _component_class(f"firstwords.{each}.{kind}")
    kinds = [name for each in groups for name in catalogue(each)]
    where = " or ".join(each.replace(".", "/") for each in groups)
    raise RecipeError(f"unknown kind '{kind}' in {where}.{nearest(kind, kinds)} There are: {', '.join(kinds)}")


def _outside(kind: str) -> type:
    from firstwords.recipe import Component

    module_name, _, class_name = kind.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"cannot import '{kind}': {error}") from error
    if not (inspect.isclass(found) and issubclass(found, Component)):
        raise RecipeError(f"'{kind}' is not a component: make it a frozen dataclass derived from a contract class")
    return found


@cache
def _component_class(module_name: str) -> type:
    from firstwords.recipe import Component

    module = importlib.import_module(module_name)
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Component)
        and value.__module__ == module_name
        and not value.__name__.startswith("_")
        and not inspect.isabstract(value)
    ]
    assert classes, f"{module_name} defines no component"
    # Helper components may be defined before the one the file is named after, which then stands last.
    wanted = module_name.rpartition(".")[2].replace("_", "")
    return next((c for c in classes if c.__name__.lower() == wanted), classes[-1])
