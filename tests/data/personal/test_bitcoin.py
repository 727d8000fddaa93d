import pytest

from firstwords.data.personal.bitcoin import is_base58_address, is_segwit_address
from firstwords.data.personal_data import personal_data

# The first block's address and the example of BIP 13; BIP 173's and BIP 350's examples.
ADDRESSES = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_and_none_with_a_changed_character(address: str) -> None:
    check = is_segwit_address if address.lower().startswith("bc1") else is_base58_address
    assert check(address.encode())
    for place in range(4, len(address)):
        other = address[:place] + ("Q" if address.isupper() else "q") + address[place + 1 :]
        assert check(other.encode()) == (other == address)
    text = f"send to {address}."
    assert [text[span.start : span.end] for span in personal_data(text)] == [address]


def test_other_strings_are_none() -> None:
    assert not is_base58_address(b"1" * 34)
    assert not is_segwit_address(b"bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
