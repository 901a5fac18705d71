"""What the rules take for a secret, in which form, and at what cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaks import ESCAPES, escaped
from printer_widget.cassette import Secrets, likely
from printer_widget.providers import RequestSpec

AROUND = st.text(st.characters(exclude_characters="\\%&", exclude_categories=["Cs"]))


@given(st.lists(st.sampled_from([b"s3", b"cret", b"!", b"s3cret!", b"", b"x y", b"\xff"])))
def test_taking_out_keeps_all_other_bytes_in_their_chunks(chunks) -> None:
    clean = Secrets(["s3cret!"]).redact_chunks(chunks)
    assert len(clean) == len(chunks)
    assert b"".join(clean) == b"".join(chunks).replace(b"s3cret!", "…".encode())
    assert Secrets().redact_chunks(chunks) == list(chunks)


@given(AROUND, AROUND, st.sampled_from(sorted(ESCAPES)), st.integers(1, 9))
def test_only_the_escaped_secret_is_taken_out(before, behind, name, size) -> None:
    secret, known = "s3cret+&!", Secrets(["s3cret+&!"])
    around = [each.encode("utf-8", "replace") for each in (before, behind)]
    for all_of in (False, True):
        whole = escaped(ESCAPES[name], secret, all_of=all_of).encode().join(around)
        clean = known.redact_chunks([whole[at : at + size] for at in range(0, len(whole), size)])
        assert b"".join(clean) == "…".encode().join(around)


REPEATED = [
    "sk-",
    "sk_a-",
    "-sk-",
    "eyJ",
    "eyJ-",
    ".eyJ",
    "eyJaaaaaaaaaa.",
    "eyJaaaaaaaaaa-.",
    "gho_",
]
REPEATED += [
    "xoxb-",
    "github_pat_",
    "glpat-",
    "AIza-",
    "AKIA",
    "-----BEGIN ",
    "-----BEGIN PRIVATE ",
]
REPEATED += [
    "://",
    "://a:",
    "://a:b",
    "a:",
    "bearer ",
    "?key=",
    "token=",
    "\\",
    "\\u0",
    "&#0",
    "&#x0",
    "%2",
]
REPEATED += ["%25", "&amp;", "-", "_", "a", " ", "s3cr", "s3cret"]


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("prefix", ["", "eyJ"])
def test_no_text_is_too_long_to_look_through(prefix, piece) -> None:
    # Quadratic work would take minutes for each of them.
    text = prefix + piece * (400_000 // len(piece))
    Secrets(["s3cret+&!"], likely=True).redact(text)


def test_chunks_are_looked_through_once() -> None:
    size = 200_000
    clean = Secrets(["s3cret"]).redact_chunks([b"s3cret", b" "] * size)
    assert clean == ["…".encode(), b" "] * size


def test_what_is_short_or_said_by_every_client_is_no_secret() -> None:
    secrets = Secrets(["abcde"])
    headers = {"Accept": "text/event-stream", "anthropic-version": "2023-06-01"}
    secrets.learn_request(
        RequestSpec(method="POST", url="http://h/?api-version=2024", headers=headers)
    )
    text = "abcde text/event-stream 2023-06-01 2024 Bearer"
    assert secrets.redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "sk-ant-api03-abcdefghijklmnop",
        "ghp_" + "a1" * 18,
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.xyz",
        "Authorization: Bearer abcdefghijklmnop",
        "https://me:password@host/",
        "https://host/?key=abcdefgh",
        "-----BEGIN RSA PRIVATE KEY-----",
        "my-key-sk-proj-0123456789abcdefgh",
        "eyJ" + "a" * 9_000 + ".eyJ" + "a" * 9_000 + ".a",
    ],
)
def test_what_looks_like_a_secret_is_found(text) -> None:
    assert len(likely(f'say "{text}" twice')) == 1
    assert likely(Secrets(likely=True).redact(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "api_key='sk-your-api-key-goes-here'",
        "task-management and risk-assessment-2026-01-01-report",
        "the key=value form, token by token, a password: no",
        "https://host:8000/path@home",
    ],
)
def test_what_only_talks_about_secrets_is_not(text) -> None:
    assert likely(text) == []
