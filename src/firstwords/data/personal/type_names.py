"""The types of personal data, without what finds them, so that a recipe is read in no time."""

from typing import Literal, get_args

Type = Literal[
    "email",
    "phone",
    "ip_address",
    "card",
    "iban",
    "us_ssn",
    "ca_sin",
    "br_cpf",
    "br_cnpj",
    "uk_nhs",
    "uk_nino",
    "de_tax_id",
    "fr_nir",
    "es_dni",
    "it_fiscal_code",
    "nl_bsn",
    "pl_pesel",
    "se_personnummer",
    "in_aadhaar",
    "cn_resident_id",
    "passport",
    "secret",
    "url_credentials",
    "bitcoin_address",
    "url",
    "mac_address",
]

ON_REQUEST: tuple[Type, ...] = ("url", "mac_address")
"""Looked for only where they are named: most are of no person."""
ALL_TYPES: tuple[Type, ...] = get_args(Type)
TYPES: tuple[Type, ...] = tuple(each for each in ALL_TYPES if each not in ON_REQUEST)
"""Looked for unless said otherwise."""
