"""A lesson: recorded from a server of a test's, and asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from printer_widget import ChatError, ChatNode, Message, record
from printer_widget.sources import HttpSource
from protocols import KEY, PROTOCOLS, Protocol
from servers import Connection, no_wait, serve_in_thread

SOON = 10


def teaching(protocol: Protocol, stopped: threading.Event):
    """Answer by what is asked: well, with a refusal, with half an answer, or without an end."""

    async def answer(connection: Connection) -> None:
        asked = connection.request.body.decode().rpartition("Q:")[2]
        if "Refuse" in asked:
            await connection.head("401 No", content_type="application/json")
            await connection.send(json.dumps({"error": {"message": f"Bad key {KEY}"}}).encode())
            return
        await connection.head()
        await connection.send(protocol.begin + protocol.text("Hälf "))
        await connection.send(protocol.text("an ans"))
        if "Break" in asked:
            connection.reset()
        elif "Go on" in asked:
            await connection.gone()
            stopped.set()
        else:
            await connection.send(protocol.text("wer.\n") + protocol.end)

    return answer


QUESTIONS = ("Q: Hello", "Q: Refuse", "Q: Break off", "Q: Go on", "Q: And then?")


def said(messages: list[dict]) -> list[tuple]:
    """What of messages is neither an id nor a time."""
    keys = ("role", "content", "status", "error", "note", "model", "reasoning")
    return [tuple(message.get(key) for key in keys) for message in messages]


def lesson(chat: ChatNode, *, stop: bool) -> list[tuple]:
    """Ask all questions, and return what came of them."""
    for text in QUESTIONS:
        turn = chat.send(text)
        if stop and "Go on" in text:
            come = threading.Event()
            chat.on_token(lambda _text, turn=turn, come=come: "ans" in turn.text and come.set())
            while "ans" not in turn.text:
                assert come.wait(SOON), turn.text
            turn.stop()
        with suppress(ChatError):
            turn.result(SOON)
    return said(chat.messages)


@contextmanager
def recorded_lesson(name: str, path: Path) -> Iterator[list[tuple]]:
    """Record the lesson from a server that speaks a protocol."""
    protocol, stopped = PROTOCOLS[name], threading.Event()
    with serve_in_thread(teaching(protocol, stopped)) as server:
        provider = HttpSource(protocol.make(server.url, KEY), wait=no_wait)
        chat = ChatNode(record(provider, path), system="Teach.")
        yield lesson(chat, stop=True)
        assert stopped.wait(SOON)
        chat.close()


def asked(chat: ChatNode, text: str) -> Message | ChatError:
    """Ask, and return the reply or the error."""
    try:
        return chat.send(text).result(SOON)
    except ChatError as error:
        return error


def paced(path: Path, *times: int) -> Path:
    """A cassette whose chunks come after so many ms, each behind the one before."""
    chunks = "".join(
        f'+{at} ms\n| event: message\n| data: {{"token":"{at} "}}\n|\n' for at in times
    )
    path.write_text(
        "printer-widget cassette 1\n== Hi\nfrom: Printer\nurl: http://127.0.0.1:1\n"
        "-- user\n| Hi\n-- request POST http://127.0.0.1:1/api/chat/stream\n"
        f"+100 ms\n-- response 200\ncontent-type: text/event-stream\n{chunks}"
        "+1 ms\n| event: stream_end\n| data: {}\n|\n-- complete\n"
    )
    return path
