"""Which network addresses the crawler may talk to.

The name is resolved here, every address it has is checked, and the connection goes to a checked address. A name that
resolves to something else a moment later (DNS rebinding) therefore changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from firstwords.data.crawl.url import PORTS

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 6052: an IPv4 address in the last 32 bits. ipaddress calls it global, whatever it wraps.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# RFC 4291 2.5.5.1, deprecated, and RFC 3879: never a web server on the internet.
_NEVER = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class AddressRefused(Exception):
    """The address is not one the crawler may talk to."""


@dataclass(frozen=True)
class AddressRules:
    """Public addresses on ports 80 and 443, and what the recipe names.

    Args:
        named: Addresses or networks outside the public internet that the recipe allows, each with an optional port:
            `127.0.0.1:8000`, `[::1]:8000`, `10.1.0.0/16`.
    """

    named: tuple[str, ...] = ()

    def check(self, address: str, port: int) -> str:
        """The address in its normal form, if it may be contacted on that port.

        Raises:
            AddressRefused: If it may not, or if it is not an address.
        """
        parsed = parse_address(address)
        inner = embedded(parsed)
        if any(_matches(entry, each, port) for entry in self._entries() for each in (parsed, inner)):
            return str(parsed)
        if not is_public(parsed):
            raise AddressRefused(f"{address} is not a public address")
        if port not in PORTS.values():
            raise AddressRefused(f"port {port} is neither 80 nor 443")
        return str(parsed)

    def _entries(self) -> list[tuple[IpNetwork, int | None]]:
        return [parse_named(entry) for entry in self.named]


def parse_address(text: str) -> IpAddress:
    """An address from its text.

    Raises:
        AddressRefused: If it is not an address.
    """
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise AddressRefused(f"{text} is not an address") from None


def parse_named(entry: str) -> tuple[IpNetwork, int | None]:
    """An entry of `AddressRules.named` as network and port.

    Raises:
        ValueError: If it is neither an address nor a network.
    """
    text, port = entry.strip(), None
    if text.startswith("["):
        text, _, rest = text[1:].partition("]")
        port = int(rest[1:]) if rest.startswith(":") else None
    elif text.count(":") == 1:
        text, _, digits = text.partition(":")
        port = int(digits)
    return ipaddress.ip_network(text, strict=False), port


def _matches(entry: tuple[IpNetwork, int | None], address: IpAddress, port: int) -> bool:
    network, only_port = entry
    return network.version == address.version and address in network and only_port in (None, port)


def embedded(address: IpAddress) -> IpAddress:
    """The IPv4 address inside a mapped, 6to4 or NAT64 address; any other address as it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of a public server; wrapped IPv4 addresses are judged by what they wrap."""
    inner = embedded(address)
    if inner is not address:
        return is_public(inner)
    # Scoped and tunnelled addresses are refused as a whole: they lead to whatever the scope or the tunnel says.
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id or address.teredo or any(address in network for network in _NEVER)
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def resolve_host(host: str, port: int, rules: AddressRules) -> list[str]:
    """All addresses of a host, each of them checked.

    Raises:
        AddressRefused: If any address may not be contacted; a name with one good and one private address is a trick.
        OSError: If the name cannot be resolved.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    addresses = _unique(str(each[4][0]) for each in found)
    return _unique(rules.check(address, port) for address in addresses)


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
