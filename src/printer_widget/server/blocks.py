"""One event as the bytes that are sent and stored: ``id``, ``event`` and ``data``, a line each.

Data is JSON in one line, so no text can break an event. Pure: no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..sse import EventStreamDecoder

PING = b": ping\n\n"

RETRY = b"retry: 1000\n"
"""How long a client waits before it comes back, in ms; goes before a response's first block."""

Encode = Callable[[int, str, Mapping[str, str]], bytes]
"""Writes an event of a run, given its number, its name and its data."""

_to_json = json.JSONEncoder(ensure_ascii=False).encode


def encode(number: int, event: str, data: Mapping[str, str]) -> bytes:
    """Write the ``number``-th event of a run, counted from 1."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (number, event.encode(), json_line(data))


def json_line(data: Mapping[str, Any]) -> bytes:
    """Write JSON in one line.

    U+0085, U+2028 and U+2029 are legal in JSON and in an event stream but end a line for
    ``str.splitlines``, on which several clients rely, so they go as escapes. So does a token that
    ends between the halves of a surrogate pair, which UTF-8 cannot express: the reader's JSON
    gives both halves back, and the text is whole again once they are joined.
    """
    text = _to_json(data)
    if not text.isascii():
        for terminator in "\x85\u2028\u2029":
            text = text.replace(terminator, f"\\u{ord(terminator):04x}")
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(data).encode()


def text_of(blocks: Iterable[bytes]) -> str:
    """Return the text that the tokens among some events make, halves of characters unjoined."""
    decoder = EventStreamDecoder()
    tokens = (
        json.loads(event.data)["token"]
        for block in blocks
        for event in decoder.feed(block)
        if event.event == "message"
    )
    return "".join(tokens)
