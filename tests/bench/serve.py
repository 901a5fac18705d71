"""Measure ``printer-widget serve``: many streams at once, each at a pace of its own.

``python tests/bench/serve.py [--streams 200] [--rate 200] [--seconds 10]`` starts the backend in a
process of its own, storing to a file, and asks all questions at once from this one. Each answer
must come whole, in order and without a gap; how fast it came is reported and not judged.

The client is as cheap as one can be, since it shares the machine with what it measures: while the
answers come in it only notes when, and reads them when all are there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from server_process import TOKEN, Process  # noqa: E402
from serving import PATH, parse, text  # noqa: E402


class Stream(asyncio.Protocol):
    """One question and its answer."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.asked_at = self.first_at = self.last_at = 0.0
        self.ended = asyncio.get_running_loop().create_future()
        self._chunks: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        body = json.dumps({"user_message": self.question}).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        self.asked_at = time.perf_counter()
        transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        self.last_at = time.perf_counter()
        if not self.first_at and b"event: message" in data:
            self.first_at = self.last_at
        self._chunks.append(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set_result(error)

    def answer(self) -> bytes:
        """Return the body, without the chunks that it came in (RFC 9112 §7.1)."""
        head, _, rest = b"".join(self._chunks).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        parts = []
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            parts.append(rest[: int(size, 16)])
            rest = rest[int(size, 16) + 2 :]
        return b"".join(parts)

    def check(self) -> int:
        """Return the number of tokens, which are the question's, each exactly once."""
        body = self.answer()
        events = list(parse(body))
        assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
        assert events[-1][2].get("status") == "complete", events[-1]
        assert text(body) == self.question
        return sum(name == "message" for _, name, _ in events)


async def ask_all(port: int, streams: int, words: int) -> list[Stream]:
    """Ask all questions at once and return when all are answered."""
    loop = asyncio.get_running_loop()
    questions = [
        " ".join(f"{stream:03d}{number:05d}" for number in range(words))
        for stream in range(streams)
    ]
    asked = [
        loop.create_connection(lambda question=question: Stream(question), "127.0.0.1", port)
        for question in questions
    ]
    answers = [stream for _, stream in await asyncio.gather(*asked)]
    await asyncio.gather(*(stream.ended for stream in answers))
    return answers


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200, help="tokens a second, of each stream")
    parser.add_argument("--seconds", type=float, default=10, help="length of each answer")
    options = parser.parse_args()
    words = round(options.rate * options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        arguments = ("--db", Path(folder) / "backend.sqlite3", "--model", f"echo:{options.rate:g}")
        wide = ("--runs", "1000", "--runs-per-user", "1000", "--requests-per-minute", "0")
        with Process(*arguments, *wide) as server:
            streams = asyncio.run(ask_all(server.port, options.streams, words))
            spent_s = cpu_seconds(server)
            assert server.err == "", server.err
    tokens = sum(stream.check() for stream in streams)
    assert tokens == options.streams * words
    report(streams, tokens, options, spent_s)


def cpu_seconds(server: Process) -> float:
    """Return the processor time that the backend has taken."""
    import psutil

    times = psutil.Process(server._process.pid).cpu_times()
    return times.user + times.system


def report(streams: list[Stream], tokens: int, options: argparse.Namespace, spent_s: float) -> None:
    """Print what was measured."""
    waits = sorted(1000 * (stream.first_at - stream.asked_at) for stream in streams)
    took_s = max(stream.last_at for stream in streams) - min(stream.asked_at for stream in streams)
    asked = options.streams * options.rate
    p50, p99 = statistics.median(waits), waits[min(len(waits) - 1, round(0.99 * len(waits)))]
    print(f"{options.streams} streams of {options.rate:g} tokens/s, {os.cpu_count()} processors")
    print(f"tokens        {tokens:,} asked for, {tokens:,} received: none lost, none doubled")
    print(f"first token   p50 {p50:.0f} ms, p99 {p99:.0f} ms after the request")
    print(f"rate          {tokens / took_s:,.0f} tokens/s of {asked:,.0f} ({took_s:.1f} s)")
    print(f"processor     {1e6 * spent_s / tokens:.0f} µs a token in the backend")


if __name__ == "__main__":
    main()
