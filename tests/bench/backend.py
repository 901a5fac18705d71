"""A server in a process of its own that sends tokens at an exact pace and notes when.

``python backend.py`` prints its port. ``POST`` asks for ``{"count", "rate", "at"}`` in the user
message, as JSON; ``GET`` tells of each ``at`` when its last answer's first and last token went out
(wall clock, seconds).
"""

from __future__ import annotations

import asyncio
import json
import time

END = "∎"


def tokens(count: int) -> list[str]:
    """Return ``count`` tokens of about four characters: mixed Markdown, and END at its end."""
    paragraph = (
        "## A heading\n\nSome **bold** words, a `code` span, a [link](https://example.org) and "
        "an emoji 🎉 or two 👩‍🚀.\n\n- one item\n- another item\n\n```python\nfor i in "
        "range(10):\n    print(i)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nüñïçødé text.\n\n"
    )
    pieces = [paragraph[at : at + 4] for at in range(0, len(paragraph), 4)]
    return [pieces[at % len(pieces)] for at in range(count - 1)] + [END]


class Backend:
    """The Printer protocol, as little of it as a client needs."""

    def __init__(self) -> None:
        self.sent: dict[int, dict[str, float]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if head.startswith("get"):
            body = json.dumps(self.sent).encode()
            length = b"Content-Length: %d\r\n" % len(body)
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n" + body)
        else:
            size = int(head.partition("content-length:")[2].split()[0])
            question = json.loads(json.loads(await reader.readexactly(size))["user_message"])
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            )
            sent = self.sent[question["at"]] = {}
            await self.answer(writer, tokens(question["count"]), question["rate"], sent)
        await writer.drain()
        writer.close()

    async def answer(
        self, writer: asyncio.StreamWriter, pieces: list[str], rate: float, sent: dict[str, float]
    ) -> None:
        """Send the pieces, each at its deadline."""
        await asyncio.sleep(0.3)
        started = time.perf_counter()
        sent["first"] = time.time()
        for at, piece in enumerate(pieces):
            delay = started + at / rate - time.perf_counter()
            if delay > 0.001:
                await writer.drain()
                await asyncio.sleep(delay)
            if piece == END:
                sent["last"] = time.time()
            writer.write(b"data: %s\n\n" % json.dumps({"token": piece}).encode())
        writer.write(b"event: stream_end\ndata: {}\n\n")


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(Backend().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
