"""What a document's licence is called, whatever it is written like: a URL, a name or an SPDX identifier."""

import re

CREATIVE_COMMONS = ("cc-by", "cc-by-sa", "cc-by-nc", "cc-by-nc-sa", "cc-by-nd", "cc-by-nc-nd")
FAMILIES = (
    "unknown",
    "other",
    "cc0",
    "public-domain",
    *CREATIVE_COMMONS,
    "odc-by",
    "odbl",
    "mit",
    "bsd",
    "apache",
    "mpl",
    "gpl",
    "gfdl",
    "reserved",
)
"""`unknown`: none is given; `other`: one that is not among these; `reserved`: all rights reserved. Versions and
national variants are not told apart. `gpl` holds LGPL and AGPL too."""

_ELEMENTS = (
    ("nc", re.compile(r"\bnc\b|non-?\s?commercial")),
    ("nd", re.compile(r"\bnd\b|no-?\s?deriv")),
    ("sa", re.compile(r"\bsa\b|share-?\s?alike")),
)
_NAMES = (
    ("cc0", re.compile(r"\bcc-?\s?0\b|\bcc-?\s?zero\b|publicdomain/zero|creative commons zero")),
    ("public-domain", re.compile(r"public-?\s?domain|\bpddl\b|\bunlicense\b")),
    ("odc-by", re.compile(r"\bodc-?\s?by\b|open data commons attribution")),
    ("odbl", re.compile(r"\bodbl\b|open database licen[cs]e")),
    ("gfdl", re.compile(r"\bgfdl\b|free documentation licen[cs]e|licenses/fdl")),
    ("gpl", re.compile(r"\b[la]?gpl|general public licen[cs]e|licenses/[al]?gpl")),
    ("mpl", re.compile(r"\bmpl\b|mozilla public")),
    ("apache", re.compile(r"\bapache\b")),
    ("bsd", re.compile(r"\bbsd\b")),
    ("mit", re.compile(r"\bmit\b(?! press)")),
    ("reserved", re.compile(r"all rights? reserved|\bproprietary\b")),
)
_BY = re.compile(r"\bcc[\s_-]*by\b|creative\s?commons|\battribution\b|licenses/by\b")
_NO_BY = re.compile(r"creative\s?commons(?!\.org/licenses/by)(?!.*\b(?:attribution|by)\b)", re.DOTALL)


def family_of(licence: str | None) -> str:
    """The family a licence belongs to, one of `FAMILIES`.

    Args:
        licence: As it stands in a document: `https://creativecommons.org/licenses/by-sa/4.0/`, `CC BY-SA 4.0`,
            `Creative Commons Attribution-ShareAlike`, `CC-BY-SA-4.0`; None or blank for none.
    """
    text = re.sub(r"[\s_]+", " ", licence or "").strip().lower()
    if not text:
        return "unknown"
    for family, pattern in _NAMES:
        if pattern.search(text):
            return family
    if not _BY.search(text) or _NO_BY.search(text):
        return "other"
    found = {name for name, pattern in _ELEMENTS if pattern.search(text)}
    parts = [name for name in ("nc", "nd" if "nd" in found else "sa") if name in found]
    return "-".join(["cc-by", *parts])
