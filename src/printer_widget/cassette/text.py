"""Turns to text and back; the form is told in :mod:`printer_widget.cassette`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn
from urllib.parse import quote, unquote_to_bytes

from ..providers.base import shorten
from .entry import AS_RECORDED, Chunk, Ending, Entry, Exchange, Told, event_of

HEADER = "printer-widget cassette 1"

_PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]*(?<![ \t])")
"""What a line of text may be: no control characters, and no end that an editor would cut off."""

_KEPT_BYTES = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_MARGIN = re.compile(r"(\|\||[|>~])(?: (.*))?", re.DOTALL)
_CLOCK = re.compile(r"\+([0-9]{1,9}) ?ms")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*):[ \t]*(.*)")  # RFC 9110, 5.6.2
_SECTION = re.compile(r"--[ \t]*([a-z]+)[ \t]*(.*)")
_FIELDS = ("from", "label", "model", "url", "idempotent")
_SECTIONS = (
    "system, user, assistant, request, response, closed, broke, events, complete, stopped or failed"
)
_TITLE = 60


class CassetteError(ValueError):
    """A file is no cassette, or not a whole one; the message names it and the line."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """The turns of a file, and what stands above them."""

    head: str = f"{HEADER}\n"
    entries: tuple[Entry, ...] = ()

    def put(self, entry: Entry) -> Cassette:
        """Return this cassette with a turn in the place of the one that was told the same."""
        is_new = entry.told not in {each.told for each in self.entries}
        entries = [entry if each.told == entry.told else each for each in self.entries]
        return replace(self, entries=(*entries, *([entry] if is_new else [])))

    def text(self) -> str:
        """Return the file's text; what was read from one stands as it stood."""
        turns = [each.raw or _rendered(each) for each in self.entries]
        return "\n".join(part.rstrip("\n") + "\n" for part in (self.head, *turns))


