"""Bytes to events: the event stream format of the WHATWG HTML standard, without any I/O.

The rules (HTML Living Standard §9.2.5 "Parsing an event stream" and §9.2.6 "Interpreting an
event stream"), as this module keeps them:

- The stream is UTF-8, whatever a charset says; one leading BOM is dropped; bytes that are no
  UTF-8 become U+FFFD.
- A line ends with LF, CR or CRLF. A lone CR ends its line at once; if an LF comes next, also in
  the next chunk, it is skipped. An event is therefore out as soon as the feed that ends its
  blank line, never one feed later.
- ``field: value`` loses one space after the colon and no more. ``data`` lines are joined with
  LF. ``event`` is the type; an ``id`` with a NUL is ignored; ``retry`` counts only as ASCII
  digits. Lines that begin with a colon are comments.
- A blank line dispatches. Without a ``data`` line nothing is dispatched, though a new id counts.
- What is not closed by a blank line at the end of the stream is dropped.

Parsing is linear in the bytes fed: chunks of an unfinished line are kept apart and joined once,
as rebuilding the buffer for each chunk is quadratic on one large event.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import StreamTooLarge

MAX_EVENT_BYTES = 1 << 20
"""Default limit of one event: 1 MiB, all its lines counted, a line end as one byte."""

_MAX_RETRY_DIGITS = 15
_LONGEST_RETRY_MS = 10**_MAX_RETRY_DIGITS - 1


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One dispatched event.

    Attributes:
        event: its type; ``"message"`` where the stream named none.
        data: its ``data`` lines, joined with LF.
        id: the last event id of the stream when this event was dispatched; ``""`` if none.
    """

    event: str
    data: str
    id: str


class EventStreamDecoder:
    """Decode one event stream, fed in chunks of any size.

    Attributes:
        last_event_id: the id of the last dispatched block, for ``Last-Event-ID``.
        retry_ms: the reconnection time that the stream asked for, in ms; None if it never did.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._max_event_bytes = max_event_bytes
        self._event_bytes = 0
        self._parts: list[bytes] = []
        self._at_start = True
        self._skip_lf = False
        self._type = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events that they complete, in order.

        Raises:
            StreamTooLarge: if an event exceeds the limit; events that were completed before it
                in the same chunk are returned first, and the next call raises.
        """
        events: list[ServerSentEvent] = []
        if chunk and self._skip_lf:
            self._skip_lf = False
            chunk = chunk.removeprefix(b"\n")
        # bytes.splitlines knows LF, CR and CRLF only; str.splitlines would also cut at U+2028.
        for piece in chunk.splitlines(keepends=True):
            self._event_bytes += _size(piece)
            if self._event_bytes > self._max_event_bytes:
                break
            self._parts.append(piece)
            if piece.endswith((b"\n", b"\r")):
                line = b"".join(self._parts)
                self._parts.clear()
                event = self._take_line(line)
                if event is not None:
                    events.append(event)
        if chunk:
            self._skip_lf = chunk.endswith(b"\r")
        if self._event_bytes > self._max_event_bytes and not events:
            raise StreamTooLarge(
                f"one event of the stream is larger than {self._max_event_bytes} bytes, the limit"
            )
        return events

    def _take_line(self, ended: bytes) -> ServerSentEvent | None:
        line = ended.rstrip(b"\r\n")
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch()
        if line.startswith(b":"):
            # A comment belongs to no event: a stream may send them for ever.
            self._event_bytes -= _size(ended)
            return None
        name, _, value = line.decode("utf-8", "replace").partition(":")
        self._take_field(name, value.removeprefix(" "))
        return None

    def _take_field(self, name: str, value: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            digits = value.lstrip("0") or "0"
            self.retry_ms = int(digits) if len(digits) <= _MAX_RETRY_DIGITS else _LONGEST_RETRY_MS

    def _dispatch(self) -> ServerSentEvent | None:
        kind, data = self._type or "message", self._data
        self._type, self._data, self._event_bytes = "", [], 0
        self.last_event_id = self._id
        if not data:
            return None
        return ServerSentEvent(kind, "\n".join(data), self._id)


def _size(line: bytes) -> int:
    """Count CRLF as one byte: where a chunk ends between CR and LF, the LF is never counted."""
    return len(line) - line.endswith(b"\r\n")
