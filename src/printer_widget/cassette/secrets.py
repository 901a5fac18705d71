"""What must not be in a file: known secrets in every form they travel in, and what looks like one.

Known is what a request carried: the values of its headers (but those that every client sends
alike), user, password and query of its URL, fields of its body that are named like secrets, and the
cookies that came back. A server may repeat them in a header, an error or an answer: plain,
percent-encoded, escaped as in JSON, or in Base64 at any of its three alignments; and cut in two by
the boundary of a chunk, or by the end of what came.

What is shorter than six characters is no secret: taking it out would only garble a text.
"""

from __future__ import annotations

import base64
import json
import re
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..providers.base import RequestSpec
from .entry import Chunk, Entry

PLACEHOLDER = "…"
"""Stands for a secret, as in the sentences that providers make of what a server said."""

SHORTEST = 6
"""In characters."""

_PARTIAL = 8
"""How much of a secret, cut off by the end of what came, is one itself."""

_HARMLESS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "anthropic-beta",
        "anthropic-version",
        "cache-control",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "user-agent",
    }
)
"""Headers of a request whose values are no secrets."""

_SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "key", "token"})

_NAMED = re.compile(
    r"api[-_]?key|auth|bearer|cookie|credential|passw|pwd|secret|session|signature|token|^key$|^sig$",
    re.IGNORECASE,
)
"""Names of what is secret."""

_SHAPED = r"""
      \b(?:sk|pk|rk)[-_](?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}           # OpenAI, Stripe …
    | \bgh[opsur]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,} | \bhf_[A-Za-z0-9]{20,} | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b | \bAIza[0-9A-Za-z_-]{30,}
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*      # a JSON Web Token
"""
"""What is a secret by its shape: it is never written, whoever said it."""

_PLACED = r"""
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----
    | (?<=://)[^\s/:@"'<>]+:[^\s/@"'<>]+(?=@)                          # user and password of a URL
    | (?i:(?<=bearer[ ]))[A-Za-z0-9._~+/-]{16,}=*
    | (?i:(?<=[?&]key=)|(?<=[?&]sig=)|(?<=token=)|(?<=api[-_]key=)|(?<=apikey=)|(?<=password=))
      [^\s&"'<>\\#]{6,}
"""
"""What may be one by its place: an example in an answer is often written so, too."""

_IS_SHAPED = re.compile(_SHAPED, re.VERBOSE)
_IS_LIKELY = re.compile(_SHAPED + _PLACED, re.VERBOSE)


def likely(text: str) -> list[str]:
    """Return what looks like a secret in a text."""
    return _IS_LIKELY.findall(text)


class Secrets:
    """What is known to be secret, and how to take it out. No repr shows it.

    Args:
        known: secrets.
        likely: take out what may be one by its place, too.
    """

    def __init__(self, known: Iterable[str] = (), *, likely: bool = False) -> None:
        self._guessed = _IS_LIKELY if likely else _IS_SHAPED
        self._known: set[str] = set()
        self._pattern: re.Pattern[bytes] | None = None
        self.learn(known)

    def learn(self, secrets: Iterable[str]) -> None:
        """Know more of them."""
        self._known.update(secret for secret in secrets if len(secret) >= SHORTEST)
        self._pattern = None

    def learn_request(self, spec: RequestSpec) -> None:
        """Know what a request carries."""
        for name, value in spec.headers.items():
            if name.lower() not in _HARMLESS:
                self.learn(_parts(value))
        self.learn(_in_url(spec.url))
        self.learn(_in_body(spec.json))

    def learn_cookies(self, headers: Iterable[tuple[str, str]]) -> None:
        """Know the cookies that a response sets."""
        for name, value in headers:
            if name.lower() == "set-cookie":
                self.learn([value.partition(";")[0].partition("=")[2].strip()])

    def redact(self, text: str) -> str:
        """Return a text without them, and without what looks like one."""
        return self.redact_chunks([text.encode("utf-8", "surrogatepass")])[0].decode(
            "utf-8", "surrogatepass"
        )

    def redact_chunks(self, chunks: Sequence[bytes]) -> list[bytes]:
        """Return chunks of one stream without them, wherever their boundaries are.

        A boundary inside a secret moves behind its placeholder, so a chunk may become empty.
        """
        whole = b"".join(chunks)
        spans = _merged(sorted({*self._spans(whole), *self._guesses(whole)}))
        if not spans:
            return list(chunks)
        result, start = [], 0
        for chunk in chunks:
            end, at, piece = start + len(chunk), start, b""
            for begin, over in spans:
                if over <= at or begin >= end:
                    continue
                piece += whole[at : max(at, begin)]
                if begin >= start:
                    piece += PLACEHOLDER.encode()
                at = min(over, end)
            result.append(piece + whole[at:end])
            start = end
        return result

    def are_in(self, text: str) -> bool:
        """Say whether one of them is in a text as it is."""
        return any(secret in text for secret in self._known)

    def _spans(self, whole: bytes) -> Iterator[tuple[int, int]]:
        if not self._known:
            return
        if self._pattern is None:
            forms = {form for secret in self._known for form in _forms(secret)}
            # The longest first: one may be a part of another.
            ordered = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(re.escape(form.encode()) for form in ordered))
        yield from (found.span() for found in self._pattern.finditer(whole))
        for secret in self._known:
            for length in range(len(secret) - 1, _PARTIAL - 1, -1):
                if whole.endswith(secret[:length].encode("utf-8", "replace")):
                    yield len(whole) - length, len(whole)
                    break

    def _guesses(self, whole: bytes) -> Iterator[tuple[int, int]]:
        # Latin-1 has one character for each byte, so places are the same.
        return (found.span() for found in self._guessed.finditer(whole.decode("latin-1")))


