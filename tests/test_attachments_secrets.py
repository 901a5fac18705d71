"""What looks like a secret in what is attached."""

from __future__ import annotations

import pandas as pd
import pytest

from printer_widget.attachments import attach
from printer_widget.attachments.secrets import warn


@pytest.mark.parametrize(
    ("thing", "what"),
    [
        ("key = 'sk-proj-abcdefghijklmnop'", "an OpenAI or Stripe key"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("jwt=eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", "a JSON Web Token"),
        ("postgres://me:hunter2@db/x", "a URL with a password"),
        ("Authorization: Bearer abcdefgh12345678", "a bearer token"),
        ("DB_PASSWORD = 'correct horse'".replace(" horse", "horse"), "“DB_PASSWORD”"),
        ("token: 9f8e7d6c5b4a", "“token”"),
        (pd.DataFrame({"user": ["a"], "Password": ["b"]}), "“Password”"),
        ({"service": {"api_key": None}}, "“api_key”"),
    ],
)
def test_what_looks_like_a_secret_is_flagged_and_not_repeated(thing: object, what: str) -> None:
    warning = attach(thing).warning
    assert warning == f"This may hold a secret ({what}): look before you send it."


def test_a_variable_with_a_secret_name_is_flagged() -> None:
    assert "“api_key”" in (attach("abc", "api_key").warning or "")


@pytest.mark.parametrize(
    "thing",
    [
        pd.DataFrame({"region": ["North", "South"], "amount": [1.5, 2.0]}),
        "max_tokens = 4096\ntokenizer = load('abcdefgh')",
        "password = os.environ['PASSWORD']",
        "The token is the unit that a model reads. The secret: practice.",
        "task-sk-1 and risk-taking-for-beginners",
    ],
    ids=["table", "tokens", "environment", "prose", "words"],
)
def test_what_does_not_look_like_a_secret_is_not_flagged(thing: object) -> None:
    assert attach(thing).warning is None


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "a-",
        "sk-",
        "password",
        "password   ",
        "token=a",
        "token:'",
        "eyJ-",
        "eyJaaaaaaaa.",
        "eyJaaaaaaaa.eyJ",
        "Bearer ",
        "x://a:",
        "a.b-c+",
        "github_pat_",
        "xoxb-",
        "AIza",
        "-----BEGIN ",
    ],
)
def test_a_search_for_secrets_is_linear(part: str) -> None:
    """It takes minutes if a pattern goes back over what it has read."""
    warn(part * (500_000 // len(part)))
