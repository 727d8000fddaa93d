"""The style sheet loads nothing and ends no element."""

import re

from firstwords.web.style import STYLE


def test_it_loads_nothing_and_holds_no_markup() -> None:
    assert not re.search(r"url\(|@import|@font-face|expression|<", STYLE)


def test_every_colour_has_a_dark_twin() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")[0], STYLE.split("prefers-color-scheme: dark")[1]
    names = set(re.findall(r"(--[\w-]+): #", light))
    assert names
    assert all(f"{name}: #" in dark for name in names)


def test_braces_are_balanced() -> None:
    assert STYLE.count("{") == STYLE.count("}")
