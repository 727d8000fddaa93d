"""E-mail addresses that are written for people only: "jane dot doe at example dot com", "jane [at] example.org"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from firstwords.data.personal.finder import Finder, Span, is_announced, words

_AT_SIGN = rb" ?[\[({<] ?(?:at|At|AT|@|\xc3\xa4t) ?[\])}>] ?"
_DOT_SIGN = rb" ?[\[({<] ?(?:dot|Dot|DOT|punkt|\.) ?[\])}>] ?"
_DOT = rb"(?:\.|" + _DOT_SIGN + rb"| (?:dot|DOT) )"
_LABEL = rb"[0-9A-Za-z][0-9A-Za-z\-]{0,62}+"
_BEGIN = rb"(?<![0-9A-Za-z._%+'\-\x80-\xff])"
_PARTS = rb"(?:(?:" + _DOT_SIGN + rb"| (?:dot|DOT) )[0-9A-Za-z_\-]{1,30}+){0,3}"
_LOCAL = rb"(?P<local>[0-9A-Za-z_][0-9A-Za-z._%+\-]{0,63}+" + _PARTS + rb")"
# Behind the last dot of a sentence may stand any word, of an address a country's domain or one of the usual ones.
_TOP = rb"(?P<top>[A-Za-z]{2}|(?i:com|org|net|edu|gov|mil|int|info|biz|name|pro|dev|app|museum))(?![0-9A-Za-z\-])"
_DOMAIN = rb"(?P<host>" + _LABEL + rb")(?:" + _DOT + _LABEL + rb"){0,4}" + _DOT + _TOP
_SIGNED = re.compile(_BEGIN + _LOCAL + _AT_SIGN + _DOMAIN)
_SPOKEN = re.compile(_BEGIN + _LOCAL + rb" (?P<at>at|AT) " + _DOMAIN)
_ANNOUNCING = words("email", "e mail", "mail", "mailto", "contact", "write to", "reach", "address")
# In speech the words before "at" and behind it are mostly none of an address: "find us at example dot com".
_NO_LOCAL = frozenset(
    b"us me him her them it you is are be was were i we he she they found available online here there site website "
    b"page look looking address email mail team out up back work works working arrived live store shop and or".split()
)
_NO_HOST = frozenset(b"the a an this that these those our my your their his its all any some least most".split())
BEFORE, BEHIND = 160, 200


def _find(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Sequence[Span]:
    """The address that has the sign at `start`."""
    low, high = max(0, start - BEFORE), min(len(text), start + BEHIND)
    for pattern in (_SIGNED, _SPOKEN):
        at = low
        while (match := pattern.search(text, at, high)) and match.start() <= start:
            if match.end() >= end and _holds(text, match):
                return (Span("email", match.start(), match.end()),)
            at = match.start() + 1
    return ()


def _holds(text: bytes, match: re.Match[bytes]) -> bool:
    local, host = match["local"], match["host"]
    if host.lower() in _NO_HOST or match["top"][:1].isupper() != match["top"][-1:].isupper():
        return False
    if match.re is _SIGNED:
        return True
    if match[0][match.end("local") - match.start() :].count(b" ") < 4:
        return False  # "at example.com" is where something is
    if local.lower() in _NO_LOCAL:
        return False
    if match["at"] == b"AT":
        return not local.isupper()
    return not local.isalpha() or is_announced(text, match.start(), _ANNOUNCING)


OBFUSCATED_EMAIL = Finder(
    ("email",), r"[\[({<] ?(?:at|At|AT|@|\xc3\xa4t|dot|Dot|DOT|punkt|\.) ?[\])}>]| (?:dot|DOT) [0-9A-Za-z]", _find
)
