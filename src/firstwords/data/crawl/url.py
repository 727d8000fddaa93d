"""One spelling for one page: canonical URLs, and the URLs a crawler must not follow.

Parsers disagree about strange addresses (a backslash, a user name, control characters), and such disagreement is how a
request is led astray; addresses on which they could disagree are refused, not repaired.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 2000
MAX_REPEATED_SEGMENT = 3  # /a/b/a/b/a/b/...: relative links that lead ever deeper

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = _UNRESERVED | frozenset(b"!$&'()*+,;=:@/")
_QUERY = _PATH | frozenset(b"?")
# Where a visitor came from and who he is, not which page it is.
_VISITOR = re.compile(
    r"(?i)^(?:utm_[a-z_]+|gclid|gclsrc|dclid|fbclid|msclkid|yclid|igshid|mc_[ce]id|phpsessid|jsessionid|aspsessionid\w*)$"
)
_SESSION_PATH = re.compile(r"(?i);jsessionid=[^/;?]*")
_HOST = re.compile(r"^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$")


def canonical_url(url: str, base: str | None = None) -> str | None:
    """The canonical spelling of an http(s) address, or None if it is not one that is followed.

    Lower-case scheme and host (IDNA), no default port, no fragment, dot segments resolved, percent-encoding in one
    spelling, no visitor or session parameters. The order of parameters is kept: servers may depend on it. Applying it
    twice changes nothing.

    Args:
        url: The address as written on a page.
        base: The page's address, for relative ones.
    """
    url = url.strip(" \t\r\n\f")
    # A URL parser drops tabs and line ends inside, another one does not, and a backslash is a slash to browsers only.
    if re.search(r"[\x00-\x1f\x7f\\]", url) or len(url) > 4 * MAX_LENGTH:
        return None
    try:
        parts = urlsplit(urljoin(base, url) if base else url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not host or parts.username is not None or parts.password is not None:
        return None
    name = canonical_host(host)
    if name is None or port == 0:
        return None
    if port is not None and port != PORTS[scheme]:
        name = f"{name}:{port}"
    path = _encode(_remove_dots(_SESSION_PATH.sub("", parts.path) or "/"), _PATH)
    query = _encode("&".join(_kept_parameters(parts)), _QUERY)
    result = f"{scheme}://{name}{path}" + (f"?{query}" if query else "")
    return result if len(result) <= MAX_LENGTH else None


def canonical_host(host: str) -> str | None:
    """A host in lower case and ASCII, an IPv6 address in brackets; None if it is not a host."""
    import ipaddress

    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            return None
    try:
        name = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return None
    name = name.lower().rstrip(".")
    return name if name and len(name) <= 253 and _HOST.match(name) and ".." not in name else None


def origin_of(url: str) -> str:
    """Scheme, host and port of a canonical address: what a robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_trap(url: str) -> bool:
    """Whether an address looks like one of endlessly many that a site generates."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    return any(segments.count(segment) > MAX_REPEATED_SEGMENT for segment in set(segments)) or len(segments) > 20


def _kept_parameters(parts: SplitResult) -> list[str]:
    return [each for each in parts.query.split("&") if each and not _VISITOR.match(each.partition("=")[0])]


def _remove_dots(path: str) -> str:
    """RFC 3986 5.2.4 for an absolute path; `%2e` is a dot."""
    path = re.sub(r"(?i)%2e", ".", path)
    output: list[str] = []
    segments = path.split("/")[1:] if path.startswith("/") else path.split("/")
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        if segment == "..":
            if output:
                output.pop()
        elif segment != ".":
            output.append(segment)
            continue
        if last:
            output.append("")
    return "/" + "/".join(output)


def _encode(text: str, allowed: frozenset[int]) -> str:
    """Percent-encoding in one spelling: unreserved characters bare, everything else that may not stand encoded."""
    out: list[str] = []
    data = text.encode("utf-8", "surrogatepass")
    i = 0
    while i < len(data):
        byte = data[i]
        if byte == 0x25:
            digits = data[i + 1 : i + 3]
            if re.fullmatch(rb"[0-9A-Fa-f]{2}", digits):
                value = int(digits, 16)
                out.append(chr(value) if value in _UNRESERVED else f"%{value:02X}")
                i += 3
                continue
            out.append("%25")
        elif byte in allowed:
            out.append(chr(byte))
        else:
            out.append(f"%{byte:02X}")
        i += 1
    return "".join(out)
