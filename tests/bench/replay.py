"""Measure a replay against what was recorded: the same text and endings, and each piece in time.

``python tests/bench/replay.py [--rate 50] [--pieces 200]`` records a lesson from servers on
loopback: a raw one that also refuses, breaks off in mid-stream, and goes on until Stop, and
``printer-widget serve`` in a process of its own, over its own protocol and OpenAI's. Then it is
replayed at speed 1 and 0. At speed 1, the deviation of a piece is how far from its time in the
recording, counted from the asking, its event reached the reader. Beside it stands by how much the
machine's own timers were late meanwhile (``asyncio.sleep`` alone), which is nobody's to change.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from printer_widget import (
    ChatError,
    OpenAIChat,
    Printer,
    Replay,
    TextDelta,
    record,
    stream_chat,
)
from protocols import KEY, PROTOCOLS
from server_process import TOKEN, Process
from servers import Connection, serve

STOP_AFTER = 20
"""How many pieces are read before Stop."""

Heard = tuple[list[tuple[float, str]], str]
"""The pieces with their times in ms, and how the answer ended."""


class Timers:
    """Sleeps, and notes by how many ms it was too long."""

    def __init__(self) -> None:
        self.late = [0.0]

    async def sleep(self, seconds: float) -> None:
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        self.late.append((time.perf_counter() - began - seconds) * 1000)


async def hear(source, question: str, *, stop: bool = False) -> Heard:
    """Ask, and note when each piece came."""
    pieces: list[tuple[float, str]] = []
    began = time.perf_counter()
    try:
        async with aclosing(stream_chat(source, question)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    pieces.append(((time.perf_counter() - began) * 1000, event.text))
                    if stop and len(pieces) == STOP_AFTER:
                        return pieces, "stopped"
    except ChatError as error:
        return pieces, f"{type(error).__name__}: {error}"
    except asyncio.CancelledError:
        return pieces, "stopped"
    return pieces, "complete"


def speaking(protocol, *, rate: float, pieces: int):
    """A raw server that does what the question says, at a pace."""

    async def answer(connection: Connection) -> None:
        asked = connection.request.body.decode()
        if "refuse" in asked:
            await connection.head(
                "429 No", content_type="application/json", more={"Retry-After": "99"}
            )
            return
        await connection.head()
        await connection.send(protocol.begin)
        for number in range(10**6 if "go on" in asked else pieces):
            await asyncio.sleep(1 / rate)
            await connection.send(protocol.text(f"{number} "))
        if "break" in asked:
            connection.reset()
        else:
            await connection.send(protocol.end)

    return answer


def row(name: str, live: Heard, paced: Heard, fast: Heard, timers: Timers) -> bool:
    """Print a line, and say whether all is the same."""
    texts = ["".join(text for _, text in heard[0]) for heard in (live, paced, fast)]
    is_same = len(set(texts)) == 1 and live[1] == paced[1] == fast[1]
    gaps = [abs(a[0] - b[0]) for a, b in zip(live[0], paced[0], strict=False)] or [0.0]
    p95 = statistics.quantiles(gaps, n=20)[-1] if len(gaps) > 1 else gaps[0]
    print(
        f"{name:34} {len(live[0]):6} {'yes' if is_same else 'NO':>5} "
        f"{statistics.median(gaps):8.1f} {p95:6.1f} {max(gaps):6.1f} {max(timers.late):8.1f}"
        f"   {live[1][:30]}"
    )
    return is_same


async def measure(rate: float, count: int, folder: Path) -> bool:
    """Record, replay, and print."""
    print(
        f"{'lesson':34} {'pieces':>6} {'same':>5} {'p50 ms':>8} {'p95':>6} {'max':>6}"
        f" {'timers':>8}   ending"
    )
    all_same = True

    async def turn(name: str, provider, question: str, *, stop: bool = False) -> None:
        nonlocal all_same
        path = folder / f"{name}.cassette".replace("/", "-")
        live = await hear(record(provider, path), question, stop=stop)
        timers = Timers()
        paced = await hear(Replay(path, sleep=timers.sleep), question)
        fast = await hear(Replay(path, speed=0), question)
        all_same &= row(name, live, paced, fast, timers)

    for name in ("Printer", "OpenAIChat", "AnthropicMessages"):
        protocol = PROTOCOLS[name]
        async with serve(speaking(protocol, rate=rate, pieces=count)) as server:
            for question in ("hello", "refuse", "break off", "go on"):
                provider = protocol.make(server.url, KEY)
                await turn(f"{name}: {question}", provider, question, stop=question == "go on")
    process = await asyncio.to_thread(Process, "--in-memory")
    try:
        for provider in (
            Printer(process.url, token=TOKEN),
            OpenAIChat("demo", base_url=f"{process.url}/v1", api_key=TOKEN),
        ):
            name = f"serve, {type(provider).__name__}"
            await turn(f"{name}: story", provider, "Tell me a story")
            await turn(f"{name}: Stop", provider, "Tell me a story", stop=True)
    finally:
        process.client.close()
        await asyncio.to_thread(process.kill)
    return all_same


def main() -> int:
    """Run it; the exit status says whether every text and ending was the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=50, help="pieces a second (default: 50)")
    parser.add_argument("--pieces", type=int, default=200, help="of an answer (default: 200)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(options.rate, options.pieces, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
