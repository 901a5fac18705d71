"""What was recorded from a real server is replayed: the same text, endings and events, in order."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from chats import nothing_left_behind
from lessons import SOON, lesson, paced, recorded_lesson
from printer_widget import (
    ChatError,
    ChatNode,
    OpenAIChat,
    Printer,
    ProviderError,
    Replay,
    TextDelta,
    record,
    stream_chat,
)
from printer_widget.events import Reconnecting
from printer_widget.providers import RequestSpec
from printer_widget.sources import FunctionSource, HttpSource
from printer_widget.sources.record import Recording
from printer_widget.sources.taped import Tape
from protocols import KEY
from servers import event, in_turn, read, refused_url, reset, run_of, sending, serve, source
from serving import serving


class Time:
    """A clock that goes on only where somebody sleeps, and notes how long that was."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


# ── A lesson ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["Printer", "OpenAIChat", "AnthropicMessages", "VercelUI", "AGUI"])
def test_a_lesson_says_the_same_when_it_is_replayed(name, tmp_path) -> None:
    path = tmp_path / "lesson.cassette"
    with recorded_lesson(name, path) as live:
        pass
    endings = [status for role, _, status, *_ in live if role == "assistant"]
    assert endings == ["complete", "error", "interrupted", "stopped", "complete"]
    assert KEY not in path.read_text("utf-8")
    with nothing_left_behind():
        chat = ChatNode(Replay(path, speed=0), system="Teach.")
        assert lesson(chat, stop=False) == live
        chat.close()


@pytest.mark.parametrize("name", ["Printer", "OpenAIChat"])
def test_a_lesson_of_our_own_backend_says_the_same_when_it_is_replayed(name, tmp_path) -> None:
    async def model(messages):
        question = messages[-1]["content"]
        for token in ("You ", "said: ", question):
            yield token
        if "Refuse" in question:
            raise ValueError("no")
        if "Go on" in question:
            yield " ans"
            await asyncio.Event().wait()

    path, token = tmp_path / "lesson.cassette", "a-token-of-the-tests-0123456789"
    with serving(model, token=token) as client:
        base = str(client.base_url).rstrip("/")
        provider = {
            "Printer": lambda: Printer(base, token=token),
            "OpenAIChat": lambda: OpenAIChat("model", base_url=f"{base}/v1", api_key=token),
        }[name]()
        chat = ChatNode(record(provider, path))
        live = lesson(chat, stop=True)
        chat.close()
    endings = [status for role, _, status, *_ in live if role == "assistant"]
    assert endings == ["complete", "error", "complete", "stopped", "complete"]
    assert token not in path.read_text("utf-8")
    chat = ChatNode(Replay(path, speed=0))
    assert lesson(chat, stop=False) == live
    chat.close()


# ── One answer ─────────────────────────────────────────────────────────────────────────────────

NO_PROTOCOL = b"data: no json\n\n"
RESUMED = (
    sending(b"".join(run_of("Hel", "lo")[:2]), more={"Content-Length": "999"}),
    sending(b"".join(run_of("Hel", "lo")[2:])),
)
ANSWERS = {
    "complete": sending(b"".join(run_of("Hel", "lo"))),
    "tried again": in_turn(
        sending(b'{"detail":"busy"}', status="503 Busy", more={"Retry-After": "2"}),
        reset,
        sending(b"".join(run_of("Hel", "lo"))),
    ),
    "resumed": in_turn(*RESUMED),
    "refused": sending(b'{"detail":"no such thing"}', status="404 No"),
    "too busy": sending(status="429 No", more={"Retry-After": "99"}),
    "cut short": sending(event("stream_start", status="streaming"), event("message", token="Hel")),
    "broken off": sending(event("message", token="Hel"), more={"Content-Length": "100000"}),
    "an error": sending(event("message", token="Hel"), event("error", error="No quota.")),
    "no protocol": sending(event("message", token="Hel"), NO_PROTOCOL),
    "a page": sending(b"<html>\xff\x00", content_type="text/html"),
    "JSON": sending(b'{"detail":"x"}', content_type="application/json"),
    "no type": sending(b"", content_type=None),
    "a redirect": sending(status="307 Away", more={"Location": "/other"}),
    "no HTTP": lambda connection: connection.send(b"220 ESMTP\r\n\r\n"),
}


