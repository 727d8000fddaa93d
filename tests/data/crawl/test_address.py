import socket

import pytest

from firstwords.data.crawl.address import AddressRefused, AddressRules, parse_named, resolve_host

PRIVATE = """
    127.0.0.1 127.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3
    224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 192.0.0.1 :: ::1
    fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1
    2001:0:4136:e378:8000:63bf:3fff:fdd2 fec0::1 100::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.216.34 2606:4700:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_outside_the_public_internet_are_refused(address) -> None:
    with pytest.raises(AddressRefused):
        AddressRules().check(address, 80)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_pass_on_web_ports_only(address) -> None:
    AddressRules().check(address, 80)
    AddressRules().check(address, 443)
    for port in (22, 25, 6379, 8080):
        with pytest.raises(AddressRefused, match="port"):
            AddressRules().check(address, port)


def test_named_addresses_pass_on_their_port() -> None:
    rules = AddressRules(("127.0.0.1:8000", "10.1.0.0/16", "[fd00::1]:81"))
    assert rules.check("127.0.0.1", 8000) == "127.0.0.1"
    assert rules.check("10.1.2.3", 9999) and rules.check("fd00::1", 81)
    for address, port in (
        ("127.0.0.1", 8001),
        ("127.0.0.2", 8000),
        ("10.2.0.1", 80),
        ("fd00::1", 80),
        ("not an address", 80),
    ):
        with pytest.raises(AddressRefused):
            rules.check(address, port)


@pytest.mark.parametrize("entry", ["localhost", "127.0.0.1:x", "10.0.0.0/99", "", "example.org"])
def test_names_are_no_addresses(entry) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_named(entry)


def test_every_address_of_a_name_is_checked(monkeypatch) -> None:
    def two(host, port, **kwargs):
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(AddressRefused):
        resolve_host("tricky.example", 80, AddressRules())


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "127.0.0.1"])
def test_spellings_of_this_machine_are_refused(host) -> None:
    with pytest.raises((AddressRefused, OSError)):
        resolve_host(host, 80, AddressRules())
