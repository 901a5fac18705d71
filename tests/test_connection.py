"""How often a stream is read: seldom where it is fast, else at once; and it is always whole."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest

from printer_widget.sources.connection import READ_INTERVAL_S, paced
from servers import nothing_left, sending, serve
from virtual import VirtualLoop

TOKEN = b'data: {"token": "word "}\n\n'


class Stream:
    """A connection on which something comes every ``every_s`` seconds, from 0 on.

    With ``tls``, each is a record of its own, and a read brings no more than one.
    """

    def __init__(
        self, every_s: float, piece: bytes = TOKEN, count: int = 1000, *, tls: bool = False
    ) -> None:
        self._every_s, self._piece, self._count = every_s, piece, count
        self._tls = tls
        self._taken = 0
        self.reads: list[tuple[float, int]] = []

    def get_extra_info(self, name: str) -> object:
        return {"ssl_object": object() if self._tls else None}[name]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        now = asyncio.get_running_loop().time()
        next_s = self._taken * self._every_s
        if next_s > now:
            await asyncio.sleep(next_s - now)
            now = next_s
        due = self._count if self._every_s == 0 else int(now / self._every_s + 1e-6) + 1
        most = 1 if self._tls else max_bytes // len(self._piece)
        ready = min(due, self._count, self._taken + most) - self._taken
        self._taken += ready
        self.reads.append((now, ready))
        return self._piece * ready


def read_all(stream: Stream) -> bytes:
    """Read a stream to its end, paced, while a clock goes on that waits for nothing."""

    @asynccontextmanager
    async def opening():
        yield SimpleNamespace(extensions={"network_stream": stream})

    async def read() -> bytes:
        async with paced(opening()) as response:
            body = b""
            while piece := await response.extensions["network_stream"].read(1 << 16, timeout=1.0):
                body += piece
            return body

    loop = VirtualLoop()
    task = loop.create_task(read())
    loop.settle()
    while not task.done():
        loop.now = loop.due
        loop.settle()
    loop.close()
    return task.result()


@pytest.mark.parametrize("every_s", [0.0005, 0.001, 0.005])
def test_a_fast_stream_is_read_some_tokens_at_a_time(every_s: float) -> None:
    stream = Stream(every_s)
    assert read_all(stream) == TOKEN * 1000
    duration_s = 1000 * every_s
    assert len(stream.reads) <= duration_s / READ_INTERVAL_S + 5
    assert stream.reads[0] == (0, 1)


@pytest.mark.parametrize("every_s", [0.012, 0.02, 0.5])
def test_a_stream_that_people_can_follow_is_read_at_every_token(every_s: float) -> None:
    stream = Stream(every_s, count=50)
    assert read_all(stream) == TOKEN * 50
    assert [at for at, _ in stream.reads[:50]] == pytest.approx([at * every_s for at in range(50)])


def test_what_is_there_already_is_read_without_a_pause() -> None:
    stream = Stream(0, piece=b"x" * 4096)
    assert read_all(stream) == b"x" * 4096 * 1000
    assert {at for at, ready in stream.reads if ready} == {0}


@pytest.mark.parametrize("every_s", [0, 0.001, 0.02])
def test_what_comes_in_records_of_tls_is_read_as_it_comes(every_s: float) -> None:
    stream = Stream(every_s, tls=True)
    assert read_all(stream) == TOKEN * 1000
    times = [at for at, _ in stream.reads[:1000]]
    assert times == pytest.approx([at * every_s for at in range(1000)])


async def test_httpcore_reads_a_real_connection_by_what_is_paced() -> None:
    reads: list[int] = []

    @asynccontextmanager
    async def counted(opening):
        async with opening as response:
            stream = response.extensions["network_stream"]
            read = stream.read

            async def count(*args, **kwargs) -> bytes:
                data = await read(*args, **kwargs)
                reads.append(len(data))
                return data

            stream.read = count
            yield response

    body = TOKEN * 10_000
    async with (
        nothing_left(),
        serve(sending(body)) as server,
        httpx.AsyncClient() as client,
        paced(counted(client.stream("GET", server.url))) as response,
    ):
        assert await response.aread() == body
    assert sum(reads) > len(body) / 2
