"""Who may use the backend: names, and the digests of their tokens.

A line is ``name:token``, or ``name:sha256$<64 hex digits>`` so that a file need not hold the token
itself; a token alone belongs to the user "default". One name may have several tokens, so that one
can be replaced without a gap.

Only digests are kept. SHA-256 without salt and rounds is right here, and would be wrong for
passwords: a token is long and random, so that there is nothing to guess or to look up, and every
request has to pay for the check. Tokens that are too short to be random are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

NOBODY = "default"
"""Whose everything is where no name was given."""

SHORTEST_TOKEN = 16
"""In characters; 16 random ones of base64 are 96 bits."""

_HASHED = "sha256$"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN = re.compile(rf"[!-~]{{{SHORTEST_TOKEN},512}}")


@dataclass(frozen=True, slots=True)
class Credential:
    """A user's name and the SHA-256 digest of one of their tokens."""

    name: str
    digest: bytes = field(repr=False)


class Users:
    """The users of a backend.

    Raises ValueError if there is none, or if two have the same token.
    """

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._credentials = tuple(credentials)
        if not self._credentials:
            raise ValueError("There must be at least one token.")
        owners: dict[bytes, str] = {}
        for each in self._credentials:
            if owners.setdefault(each.digest, each.name) != each.name:
                raise ValueError(f"{owners[each.digest]} and {each.name} have the same token.")

    def __repr__(self) -> str:
        return f"<Users {', '.join(self.names)}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name once, in the order they were given."""
        return tuple(dict.fromkeys(each.name for each in self._credentials))

    def find(self, token: bytes) -> str | None:
        """Return whose token this is; how long that takes tells nothing about any token."""
        digest = hashlib.sha256(token).digest()
        found = None
        for each in self._credentials:
            if hmac.compare_digest(each.digest, digest):
                found = each.name
        return found


def single_user(token: str, *, name: str = NOBODY) -> Users:
    """Return the one user who has this token, whatever it looks like."""
    return Users([_credential(name, token)])


def read_users(text: str, *, where: str) -> list[Credential]:
    """Read credentials: one to a line or between commas; ``#`` begins a comment line.

    Raises ValueError, which names ``where`` and the number of the entry but nothing of a token.
    """
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    entries = [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]
    return [
        _read(entry, where=where if len(entries) == 1 else f"{where}, entry {number}")
        for number, entry in enumerate(entries, start=1)
    ]


def new_token() -> str:
    """Return a new token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hashed_line(name: str, token: str) -> str:
    """Return the line for a file of users that does not hold the token itself.

    Raises ValueError for a name that cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” cannot be a name: it takes letters, digits and . _ - only.")
    return f"{name}:{_HASHED}{_credential(name, token).digest.hex()}"


def _credential(name: str, token: str) -> Credential:
    return Credential(name, hashlib.sha256(token.encode()).digest())


def _read(entry: str, *, where: str) -> Credential:
    name, colon, token = entry.partition(":")
    if not colon:
        name, token = NOBODY, entry
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{where}: a user's name takes up to 64 letters, digits and . _ - only, "
            "as in name:token."
        )
    if token.startswith(_HASHED):
        digest = token.removeprefix(_HASHED)
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError(f"{where}: {_HASHED} must be followed by 64 hexadecimal digits.")
        return Credential(name, bytes.fromhex(digest))
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            f"{where}: a token must be {SHORTEST_TOKEN} characters or more, ASCII without spaces, "
            "and random: “printer-widget token” makes one."
        )
    return _credential(name, token)