async def all_of(source) -> list[object]:
    """The events, and the error with its type and sentence."""
    try:
        return await read(source)
    except ChatError as error:
        return [type(error), str(error)]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_whatever_a_server_does_is_replayed(answer, tmp_path) -> None:
    path = tmp_path / "a.cassette"
    events: list[object] = []

    async def live(source):
        try:
            async for each in stream_chat(source, "Hi"):
                events.append(each)
        except ChatError as error:
            events.append((type(error), str(error), getattr(error, "status", None)))

    async with serve(answer) as server:
        await live(record(source(server.url, idempotent=True), path))
    recorded, events = events, []
    await live(Replay(path, speed=0))
    assert events == recorded
    assert recorded


async def test_a_server_that_is_not_there_is_replayed(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    live = await all_of(record(source(refused_url()), path))
    assert await all_of(Replay(path, speed=0)) == live
    assert "-- broke ConnectError" in path.read_text("utf-8")


async def test_reconnecting_is_told_again(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    async with serve(in_turn(*RESUMED)) as server:
        await read(record(source(server.url), path))
    events = await read(Replay(path, speed=0))
    assert [type(each) for each in events].count(Reconnecting) == 1
    assert "".join(each.text for each in events if isinstance(each, TextDelta)) == "Hello"


async def test_a_function_is_recorded_and_replayed(tmp_path) -> None:
    def thinking(messages):
        yield "Half a pair: \ud83d"
        yield "\ude00"
        yield f"{len(messages)} messages"
        raise ValueError("out of luck")

    path = tmp_path / "a.cassette"
    live = await all_of(record(thinking, path))
    assert live[1] == "thinking raised ValueError: out of luck"
    assert await all_of(Replay(path, speed=0)) == live
    assert Replay(path).label == "thinking, recorded"


async def test_names_of_headers_may_be_all_that_http_allows(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    more = {"X-RateLimit-Remaining_Tokens.!#$%&'*+^`|~": "5"}
    async with serve(sending(b"".join(run_of("Hi")), more=more)) as server:
        recording = record(source(server.url), path)
        live = [await read(recording), await read(recording)]
    assert live[0] == live[1] == await read(Replay(path, speed=0))
    assert "x-ratelimit-remaining_tokens.!#$%&'*+^`|~: 5\n" in path.read_text("utf-8")


async def test_what_could_not_be_read_again_is_not_written(tmp_path) -> None:
    class Odd(Printer):
        """A provider whose class is named as what has no requests."""

    path = tmp_path / "a.cassette"
    async with serve(sending(b"".join(run_of("Hi")))) as server:
        await read(record(source(server.url), path))
        before = path.read_text("utf-8")
        odd = HttpSource(Odd(server.url, token="t0ken-of-tests", insecure=True))
        Odd.__name__ = "events"
        with pytest.raises(ProviderError, match=r"could not be recorded: .* expected -- events"):
            async for _ in stream_chat(record(odd, path), "And then?"):
                pass
    assert path.read_text("utf-8") == before


# ── Time ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("speed", [1, 2, 0.5])
async def test_pieces_come_at_the_recorded_times(speed, tmp_path) -> None:
    time = Time()
    path = paced(tmp_path / "a.cassette", 50, 0, 20)
    replay = Replay(path, speed=speed, clock=time.clock, sleep=time.sleep)
    came = [
        (each.text, round((time.now - 100) * speed * 1000))
        async for each in stream_chat(replay, "Hi")
        if isinstance(each, TextDelta)
    ]
    assert came == [("50 ", 150), ("0 ", 150), ("20 ", 170)]


async def test_a_late_piece_does_not_delay_the_next(tmp_path) -> None:
    time = Time()

    async def oversleep(seconds: float) -> None:
        await time.sleep(seconds + 0.015)

    path = paced(tmp_path / "a.cassette", 50, 20, 20)
    events = await read(Replay(path, clock=time.clock, sleep=oversleep))
    assert len(events) == 4
    assert [round(each, 3) for each in time.slept] == [0.115, 0.05, 0.02, 0.02]


async def test_speed_0_waits_for_nothing(tmp_path) -> None:
    time = Time()
    path = paced(tmp_path / "a.cassette", 900_000, 900_000)
    await read(Replay(path, speed=0, clock=time.clock, sleep=time.sleep))
    assert time.slept == []


async def test_what_is_recorded_has_the_times_at_which_it_came(tmp_path) -> None:
    time, path = Time(), tmp_path / "a.cassette"

    async def model(_messages):
        for token in ("a", "b", "c"):
            time.now += 0.0104  # rounding each alone would lose more and more
            yield token

    await read(Recording(FunctionSource(model), path, clock=time.clock))
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("+")] == ["+10 ms", "+11 ms", "+10 ms"]


def test_stop_is_heard_in_the_middle_of_a_replay(tmp_path) -> None:
    path = paced(tmp_path / "a.cassette", 1, 600_000)
    with nothing_left_behind():
        chat, come = ChatNode(Replay(path)), threading.Event()
        chat.on_token(lambda _text: come.set())
        turn = chat.send("Hi")
        assert come.wait(SOON)
        turn.stop()
        reply = turn.result(SOON)
        assert (reply.status, reply.content) == ("stopped", "1 ")
        chat.close()


# ── Stop ───────────────────────────────────────────────────────────────────────────────────────


async def stopped_when(happens: asyncio.Event, recording) -> None:
    """Ask, and stop once something has happened."""

    async def ask() -> None:
        async for _ in stream_chat(recording, "Hi"):
            pass

    task = asyncio.create_task(ask())
    await happens.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def replayed_until_it_stops(path) -> str:
    """The text that a replay gives before it stops by itself."""
    texts: list[str] = []

    async def ask() -> None:
        async for each in stream_chat(Replay(path, speed=0), "Hi"):
            if isinstance(each, TextDelta):
                texts.append(each.text)  # noqa: PERF401  # kept, though the loop is cancelled

    with pytest.raises(asyncio.CancelledError):
        await ask()
    return "".join(texts)


async def test_an_answer_that_was_stopped_before_it_began_is_replayed(tmp_path) -> None:
    path, came = tmp_path / "a.cassette", asyncio.Event()

    async def silent(connection) -> None:
        came.set()
        await connection.gone()

    async with serve(silent) as server:
        await stopped_when(came, record(source(server.url), path))
    assert await replayed_until_it_stops(path) == ""
    assert "-- response" not in path.read_text("utf-8")


async def test_an_answer_that_was_stopped_between_two_connections_is_replayed(tmp_path) -> None:
    path, waiting = tmp_path / "a.cassette", asyncio.Event()

    async def wait(_seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async with serve(in_turn(*RESUMED)) as server:
        await stopped_when(waiting, record(source(server.url, wait=wait), path))
    assert await replayed_until_it_stops(path) == "Hel"
    assert path.read_text("utf-8").count("-- request") == 1


async def test_a_chunk_that_nobody_read_before_stop_is_not_recorded() -> None:
    async def body():
        yield b"one"
        yield b"two"

    class Opening:
        async def __aenter__(self):
            return httpx.Response(200, content=body())

        async def __aexit__(self, *error):
            return None

    for read_last, left in ((False, [b"one"]), (True, [b"one", b"two"])):
        tape = Tape(Time().clock)
        spec = RequestSpec(method="POST", url="http://127.0.0.1:1/", headers={})
        async with tape.connection(spec, Opening()) as response:
            chunks = response.aiter_bytes()
            await anext(chunks)
            tape.hear(TextDelta("one"), keep=False)
            await anext(chunks)
            if read_last:
                tape.hear(TextDelta("two"), keep=False)
            tape.cut()
        assert [chunk.data for chunk in tape.exchanges[0].chunks] == left
