"""API keys, access tokens, private keys, and random strings that are assigned to names such as `password`."""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator

from firstwords.data.personal.finder import Finder, Span

# Forms as their issuers document them (prefix, alphabet, length): AWS access key ids; GitHub; GitLab; Slack tokens;
# Google API keys, OAuth secrets and tokens; Stripe; OpenAI, Anthropic; npm; PyPI; Hugging Face; SendGrid; DigitalOcean;
# Shopify; Twilio.
_TOKENS = re.compile(
    rb"(?:(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA)[A-Z2-7]{16}"
    rb"|gh[pousr]_[0-9A-Za-z]{36,255}+|github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}"
    rb"|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[0-9A-Za-z_\-.]{20,300}+"
    rb"|xox[abeoprs]-[0-9A-Za-z\-]{10,250}+|xapp-[0-9]-[0-9A-Za-z\-]{20,250}+"
    rb"|AIza[0-9A-Za-z_\-]{35}|GOCSPX-[0-9A-Za-z_\-]{28}|ya29\.[0-9A-Za-z_\-]{20,1000}+"
    rb"|[rs]k_(?:live|test)_[0-9A-Za-z]{16,250}+|whsec_[0-9A-Za-z+/=]{24,100}+"
    rb"|sk-(?:proj|svcacct|admin|ant|or)-[0-9A-Za-z_\-]{20,300}+|sk-[0-9A-Za-z]{20,200}+"
    rb"|npm_[0-9A-Za-z]{36}|pypi-AgE[0-9A-Za-z_\-]{50,1000}+|hf_[A-Za-z]{34}"
    rb"|SG\.[0-9A-Za-z_\-]{22}\.[0-9A-Za-z_\-]{43}|do[por]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"
    rb"|SK[0-9a-f]{32})(?![0-9A-Za-z])"
)
_TOKEN_TRIGGER = (
    r"\b(?:A(?:KIA|SIA|BIA|CCA|ROA|IDA|GPA|NPA|NVA|IPA)[A-Z2-7]{4}|gh[pousr]_[0-9A-Za-z]|github_pat_[0-9A-Za-z]"
    r"|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[0-9A-Za-z]|xox[abeoprs]-[0-9A-Za-z]|xapp-[0-9]-|AIza[0-9A-Za-z_\-]{4}|GOCSPX-"
    r"|ya29\.|[rs]k_(?:live|test)_|whsec_|sk-[0-9A-Za-z_\-]{12}|npm_[0-9A-Za-z]{8}|pypi-AgE|hf_[A-Za-z]{8}"
    r"|SG\.[0-9A-Za-z_\-]{8}|do[por]_v1_|shp(?:at|ca|pa|ss)_|SK[0-9a-f]{8})"
)


def _find_token(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    match = _TOKENS.match(text, start)
    # `sk-aaaaaaaaaaaaaaaaaaaaaaaa` and `ghp_xxxx...` stand in documentation for a token.
    if match and len(set(match[0])) >= 10:
        yield Span("secret", *match.span())


_WEB_TOKEN = re.compile(rb"(eyJ[0-9A-Za-z_\-]{8,2000}+)\.[0-9A-Za-z_\-]{8,8000}+\.[0-9A-Za-z_\-]{8,2000}+")


def _find_web_token(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    """A JSON Web Token (RFC 7519): its first part is base64 of a JSON object that names an algorithm."""
    match = _WEB_TOKEN.match(text, start)
    if not match:
        return
    try:
        header = json.loads(base64.urlsafe_b64decode(match[1] + b"=" * (-len(match[1]) % 4)))
    except (ValueError, RecursionError):
        return
    if isinstance(header, dict) and "alg" in header:
        yield Span("secret", *match.span())


# RFC 7468 and OpenSSH's and OpenPGP's forms of it: a mark, lines of headers and base64, a mark that may be missing.
_LONGEST_KEY = 20_000
_KEY_END = re.compile(rb"-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES = re.compile(
    rb"(?:(?:\\r|\\n|[\s\"'>+,])*+(?:[A-Za-z\-]{4,20}: [^\n\\]{1,100}|[0-9A-Za-z+/=]{16,200}+)){1,200}+"
)
_BASE64_LINE = re.compile(rb"[0-9A-Za-z+/=]{16}")


def _find_private_key(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    close = _KEY_END.search(text, end, end + _LONGEST_KEY)
    match = _BASE64_LINE.search(text, end, close.start()) if close else _KEY_LINES.match(text, end)
    if match:
        yield Span("secret", start, close.end() if close else match.end())


_NAMES = (
    r"(?i:secret|token|passw(?:or)?d|passphrase|pwd|api[_\-. ]?key|access[_\-]?key|auth[_\-]?key|account[_\-]?key"
    r"|private[_\-]?key|encryption[_\-]?key|credential)"
)
_ASSIGNED = rf"{_NAMES}[0-9A-Za-z_\-]{{0,20}}[\"'\]]{{0,2}}[ \t]{{0,3}}(?:=>|:=|=|:)[ \t]{{0,3}}[\"'`]?"
_VALUE = re.compile(_ASSIGNED.encode() + rb"([0-9A-Za-z+/_\-!@#$%^&*~]{16,512}+={0,2})(?![0-9A-Za-z.(\[])")


def _find_assigned(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    match = _VALUE.match(text, start)
    if match and looks_random(match[1]):
        yield Span("secret", *match.span(1))


def looks_random(value: bytes) -> bool:
    """Whether a string is too mixed for a name, a path or a sentence in place of a value.

    Hexadecimal ones need 24 digits; others need capitals, small letters and digits, which change often along the
    string, digits in two places below a length of 40 (`MyVariable1` has them in one). Both need nearly the entropy of
    random ones (Shannon's, over the string's own characters): 3.0 bits a character for hexadecimal, 3.5 for others.
    """
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
    if re.fullmatch(rb"[0-9a-f]{24,}|[0-9A-F]{24,}", value):
        return entropy >= 3.0
    kinds = bytes(48 if 48 <= b <= 57 else 65 if 65 <= b <= 90 else 97 if 97 <= b <= 122 else 45 for b in value)
    changes = sum(a != b for a, b in itertools.pairwise(kinds))
    mixed = {48, 65, 97} <= set(kinds) and changes >= len(value) / 4
    return mixed and entropy >= 3.5 and (len(value) >= 40 or len(re.findall(rb"0+", kinds)) >= 2)


FINDERS = (
    Finder(("secret",), _TOKEN_TRIGGER, _find_token),
    Finder(("secret",), r"\beyJ[0-9A-Za-z_\-]{8}", _find_web_token),
    Finder(("secret",), r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----", _find_private_key),
    Finder(("secret",), _ASSIGNED + r"[0-9A-Za-z+/_\-!@#$%^&*~]{16}", _find_assigned),
)
