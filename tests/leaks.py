"""Answers that could tell a token, and where it must not be found."""

from __future__ import annotations

import base64
import json
import traceback

from servers import START, TOKEN, Answer, Connection, answer_of, event, reset, run_of, sending

ECHO = f"Authorization: Bearer {TOKEN}"
LONG = "x" * 60 + ECHO  # a cut at 80 characters goes through the token
JSON = "application/json"
BEGUN = sending(b"".join(run_of("Hel", "lo")[:3]))


def history(body: bytes, **head: object) -> Answer:
    """A complete answer, whose stored messages are then answered so."""
    complete = sending(START + event("conversation_id", conversation_id="c") + answer_of("Hi"))

    async def answer(connection: Connection) -> None:
        stored = connection.request.path.startswith("/api/conversations/")
        await (sending(body, **head) if stored else complete)(connection)

    return answer


def resumed_by(then: Answer) -> Answer:
    """An answer that breaks off; the request for the rest of it is answered so."""

    async def answer(connection: Connection) -> None:
        if connection.request.path.endswith("/stop"):
            await connection.head("204 No Content", content_type=None)
        else:
            await (then if connection.request.method == "GET" else BEGUN)(connection)

    return answer


ANSWERS = {
    "complete": sending(answer_of("Hello")),
    "the end is missing": sending(START),
    "cut short": sending(START, more={"Content-Length": "100000"}),
    "reset": reset,
    "silence": Connection.gone,
    "401": sending(status="401 No"),
    "401, with an echo": sending(json.dumps({"detail": ECHO}).encode(), status="401 No"),
    "401, with a long echo": sending(json.dumps({"detail": 2 * LONG}).encode(), status="401 No"),
    "503, each time": sending(json.dumps([ECHO]).encode(), status="503 Busy"),
    "too busy": sending(status="429 No", more={"Retry-After": "99"}),
    "an error event": sending(event("error", error=ECHO)),
    "a long error event": sending(event("error", error=2 * LONG)),
    "JSON": sending(json.dumps({"error": {"message": ECHO}}).encode(), content_type=JSON),
    "no JSON": sending(ECHO.encode(), content_type=JSON),
    "no JSON, long": sending(LONG.encode(), content_type=JSON),
    "an event that is no JSON": sending(f"data: {ECHO}\n\n".encode()),
    "an event that is no JSON, long": sending(f"data: {LONG}\n\n".encode()),
    "an event that is no object": sending(f'data: ["{LONG}"]\n\n'.encode()),
    "a redirect": sending(status="307 Away", more={"Location": "http://127.0.0.1:1/?key=k3y"}),
    "no HTTP": lambda connection: connection.send(b"220 ESMTP\r\n\r\n"),
    "a resumption refused": resumed_by(sending(ECHO.encode(), status="410 Gone")),
    "a resumption that is no JSON": resumed_by(sending(f"id: 9\ndata: {LONG}\n\n".encode())),
    "stored messages that are no JSON": history(LONG.encode(), content_type=JSON),
    "stored messages that are none": history(json.dumps([{"id": LONG}]).encode()),
}


def everything_about(error: BaseException | None) -> list[str]:
    """What could be printed of an error, with all that is reachable from it, and its frames."""
    told: list[str] = []
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [each.__cause__, each.__context__]
        whole = traceback.TracebackException.from_exception(each, capture_locals=True)
        told += [str(each), repr(each), repr(each.args), repr(vars(each)), *whole.format()]
    return told


def assert_hidden(told: list[str], *secrets: str) -> None:
    hidden = [TOKEN, TOKEN[:7], base64.b64encode(TOKEN.encode()).decode(), *secrets]
    assert [text for text in told if any(secret in text for secret in hidden)] == []


ESCAPES = {
    "JSON": "\\u{:04x}",
    "JSON in capitals": "\\u{:04X}",
    "JavaScript": "\\x{:02x}",
    "HTML": "&#{:d};",
    "HTML in hexadecimal": "&#x{:x};",
    "HTML with zeros": "&#x{:04X};",
}


def escaped(how: str, secret: str, *, all_of: bool = False) -> str:
    """A secret, with all but its letters and digits written so, or with all of it."""
    return "".join(
        each if each.isalnum() and not all_of else how.format(ord(each)) for each in secret
    )
