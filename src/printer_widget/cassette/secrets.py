"""What must not be in a file: what is known to be secret, in every form, and what looks like it.

Known is what a request carried: the values of its headers (but those that every client sends alike,
and plain words), user, password and query of its URL, fields of its body that are named like
secrets, and the cookies that came back. A server may repeat them in a header, an error or an
answer: plain, or in Base64 at any of its three alignments; any character of these percent-encoded,
or escaped as in JSON or HTML, or one within the other; and cut in two by the boundary of a chunk,
or by the end of what came.

What is shorter than six characters is no secret: taking it out would only garble a text.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from binascii import Error as NotBase64
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..providers.base import RequestSpec
from .entry import Chunk, Entry

PLACEHOLDER = "…"
"""Stands for a secret, as in the sentences that providers make of what a server said."""

SHORTEST = 6
"""In characters."""

_PARTIAL = 8
"""How much of a secret, cut off by the end of what came, is one itself."""

_NESTED = 3
"""How deep escapes are read: JSON in HTML in JSON, say."""

_ESCAPED = re.compile(
    rb"""
      \\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["'/\\]))
    | %([0-9A-Fa-f]{2})
    | &(?:\#(?:[xX]0*([0-9A-Fa-f]{1,6})|0*([0-9]{1,7}))|(amp|lt|gt|quot|apos));
    """,
    re.VERBOSE,
)
_ENTITIES = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_BEGUN = re.compile(rb"(?:\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|%[0-9A-Fa-f]?|&\#?\w{0,7})\Z")
"""An escape that the end of what came cut off."""

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
    r"apikey|auth|bearer|cookie|credential|passw|pwd|secret|session|signature|token|\b(?:key|sig)$"
    r"|[-_]key$",
    re.IGNORECASE,
)
"""Names of what is secret."""

_IS_WORDS = re.compile(r"[A-Za-z ,.-]*")

_SHAPED = r"""
      # OpenAI, Stripe …; from "sk-sk-sk-…" on, each could else be read to the end.
      \b(?:sk|pk|rk)[-_](?=[A-Za-z_-]{0,100}+[0-9])[A-Za-z0-9_-]{16,}
    | \bgh[opsur]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,} | \bhf_[A-Za-z0-9]{20,} | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b | \bAIza[0-9A-Za-z_-]{30,}
    | \beyJ(?<!-eyJ)[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*  # a JSON Web Token
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
            if _NAMED.search(name):
                self.learn(_parts(value))
            elif name.lower() not in _HARMLESS:
                # A plain word is none: it would be taken out of the questions and answers, too.
                self.learn(part for part in _parts(value) if not _IS_WORDS.fullmatch(part))
        self.learn(_in_url(spec.url))
        self.learn(_in_body(spec.json))

    def learn_cookies(self, headers: Iterable[tuple[str, str]]) -> None:
        """Know the cookies that a response sets."""
        for name, value in headers:
            if name.lower() == "set-cookie":
                self.learn([value.partition(";")[0].partition("=")[2].strip()])

    def redact(self, text: str) -> str:
        """Return a text without them, and without what looks like one."""
        return self.redact_chunks([_coded(text)])[0].decode("utf-8", "surrogatepass")

    def redact_chunks(self, chunks: Sequence[bytes]) -> list[bytes]:
        """Return chunks of one stream without them, wherever their boundaries are.

        A boundary inside a secret moves behind its placeholder, so a chunk may become empty.
        """
        whole = b"".join(chunks)
        spans = _merged(sorted(set(self._spans(whole))))
        if not spans:
            return list(chunks)
        result, start, first = [], 0, 0
        for chunk in chunks:
            end, at, pieces = start + len(chunk), start, []
            while first < len(spans) and spans[first][0] < end:
                begin, over = spans[first]
                pieces.append(whole[at : max(at, begin)])
                if begin >= start:
                    pieces.append(PLACEHOLDER.encode())
                at = min(over, end)
                if over > end:
                    break
                first += 1
            result.append(b"".join([*pieces, whole[at:end]]))
            start = end
        return result

    def are_in(self, text: str) -> bool:
        """Say whether one of them is in a text, in any form."""
        return any(True for data, _ in _readings(_coded(text)) for _ in self._places(data))

    def are_left(self, before: str, after: str) -> bool:
        """Say whether a text that was redacted piece by piece still has one of them.

        Of one that was in it, a part may have been found as a secret of its own, and the rest not.
        """
        if self.are_in(after):
            return True
        was, rests = ([data for data, _ in _readings(_coded(each))] for each in (before, after))
        found = [each for each in map(_coded, self._known) if any(each in data for data in was)]
        parts = {
            each[at : at + _PARTIAL]
            for each in found
            for at in range(max(1, len(each) - _PARTIAL + 1))
        }
        return any(part in data for part in parts for data in rests)

    def _spans(self, whole: bytes) -> Iterator[tuple[int, int]]:
        """Return where something is to be taken out."""
        for data, steps in _readings(whole):
            # Latin-1 has one character for each byte, so places are the same.
            guesses = (found.span() for found in self._guessed.finditer(data.decode("latin-1")))
            for begin, over in (*self._places(data), *guesses):
                yield _place(begin, steps), _place(over, steps)
            begun = self._begun(data)
            if begun is not None:
                yield _place(begun, steps), len(whole)

    def _places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Return where what is known is, as it is."""
        if not self._known:
            return iter(())
        if self._pattern is None:
            forms = {_coded(form) for secret in self._known for form in _forms(secret)}
            # The longest first: one may be a part of another.
            ordered = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(map(re.escape, ordered)))
        return (found.span() for found in self._pattern.finditer(data))

    def _begun(self, data: bytes) -> int | None:
        """Return where a secret begins that the end cuts off."""
        cut = _BEGUN.search(data, max(0, len(data) - 10))
        end = len(data) if cut is None else cut.start()
        begins = [
            end - length
            for secret in map(_coded, self._known)
            for length in range(_PARTIAL, len(secret))
            if data.endswith(secret[:length], 0, end)
        ]
        return min(begins, default=None)


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
    """Return how a secret may be written, but for escapes of single characters."""
    yield secret
    yield json.dumps(secret)[1:-1]  # has pairs of escapes for one character
    data = _coded(secret)
    for offset in range(3):
        # What stands before and behind shares the first and the last letters.
        first, last = (0, 2, 3)[offset], (len(data) + offset) * 8 // 6
        letters = base64.b64encode(b"\0" * offset + data)[first:last].decode()
        yield from (letters, letters.translate(str.maketrans("+/", "-_")))


def _coded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_Steps = Sequence[tuple[Sequence[int], Sequence[int]]]
"""For each reading: where its escapes end in it, and in the one before. The last reading first."""


def _readings(data: bytes) -> Iterator[tuple[bytes, _Steps]]:
    """Return bytes as they are, and with the escapes in them read, once and more often."""
    steps: _Steps = ()
    yield data, steps
    for _ in range(_NESTED):
        pieces: list[bytes] = []
        ends: list[int] = []
        ends_before: list[int] = []
        at = size = 0
        for found in _ESCAPED.finditer(data):
            pieces += (data[at : found.start()], _character(found))
            size += len(pieces[-2]) + len(pieces[-1])
            at = found.end()
            ends.append(size)
            ends_before.append(at)
        if not ends:
            return
        data = b"".join([*pieces, data[at:]])
        steps = ((ends, ends_before), *steps)
        yield data, steps


def _character(found: re.Match[bytes]) -> bytes:
    """Return what an escape stands for."""
    unit, short, itself, percent, hexadecimal, decimal, name = found.groups()
    if itself or name:
        return itself or _ENTITIES[name]
    if percent:
        return bytes.fromhex(percent.decode())
    code = int(decimal) if decimal else int(unit or short or hexadecimal, 16)
    return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else found[0]


def _place(at: int, steps: _Steps) -> int:
    """Return where a place of a reading is in what was read."""
    for ends, ends_before in steps:
        last = bisect_right(ends, at) - 1
        at += ends_before[last] - ends[last] if last >= 0 else 0
    return at


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, over in spans:
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(over, merged[-1][1]))
        else:
            merged.append((begin, over))
    return merged
