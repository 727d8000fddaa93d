"""Finding personal data in text: addresses, phone numbers, cards, accounts, numbers of persons, secrets.

One RE2 alternation over the triggers of all families, in time linear in the text whatever is in it, marks the few
places worth a look; exact patterns, check digits, numbering plans and words nearby decide there. Found values are
never logged or stored: what leaves this module is type, start and end.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from firstwords.data.personal import national_americas, national_europe, passport, secret
from firstwords.data.personal.bank import IBAN
from firstwords.data.personal.bitcoin import BITCOIN
from firstwords.data.personal.email_address import EMAIL
from firstwords.data.personal.finder import Finder, Span
from firstwords.data.personal.network import CREDENTIALS, IPV6, MAC, URL
from firstwords.data.personal.numbers import NUMBERS
from firstwords.data.personal.obfuscated_email import OBFUSCATED_EMAIL
from firstwords.data.personal.type_names import ALL_TYPES, TYPES

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ALL_TYPES", "REGIONS", "TYPES", "Span", "find_personal_data", "personal_data"]

# In the order in which they are tried where several begin at one place: what holds letters before what is digits only.
FINDERS: tuple[Finder, ...] = (
    CREDENTIALS,
    EMAIL,
    *secret.FINDERS,
    *passport.FINDERS,
    BITCOIN,
    IBAN,
    *national_europe.FINDERS,
    IPV6,
    NUMBERS,
    *national_americas.FINDERS,
    OBFUSCATED_EMAIL,
)
FINDERS_ON_REQUEST: tuple[Finder, ...] = (URL, MAC)
REGIONS = ("US", "GB", "DE", "FR", "IN", "BR")


def personal_data(text: str, types: Sequence[str] = TYPES, regions: Sequence[str] = REGIONS) -> list[Span]:
    """The personal data in a text, in the order of the text, without overlaps; positions count characters.

    - `email`: an address with a domain of at least two labels; also `jane (at) example.org`, `jane AT example DOT org`
      and, behind a word such as "email" or if the name is no plain word, `jane at example dot org`.
    - `phone`: a number written in an international form, in a form that `regions` dial, or beside a word such as
      "call".
    - `ip_address`: IPv4 and IPv6, except the addresses that name no machine of anybody: loopback, unspecified,
      broadcast and net masks. Addresses reserved for private nets and for examples do count, as a reader cannot tell
      whose they are. Four numbers after a word such as "version" are no address.
    - `card`: 12 to 19 digits, alone or in a card's groups, with an issuer's prefix and the right check digit (ISO/IEC
      7812); `iban`: an account number with its country's length and right check digits (ISO 13616).
    - `us_ssn`, `ca_sin`, `br_cpf`, `br_cnpj`, `uk_nhs`, `uk_nino`, `de_tax_id`, `fr_nir`, `es_dni` (and NIE),
      `it_fiscal_code`, `nl_bsn`, `pl_pesel`, `se_personnummer`, `in_aadhaar`, `cn_resident_id`: numbers of persons with
      their check digits; where these are weak, in a shape that nothing else has or behind a word such as "NHS".
    - `passport`: the machine-readable line with its check digits, and a number behind words such as "passport no".
    - `secret`: keys and tokens in their issuers' forms, JSON web tokens, private keys, and random strings assigned to
      names such as `api_key`; `url_credentials`: `user:password` in a URL; `bitcoin_address`.
    - Only on request: `url` and `mac_address`.

    Args:
        text: Any text.
        types: Which types to give.
        regions: Telephone regions (ISO 3166) whose national forms count as phone numbers.

    Raises:
        ValueError: If a type is unknown.
    """
    data = text.encode("utf-8", "surrogatepass")
    spans = [span for _, span in find_personal_data([data], types, regions)]
    if len(data) == len(text):
        return spans
    # Bytes to characters: every byte that does not continue a character begins one.
    begins = list(itertools.accumulate(((byte & 0xC0) != 0x80 for byte in data), initial=0))
    return [Span(span.type, begins[span.start], begins[span.end]) for span in spans]


def find_personal_data(
    texts: Sequence[bytes], types: Sequence[str] = TYPES, regions: Sequence[str] = REGIONS
) -> Iterator[tuple[int, Span]]:
    """The personal data in a batch of UTF-8 texts: index of the text and span in bytes, in order.

    What is found does not depend on which of the usual types are asked for: a card is no phone number either way.

    Raises:
        ValueError: If a type is unknown.
    """
    unknown = [each for each in types if each not in ALL_TYPES]
    if unknown:
        raise ValueError(f"personal data of type '{unknown[0]}' is not known; there are {', '.join(ALL_TYPES)}")
    asked = tuple(finder for finder in FINDERS_ON_REQUEST if set(finder.types) & set(types))
    finders, wanted, places = (*asked, *FINDERS), frozenset(types), tuple(regions)
    scanner, finders_at = _scanner(finders), _finders_at(finders)
    # No trigger matches across a zero byte, so one scan serves the whole batch.
    joined = b"\0".join(texts)
    begins = list(itertools.accumulate((len(text) + 1 for text in texts), initial=0))
    index = at = given = 0  # the text, the end of what is decided, and of the last span
    triggers = scanner.finditer(joined)
    while (trigger := next(triggers, None)) is not None:
        start, end = trigger.span()
        if start < at:
            if end > at:
                triggers = scanner.finditer(joined, at)
            continue
        while start >= begins[index + 1]:
            index += 1
        offset = begins[index]
        for finder, finder_end in finders_at(joined, start):
            at = start + 1 if finder.undecided is None else max(start + 1, finder_end - finder.undecided)
            spans = finder.find(texts[index], start - offset, finder_end - offset, places)
            # An address begins before its trigger: what is given already is not given again.
            spans = [span for span in spans if span.start + offset >= given]
            if spans:
                at = max(at, given := spans[-1].end + offset)
                yield from ((index, span) for span in spans if span.type in wanted)
            if spans or finder.undecided is not None:
                break
        if at < end:
            triggers = scanner.finditer(joined, at)


def replace_personal_data(
    text: bytes, spans: Sequence[Span], numbers: dict[tuple[str, bytes], int] | None = None
) -> str:
    """The text with a placeholder such as `<EMAIL>` in place of each span.

    Args:
        text: UTF-8.
        spans: In bytes, ordered, without overlaps.
        numbers: If given, placeholders are numbered, `<EMAIL_1>`: the numbers that values have already, to which new
            ones are added.
    """
    parts, at = [], 0
    for span in spans:
        name = span.type.upper()
        if numbers is not None:
            key = (span.type, _as_written_anyhow(span.type, text[span.start : span.end]))
            number = numbers.setdefault(key, 1 + sum(kind == span.type for kind, _ in numbers))
            name = f"{name}_{number}"
        parts += [text[at : span.start], f"<{name}>".encode()]
        at = span.end
    return b"".join([*parts, text[at:]]).decode()


def _as_written_anyhow(kind: str, value: bytes) -> bytes:
    """What is the same for a value in capitals and, where they only group, with other separators."""
    value = value.lower()
    if kind in ("secret", "url_credentials", "bitcoin_address", "url"):
        return value
    if kind == "person":
        return b" ".join(value.split())
    return value if kind == "email" else value.translate(None, b" .-/()")


def texts_as_bytes(texts: pa.StringArray) -> list[bytes]:
    """The UTF-8 bytes of each text of an Arrow array; a null is empty."""
    import pyarrow as pa

    # Null rows would break the alignment of rows and texts.
    return [value or b"" for value in texts.cast(pa.binary()).to_pylist()]


@cache
def _scanner(finders: tuple[Finder, ...]) -> Any:
    """Where to look closer."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.max_mem = 64 * 2**20  # of states: where they do not fit, RE2 takes a slower way
    return re2.compile("|".join(finder.trigger for finder in finders).encode("ascii"), options)


@cache
def _finders_at(finders: tuple[Finder, ...]) -> Callable[[bytes, int], Iterator[tuple[Finder, int]]]:
    """Whose triggers match at a place where one does, in order, and where they end; RE2 would take longer to tell which
    alternative it was than to find it.
    """
    patterns = [re.compile(finder.trigger.encode("ascii")) for finder in finders]
    first = re.compile("|".join(f"({finder.trigger})" for finder in finders).encode("ascii"))

    def find(text: bytes, start: int) -> Iterator[tuple[Finder, int]]:
        if text[start] == 0x40:
            yield EMAIL, start + 2
            return
        match = first.match(text, start)
        assert match is not None and match.lastindex is not None
        yield finders[match.lastindex - 1], match.end()
        for finder, pattern in zip(finders[match.lastindex :], patterns[match.lastindex :], strict=True):
            if match := pattern.match(text, start):
                yield finder, match.end()

    return find