def redacted(entry: Entry, secrets: Secrets) -> Entry:
    """Return a turn without secrets; the same one, as it stands in its file, where it has none."""
    redact = secrets.redact
    exchanges = []
    for exchange in entry.exchanges:
        headers = tuple((name, redact(value)) for name, value in exchange.headers)
        chunks = _redacted(exchange.chunks, secrets)
        url = redact(exchange.url)
        exchanges.append(replace(exchange, url=url, headers=headers, chunks=chunks))
    new = replace(
        entry,
        label=redact(entry.label),
        model=redact(entry.model),
        url=redact(entry.url),
        told=tuple(
            each if each.text is None else replace(each, text=redact(each.text))
            for each in entry.told
        ),
        exchanges=tuple(exchanges),
        events=tuple(_redacted(entry.events, secrets)),
        ending=replace(entry.ending, sentence=redact(entry.ending.sentence)),
    )
    # What is rendered anew loses its comments, where the secret may be.
    return entry if new == entry and redact(entry.raw) == entry.raw else replace(new, raw="")


def _redacted(chunks: Sequence[Chunk], secrets: Secrets) -> list[Chunk]:
    data = secrets.redact_chunks([chunk.data for chunk in chunks])
    return [Chunk(chunk.at_ms, each) for chunk, each in zip(chunks, data, strict=True)]


def _parts(value: str) -> Iterator[str]:
    """Return what is secret in a header's value: all of it, and without its scheme."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() not in _SCHEMES:
        yield value
        rest = value
    yield from (part.strip(",;") for part in rest.split())
    for pair in re.split("[;,] *", rest):
        yield pair.partition("=")[2].strip('"')
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return
        yield from (user, password)


def _in_url(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    yield from (unquote(part) for part in (parts.username, parts.password) if part)
    for name, value in parse_qsl(parts.query):
        if name != "api-version":
            yield value


def _in_body(body: Any, name: str = "") -> Iterator[str]:
    if isinstance(body, Mapping):
        for key, value in body.items():
            yield from _in_body(value, str(key))
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _in_body(value, name)
    elif isinstance(body, str) and _NAMED.search(name):
        yield body


def _forms(secret: str) -> Iterator[str]:
    """Return how a secret may be written."""
    yield secret
    escaped = json.dumps(secret)[1:-1]
    yield from (escaped, escaped.replace("/", "\\/"))
    coded = quote(secret, safe="")
    yield from (coded, re.sub("%..", lambda found: found[0].lower(), coded))
    data = secret.encode("utf-8", "replace")
    for offset in range(3):
        # What stands before and behind shares the first and the last letters.
        first, last = (0, 2, 3)[offset], (len(data) + offset) * 8 // 6
        letters = base64.b64encode(b"\0" * offset + data)[first:last].decode()
        yield from (letters, letters.translate(str.maketrans("+/", "-_")))


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, over in spans:
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(over, merged[-1][1]))
        else:
            merged.append((begin, over))
    return merged