def parse(text: str, *, name: str) -> Cassette:
    """Read the text of a file.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        CassetteError: if it is no cassette of this version, or a line of it cannot be read.
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if not text.strip():
        raise CassetteError(f"{name} is empty: expected {HEADER!r} in line 1")
    if lines[0].rstrip() != HEADER:
        version = lines[0].startswith(HEADER.rpartition(" ")[0])
        why = "another version of the format" if version else "no cassette"
        raise CassetteError(
            f"{name}, line 1: this is {why}: expected {HEADER!r}, got {shorten(lines[0], 60)!r}"
        )
    starts = [at for at, line in enumerate(lines) if line.startswith("==")]
    first = starts[0] if starts else len(lines)
    for at, line in enumerate(lines[1:first], 2):
        if line.strip() and not line.startswith("#"):
            raise CassetteError(
                f"{name}, line {at}: expected == and the first turn, got {shorten(line, 60)!r}"
            )
    entries = [
        _Reader(lines[start:end], line=start + 1, name=name).entry()
        for start, end in itertools.pairwise([*starts, len(lines)])
    ]
    for at, entry in enumerate(entries):
        for earlier in entries[:at]:
            if earlier.told == entry.told:
                raise CassetteError(
                    f"{name}, line {entry.line}: this turn is recorded in line {earlier.line} "
                    "already: delete one of the two"
                )
    return Cassette("\n".join(lines[:first]), tuple(entries))


class _Reader:
    """Reads the lines of one turn."""

    def __init__(self, lines: list[str], *, line: int, name: str) -> None:
        self._lines = lines
        self._first = self._at = line
        self._name = name
        self._section = ""
        self._clock = 0
        self._in_head = False
        self._body: bytearray | None = None
        self._fields: dict[str, str] = {}
        self._told: list[tuple[str, bytes | None, bool]] = []
        self._exchanges: list[Exchange] = []
        self._events: list[Chunk] = []
        self._ending: Ending | None = None

    def entry(self) -> Entry:
        for at, line in enumerate(self._lines[1:], self._first + 1):
            self._at = at
            if not line.strip() or line.startswith("#"):
                self._body = None
            elif line[0] in "|>~":
                self._take_body(line)
            else:
                self._body = None
                self._take(line)
        self._at = self._first
        told = tuple(Told(role, self._text(text), ended) for role, text, ended in self._told)
        if not told or told[-1].role != "user" or told[-1].text is AS_RECORDED:
            self._fail("this turn has no question: expected -- user as the last that was told")
        if self._ending is None:
            self._fail("this turn has no ending: expected -- complete, -- stopped or -- failed")
        if "from" not in self._fields:
            self._fail("this turn does not say what answered: expected from: and a name")
        known = self._fields
        wanted, other = (
            ("events", "request") if known["from"] == "events" else ("request", "events")
        )
        if self._exchanges if wanted == "events" else self._events:
            self._fail(
                f"this turn was answered by {known['from']}: expected -- {wanted}, got -- {other}"
            )
        return Entry(
            source=known["from"],
            label=known.get("label") or known.get("model") or known["from"],
            model=known.get("model", ""),
            url=known.get("url", ""),
            idempotent=known.get("idempotent") == "yes",
            told=told,
            exchanges=tuple(self._exchanges),
            events=tuple(self._events),
            ending=self._ending,
            raw="\n".join(self._lines),
            line=self._first,
        )

    def _take(self, line: str) -> None:
        if clock := _CLOCK.fullmatch(line.rstrip()):
            self._clock += int(clock[1])
            self._in_head = False
        elif section := _SECTION.fullmatch(line.rstrip()):
            self._section, self._in_head = section[1], False
            self._begin(section[1], section[2])
        elif (pair := _FIELD.fullmatch(line)) and self._in_head:
            exchange = self._exchanges[-1]
            exchange.headers += ((pair[1].lower(), pair[2].rstrip()),)
        elif pair and not self._section:
            if pair[1] not in _FIELDS:
                self._fail(f"expected one of {', '.join(_FIELDS)}, got {pair[1]!r}")
            self._fields[pair[1]] = pair[2].strip()
        else:
            self._fail(
                "expected text after | or >, a time as +18 ms, or a section as -- user, "
                f"got {shorten(line, 60)!r}"
            )

    def _begin(self, kind: str, rest: str) -> None:
        if self._ending is not None:
            self._fail(f"expected nothing after the ending, got -- {kind}")
        match kind:
            case "system" | "user" | "assistant":
                if self._exchanges or self._events:
                    self._fail(f"expected -- {kind} above the answer")
                if rest not in {"", "as recorded", "(stopped)"} or (rest and kind != "assistant"):
                    self._fail(f"expected nothing after -- {kind}, got {shorten(rest, 40)!r}")
                text = None if rest == "as recorded" else b""
                self._told.append((kind, text, rest == "(stopped)"))
            case "request":
                method, _, url = rest.partition(" ")
                if not method or not url:
                    self._fail("expected a method and a URL after -- request")
                self._exchanges.append(Exchange(self._clock, method, url))
            case "response":
                exchange = self._exchange(kind)
                if not re.fullmatch("[1-5][0-9][0-9]", rest) or exchange.status is not None:
                    self._fail("expected one -- response for each -- request, and its HTTP status")
                exchange.status, exchange.response_at_ms = int(rest), self._clock
                self._in_head = True
            case "closed" | "broke":
                exchange = self._exchange(kind)
                if bool(rest) != (kind == "broke") or (exchange.status is None and not rest):
                    self._fail("expected -- closed after a response, or -- broke and how")
                exchange.failure, exchange.end_at_ms = rest, self._clock
            case "complete" | "stopped" | "failed":
                self._ending = self._read_ending(kind, rest)
            case _ if kind != "events":
                self._fail(f"expected -- and {_SECTIONS}, got -- {kind}")

    def _read_ending(self, kind: Literal["complete", "stopped", "failed"], rest: str) -> Ending:
        name, _, sentence = rest.partition(":")
        if rest and kind != "failed":
            self._fail(f"expected nothing after -- {kind}, got {shorten(rest, 40)!r}")
        if kind == "failed" and not name.strip():
            self._fail(
                "expected what it failed with after -- failed, such as "
                "-- failed ProviderError: the model is overloaded"
            )
        return Ending(kind, self._clock, name.strip(), sentence.strip())

    def _exchange(self, kind: str) -> Exchange:
        if not self._exchanges or self._exchanges[-1].failure is not None:
            self._fail(f"expected -- request before -- {kind}")
        return self._exchanges[-1]

    def _take_body(self, line: str) -> None:
        data = self._bytes(line)
        if self._body is not None and self._section in {"response", "system", "user", "assistant"}:
            self._body += data
            if self._section == "response":
                chunks = self._exchanges[-1].chunks
                chunks[-1] = Chunk(chunks[-1].at_ms, bytes(self._body))
            else:
                role, _, stopped = self._told[-1]
                self._told[-1] = (role, bytes(self._body), stopped)
            return
        self._body = bytearray(data)
        match self._section:
            case "system" | "user" | "assistant":
                role, text, stopped = self._told[-1]
                if text is None or text:
                    self._fail("expected no gap in a text, and none where it is as recorded")
                self._told[-1] = (role, data, stopped)
            case "response":
                self._in_head = False
                self._exchanges[-1].chunks.append(Chunk(self._clock, data))
            case "events":
                self._check_event(data)
                self._events.append(Chunk(self._clock, data.removesuffix(b"\n")))
            case _:
                self._fail("expected text only where something was told, or came")

    def _bytes(self, line: str) -> bytes:
        margin = _MARGIN.fullmatch(line)
        if margin is None:
            self._fail(f"expected a space after {line[0]}, got {shorten(line, 60)!r}")
        mark, text = margin[1], margin[2] or ""
        if mark != "~":
            ends = {"||": b"\r\n", "|": b"\n", ">": b""}
            return text.encode("utf-8", "replace") + ends[mark]
        if re.search("%(?![0-9A-Fa-f]{2})", text):
            self._fail("expected two hexadecimal digits after each % (a % itself is %25)")
        return unquote_to_bytes(text)

    def _check_event(self, data: bytes) -> None:
        try:
            event_of(data)
        except ValueError as error:
            self._fail(f"no event of an answer: {error}")

    def _text(self, data: bytes | None) -> str | None:
        if data is None:
            return AS_RECORDED
        return data.removesuffix(b"\n").decode("utf-8", "replace")

    def _fail(self, what: str) -> NoReturn:
        raise CassetteError(f"{self._name}, line {self._at}: {what}")


def _rendered(entry: Entry) -> str:
    return "\n".join(_lines_of(entry)) + "\n"


def _lines_of(entry: Entry) -> Iterator[str]:
    yield f"== {_on_one_line(shorten(entry.question, _TITLE))}"
    values: tuple[Any, ...] = (
        entry.source,
        entry.label if entry.label != (entry.model or entry.source) else "",
        entry.model,
        entry.url,
        "yes" if entry.idempotent else "",
    )
    for name, value in zip(_FIELDS, values, strict=True):
        if value:
            yield f"{name}: {_on_one_line(value)}"
    yield ""
    for told in entry.told:
        how = " as recorded" if told.text is AS_RECORDED else " (stopped)" if told.stopped else ""
        yield f"-- {told.role}{how}"
        if told.text is not AS_RECORDED:
            yield from _margined(told.text.encode("utf-8", "replace") + b"\n")
    yield ""
    clock = _Clock()
    for exchange in entry.exchanges:
        yield from _exchange_lines(exchange, clock)
    if entry.events:
        yield "-- events"
        for chunk in entry.events:
            yield from clock.to(chunk.at_ms)
            yield from _margined(chunk.data + b"\n")
    ending = entry.ending
    yield from clock.to(ending.at_ms)
    said = f" {ending.name}: {_on_one_line(ending.sentence)}" if ending.kind == "failed" else ""
    yield f"-- {ending.kind}{said}"


def _exchange_lines(exchange: Exchange, clock: _Clock) -> Iterator[str]:
    yield from clock.to(exchange.at_ms)
    yield f"-- request {exchange.method} {exchange.url}"
    if exchange.status is not None:
        yield from clock.to(exchange.response_at_ms)
        yield f"-- response {exchange.status}"
        for name, value in exchange.headers:
            yield f"{name}: {_on_one_line(value)}"
        for chunk in exchange.chunks:
            if chunk.data:
                yield from clock.to(chunk.at_ms, always=True)
                yield from _margined(chunk.data)
    if exchange.failure is not None:
        yield from clock.to(exchange.end_at_ms)
        yield f"-- broke {exchange.failure}" if exchange.failure else "-- closed"


class _Clock:
    """Says how much time has gone on; rounding does not add up."""

    def __init__(self) -> None:
        self._now_ms = 0

    def to(self, at_ms: int, *, always: bool = False) -> Iterable[str]:
        gone_ms = max(0, at_ms - self._now_ms)
        self._now_ms += gone_ms
        return [f"+{gone_ms} ms"] if gone_ms or always else []


def _on_one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split(" ")).strip()


def _margined(data: bytes) -> Iterator[str]:
    """Return bytes as lines with a margin."""
    for line in re.findall(rb"[^\n]*\n|[^\n]+", data):
        yield _with_margin(line)


def _with_margin(line: bytes) -> str:
    for mark, end in (("||", b"\r\n"), ("|", b"\n"), (">", b"")):
        if line.endswith(end):
            try:
                text = line.removesuffix(end).decode()
            except UnicodeDecodeError:
                break
            if _PLAIN.fullmatch(text):
                return f"{mark} {text}" if text else mark
    coded = quote(line, safe=_KEPT_BYTES)
    cut = coded.rstrip(" ")
    return f"~ {cut}{'%20' * (len(coded) - len(cut))}"
