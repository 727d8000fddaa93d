"""The values here are made up in the issuers' forms; they open nothing."""

import base64
import json

import pytest

from firstwords.data.personal.secret import looks_random
from firstwords.data.personal_data import personal_data

LETTERS = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbCdEfGh"


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text)]


def web_token() -> str:
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": "1234567890", "name": "J. D."})]
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, LETTERS])


@pytest.mark.parametrize(
    "token",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + LETTERS[:36],
        "github_pat_" + LETTERS[:22] + "_" + (LETTERS * 2)[:59],
        "glpat-" + LETTERS[:20],
        "xoxb-" + "123456789012-" + LETTERS[:24],
        "AIza" + LETTERS[:35],
        "sk_live_" + LETTERS[:24],
        "sk-" + LETTERS,
        "sk-proj-" + LETTERS,
        "npm_" + LETTERS[:36],
        "pypi-AgE" + LETTERS + LETTERS,
        "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzabcdefgh",
        web_token(),
    ],
)
def test_tokens_in_their_issuers_forms(token: str) -> None:
    assert found(f'client("{token}")') == [("secret", token)]
    assert found(f"export X={token}\n") == [("secret", token)]


def test_a_private_key_goes_whole_also_where_its_end_is_missing() -> None:
    body = "\n".join(LETTERS[:40] for _ in range(5))
    whole = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert found(f"key:\n{whole}\nMore text.") == [("secret", whole)]
    cut = whole.partition("\n-----END")[0]
    assert found(f"{cut}\nMore text follows here.") == [("secret", cut)]
    escaped = whole.replace("\n", "\\n")
    assert found(f'"{escaped}"') == [("secret", escaped)]


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('API_KEY = "', LETTERS[:24], '"'),
        ("password: ", "xK9!vR2m#Qw7Zt4p", "\n"),
        ('{"client_secret": "', "5f4dcc3b5aa765d61d8327deb882cf99", '"}'),
        ("aws_secret_access_key=", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "\n"),
    ],
)
def test_random_strings_behind_names_of_secrets(before: str, value: str, after: str) -> None:
    assert found(before + value + after) == [("secret", value)]


@pytest.mark.parametrize(
    "text",
    [
        'password = "correct-horse-battery"',
        "token = request.headers.get('Authorization')",
        "secret: str = settings.SECRET_KEY_FALLBACK_VALUE",
        'API_KEY = os.environ["SERVICE_API_KEY_FOR_TESTS"]',
        "sk-learn-contrib-packages-are-here and sk-aaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ghp_" + "x" * 36,
        "-----BEGIN PRIVATE KEY-----\nThe text of a key begins with this line.",
        "-----BEGIN PUBLIC KEY-----\n" + LETTERS + "\n-----END PUBLIC KEY-----",
        "eyJhbGciOi.eyJzdWIiOi.notajwtnotajwt",
        "the secret of 5f4dcc3b5aa765d61d8327deb882cf99 is a hash",
        "token: https://example.org/Docs2024/getting-Started1",
    ],
)
def test_what_only_stands_where_secrets_do_stays(text: str) -> None:
    assert found(text) == []


def test_randomness() -> None:
    assert looks_random(b"5f4dcc3b5aa765d61d8327deb882cf99")
    assert looks_random(LETTERS[:16].encode())
    assert not looks_random(b"0" * 32)
    assert not looks_random(b"MyVeryLongVariableName1")
    assert not looks_random(b"all-small-letters-and-1234")
