"""Stop and back-pressure of functions: whoever yields is closed, and no thread is left."""

from __future__ import annotations

import asyncio
import itertools
import threading

import pytest

from printer_widget.events import StreamEnd
from printer_widget.sources import FunctionSource
from servers import question

QUESTION = question()
AHEAD = 64  # how many pieces a thread may be ahead of the stream


async def read(function) -> list[str]:
    events = [event async for event in FunctionSource(function).stream(QUESTION)]
    assert events[-1] == StreamEnd()
    return [event.text for event in events[:-1]]


def threads() -> list[threading.Thread]:
    mine = [each for each in threading.enumerate() if each.name.startswith("printer-widget-")]
    return [each for each in mine if each.name != "printer-widget-turns"]


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    for thread in threads():
        thread.join(5)
    assert threads() == []


class Watched:
    """An endless answer of each kind; it tells when it was asked for a piece, and when closed."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = threading.Event()
        self.closed = threading.Event()

    async def agen(self, messages):
        try:
            while True:
                self.asked += 1
                self.begun.set()
                yield "a"
                await asyncio.sleep(0)
        finally:
            self.closed.set()

    async def thinking(self, messages):
        try:
            yield "a"
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def coroutine(self, messages):
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    def gen(self, messages):
        try:
            while True:
                self.asked += 1
                self.begun.set()
                yield "a"
        finally:
            self.closed.set()


async def happened(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, 30)


@pytest.mark.parametrize("kind", ["agen", "thinking", "gen"])
async def test_closing_the_stream_runs_the_finally_of_a_generator(kind: str) -> None:
    watched = Watched()
    stream = FunctionSource(getattr(watched, kind)).stream(QUESTION)
    assert (await anext(stream)).text == "a"
    await stream.aclose()
    assert await happened(watched.closed)


@pytest.mark.parametrize("kind", ["agen", "thinking", "coroutine", "gen"])
async def test_cancelling_the_reader_runs_the_finally_of_a_function(kind: str) -> None:
    watched = Watched()
    reading = asyncio.create_task(read(getattr(watched, kind)))
    assert await happened(watched.begun)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await happened(watched.closed)


async def test_an_async_generator_is_closed_when_the_stream_is_and_not_later() -> None:
    watched = Watched()
    stream = FunctionSource(watched.agen).stream(QUESTION)
    await anext(stream)
    await stream.aclose()
    assert watched.closed.is_set()


async def test_an_async_generator_that_a_lambda_returned_is_closed_too() -> None:
    watched = Watched()
    stream = FunctionSource(lambda messages: watched.agen(messages[:])).stream(QUESTION)
    await anext(stream)
    await stream.aclose()
    assert watched.closed.is_set()


async def test_an_async_iterator_that_can_be_closed_is_closed() -> None:
    class Pieces:
        closed = False

        def __aiter__(self):
            return self

        async def __anext__(self):
            return "a"

        async def aclose(self):
            self.closed = True

    pieces = Pieces()
    stream = FunctionSource(lambda _: pieces).stream(QUESTION)
    await anext(stream)
    await stream.aclose()
    assert pieces.closed


async def test_an_iterator_that_can_be_closed_is_closed() -> None:
    closed = threading.Event()

    class Pieces:
        def __iter__(self):
            return self

        def __next__(self):
            return "a"

        def close(self):
            closed.set()

    stream = FunctionSource(lambda _: Pieces()).stream(QUESTION)
    await anext(stream)
    await stream.aclose()
    assert await happened(closed)


async def test_a_generator_that_is_waiting_is_closed_at_its_next_yield() -> None:
    go_on, finished = threading.Event(), threading.Event()
    reached = []

    def gen(messages):
        try:
            yield "a"
            go_on.wait()
            yield "b"
            reached.append("after b")
        finally:
            finished.set()

    stream = FunctionSource(gen).stream(QUESTION)
    await anext(stream)
    await stream.aclose()
    assert not finished.is_set()
    go_on.set()
    assert await happened(finished)
    assert reached == []


async def test_a_generator_that_blocks_does_not_block_the_loop() -> None:
    go_on = threading.Event()

    def gen(messages):
        go_on.wait()
        yield "a"

    reading = asyncio.create_task(read(gen))
    await asyncio.sleep(0)  # the loop goes on, or the next line would never be reached
    go_on.set()
    assert await reading == ["a"]


async def test_a_fast_generator_is_at_most_some_pieces_ahead() -> None:
    watched = Watched()
    stream = FunctionSource(watched.gen).stream(QUESTION)
    for taken in range(1, 200):
        await anext(stream)
        await asyncio.sleep(0)
        assert watched.asked <= taken + AHEAD + 1
    await stream.aclose()


async def test_a_generator_that_is_read_slowly_loses_nothing() -> None:
    async def slowly():
        async for event in FunctionSource(lambda _: map(str, range(500))).stream(QUESTION):
            yield event
            await asyncio.sleep(0)

    assert [event.text async for event in slowly() if event != StreamEnd()] == [
        str(at) for at in range(500)
    ]


async def test_a_generator_that_waits_for_room_is_closed_too() -> None:
    full, closed = threading.Event(), threading.Event()

    def gen(messages):
        try:
            for asked in itertools.count(1):
                if asked == AHEAD + 2:  # one was taken: there is no room for what comes now
                    full.set()
                yield "a"
        finally:
            closed.set()

    stream = FunctionSource(gen).stream(QUESTION)
    await anext(stream)
    assert await happened(full)
    await stream.aclose()
    assert await happened(closed)


def test_a_thread_that_is_busy_while_its_loop_is_closed_ends_quietly() -> None:
    go_on = threading.Event()

    def gen(messages):
        yield "a"
        go_on.wait()
        yield "b"

    async def abandon() -> None:
        await anext(FunctionSource(gen).stream(QUESTION))

    asyncio.run(abandon())
    go_on.set()
    for thread in threads():
        thread.join()


def test_a_thread_ends_when_its_loop_was_closed() -> None:
    watched = Watched()

    async def abandon() -> None:
        stream = FunctionSource(watched.gen).stream(QUESTION)
        await anext(stream)

    asyncio.run(abandon())
    assert watched.closed.wait(30)
