"""What the rules of a step mean, in the words of its own documentation.

A filter documents each field in the string below it, and begins with the rule that the field bounds: "`words`: number
of words. ...". The first sentence of that is what a reader of a report needs.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Sequence

REASONS = {
    "undecodable": "no character set gives readable text",
    "not_html": "bytes that are neither a page nor text",
    "empty": "nothing readable in it",
    "too_large": "above the size limit",
    "timeout": "the parser did not come back in time",
    "crashed": "the parser took its process down",
    "memory": "the parser needed more memory than allowed",
    "truncated": "it ends before the length it announces",
    "malformed": "its container cannot be parsed",
    "unsupported": "a media type, protocol or status that nothing reads",
    "redirect": "a page that only names another one",
    "opt_out": "the page asks not to be used",
    "sitemap": "a sitemap that cannot be read",
    "duplicate_url": "an earlier record of the same shard has its address",
    "robots": "the site's robots.txt forbids it",
    "url.same_url": "another document has the same address",
    "exact.same_text": "another document has the same text",
    "minhash.near_duplicate": "nearly the same text as another document",
    "length.too_short": "too few words",
    "repeated_text.too_short": "too few words left without what other documents say too",
    "decontaminate.whole": "it holds a whole item of an evaluation set",
    "decontaminate.run": "it shares a long run of words with an item of an evaluation set",
    "decontaminate.share": "it holds a good part of an item of an evaluation set",
    "decontaminate.too_short": "too few words left without passages of evaluation sets",
}
"""Reasons of stages that have no filter to document them."""

_RULE = re.compile(r"`(?P<first>\w+)`(?: \.\.\. `(?P<last>\w+)`)?(?:, [a-z ]+)?: (?P<text>.+)", re.DOTALL)
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_SENTENCE = re.compile(r"(?<=\w)[.;](?=\s|$)")


def meanings(component: type, rules: Sequence[str]) -> dict[str, str]:
    """The first sentence about each rule that the component documents.

    Args:
        component: The class of a filter.
        rules: The names of its rules in order, so that "`2_grams` ... `4_grams`" means the one between too.
    """
    found: dict[str, str] = {}
    for text in _field_documents(component):
        match = _RULE.match(" ".join(text.split()))
        if not match or match["first"] not in rules:
            continue
        start = rules.index(match["first"])
        end = rules.index(match["last"]) if match["last"] in rules else start
        for rule in rules[start : end + 1]:
            found.setdefault(rule, _first_sentence(match["text"]))
    return found


def _first_sentence(text: str) -> str:
    """Up to the first full stop or semicolon, without what stands in brackets."""
    plain = _BRACKETS.sub("", text).replace("`", "")
    return _SENTENCE.split(plain, maxsplit=1)[0].strip().removesuffix(".")


def _field_documents(component: type) -> list[str]:
    """The strings below the fields of a class; none where its source is not at hand."""
    try:
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(component)))
    except (OSError, TypeError, SyntaxError):
        return []
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    return [
        after.value.value
        for field, after in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    ]
