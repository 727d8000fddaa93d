"""What is kept of a page of the documentation server.

Everything that depends on the machine, the user or the moment goes before a page is stored: the header (paths,
platform), DATA sections and class attributes (values, among them the whole environment), memory addresses, and
absolute paths in default values. What is left is the same on every run of one interpreter.
"""

from __future__ import annotations

import re
from html import escape, unescape

_CONTENT = re.compile(r'<div style="clear:both;padding-top:\.5em;">(.*)</div>\s*</body></html>\s*$', re.DOTALL)
_TITLE = re.compile(r"<title>Pydoc: (.*?)</title>", re.DOTALL)
_HEADING = re.compile(r'\s*<table class="heading">.*?</table>', re.DOTALL)
# Values in it are escaped, so the first end of a table is its own.
_DATA_SECTION = re.compile(r'<p>\s*<table class="section">\s*<tr class="decor data-decor.*?</table>', re.DOTALL)
_CLASS_DATA = re.compile(
    r"Data and other attributes (?:defined here|inherited from ).*?(?=<hr>\n|</td></tr></table>)", re.DOTALL
)
_ADDRESS = re.compile(r"(?:(?:\s|&nbsp;)+at(?:\s|&nbsp;)+|(?<=handle)(?:\s|&nbsp;)+)(?:0x)?[0-9A-Fa-f]{6,16}(?=\W|$)")
# In signatures; a single "/" is a separator and stays.
_PATH_DEFAULT = re.compile(r"(=(?:\s|&nbsp;)*)'/[^'\s/]+/[^'\n]*'")
_WINDOWS_DEFAULT = re.compile(r"(=(?:\s|&nbsp;)*)'[A-Za-z]:\\\\[^'\n]*'")
_LINK = re.compile(r'<a href="([^"#]+)"')
# A set is printed in the order of its hashes, which differ from one process to the next.
_SET = re.compile(r"\{([^{}<>\n]*)\}")


def kept(html: str) -> tuple[str, str] | None:
    """Title and HTML of what is stored of a page, or None for an error page and for anything that is not pydoc's.

    Args:
        html: A page of `pydoc -p`.
    """
    title, content = _TITLE.search(html), _CONTENT.search(html)
    if title is None or content is None or title[1].startswith("Error - "):
        return None
    name = unescape(title[1])
    body = _HEADING.sub("", content[1], count=1)
    body = _DATA_SECTION.sub("", body)
    body = _CLASS_DATA.sub("", body)
    if "0x" in body or "handle" in body:
        body = _ADDRESS.sub("", body)
    body = _PATH_DEFAULT.sub(r"\1'...'", body)
    body = _WINDOWS_DEFAULT.sub(r"\1'...'", body)
    body = _SET.sub(_sorted_set, body)
    head = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(name)}</title>\n</head>'
    return name, f"{head}<body>{body.strip()}\n</body></html>\n"


def links(html: str) -> list[str]:
    """Names of the pages a page links to, as the server spells them without `.html`; each once, in order."""
    names = []
    for target in _LINK.findall(html):
        if target.startswith("topic?key="):
            names.append(target)
        elif target.endswith(".html") and "/" not in target and ":" not in target:
            names.append(target.removesuffix(".html"))
    return list(dict.fromkeys(names))


def _sorted_set(match: re.Match[str]) -> str:
    """A printed set of plain literals with its elements sorted; anything else as it is (a dictionary has its own
    order).
    """
    elements = re.split(r",(?:\s|&nbsp;)*", match[1])
    if len(elements) < 2 or any(":" in re.sub(r"'[^']*'", "", element) for element in elements):
        return match[0]
    if not all(re.fullmatch(r"'[^']*'|-?[\w.]+", element) for element in elements):
        return match[0]
    separator = ",&nbsp;" if "&nbsp;" in match[1] else ", "
    return "{" + separator.join(sorted(elements)) + "}"
