"""What was recorded from a real server is replayed: the same text, endings and events, in order."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chats import nothing_left_behind
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
from printer_widget.conversation import Message
from printer_widget.events import Reconnecting
from printer_widget.loop import turns
from printer_widget.sources import HttpSource
from protocols import KEY, PROTOCOLS, Protocol
from servers import (
    TOKEN,
    Connection,
    event,
    in_turn,
    no_wait,
    read,
    refused_url,
    reset,
    run_of,
    sending,
    serve,
    serve_in_thread,
    source,
)
from serving import serving

SOON = 10


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


def teaching(protocol: Protocol, stopped: threading.Event):
    """Answer by what is asked: well, with a refusal, with half an answer, or without an end."""

    async def answer(connection: Connection) -> None:
        asked = connection.request.body.decode()
        if "Refuse" in asked.rpartition("Q:")[2]:
            await connection.head("401 No", content_type="application/json")
            await connection.send(json.dumps({"error": {"message": f"Bad key {KEY}"}}).encode())
            return
        await connection.head()
        await connection.send(protocol.begin + protocol.text("Hälf "))
        await connection.send(protocol.text("an ans"))
        if "Break" in asked.rpartition("Q:")[2]:
            connection.reset()
        elif "Go on" in asked.rpartition("Q:")[2]:
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
                assert come.wait(SOON), (turn.text, chat.messages, turn.done())
            turn.stop()
        try:
            turn.result(SOON)
        except ChatError:
            pass
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


# ── Time ───────────────────────────────────────────────────────────────────────────────────────


def paced(path: Path, *times: int) -> Path:
    """A cassette whose chunks come after so many ms, each behind the one before."""
    chunks = "".join(f'+{at} ms\n| event: message\n| data: {{"token":"{at} "}}\n|\n' for at in times)
    path.write_text(
        "printer-widget cassette 1\n== Hi\nfrom: Printer\nurl: http://127.0.0.1:1\n"
        "-- user\n| Hi\n-- request POST http://127.0.0.1:1/api/chat/stream\n"
        f"+100 ms\n-- response 200\ncontent-type: text/event-stream\n{chunks}"
        "+1 ms\n| event: stream_end\n| data: {}\n|\n-- complete\n"
    )
    return path


@pytest.mark.parametrize("speed", [1, 2, 0.5])
async def test_pieces_come_at_the_recorded_times(speed, tmp_path) -> None:
    time = Time()
    path = paced(tmp_path / "a.cassette", 50, 0, 20)
    replay = Replay(path, speed=speed, clock=time.clock, sleep=time.sleep)
    came = []
    async for each in stream_chat(replay, "Hi"):
        if isinstance(each, TextDelta):
            came.append((each.text, round((time.now - 100) * speed * 1000)))
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

    from printer_widget.sources import FunctionSource
    from printer_widget.sources.record import Recording

    await read(Recording(FunctionSource(model), path, clock=time.clock))
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("+")] == ["+10 ms", "+11 ms", "+10 ms"]


def test_stop_is_heard_in_the_middle_of_a_replay(tmp_path) -> None:
    path = paced(tmp_path / "a.cassette", 1, 600_000)
    with nothing_left_behind():
        chat = ChatNode(Replay(path))
        turn = chat.send("Hi")
        pieces = iter_in_thread(turn)
        assert next(pieces) == "1 "
        turn.stop()
        reply = turn.result(SOON)
        assert (reply.status, reply.content) == ("stopped", "1 ")
        chat.close()


def iter_in_thread(turn):
    """The pieces of a turn, from synchronous code."""

    async def first() -> str:
        async for piece in turn:
            return piece
        return ""

    yield asyncio.run(first())


# ── Whose answer it is ─────────────────────────────────────────────────────────────────────────


def echoing(messages):
    """Answer with what was asked, and how much was said before."""
    yield f"{len(messages)}: {messages[-1]['content']}"


def asked(chat: ChatNode, text: str) -> Message | ChatError:
    try:
        return chat.send(text).result(SOON)
    except ChatError as error:
        return error


def made(path: Path, *questions: str, model=echoing, **options) -> Path:
    chat = ChatNode(record(model, path), **options)
    for text in questions:
        asked(chat, text)
    chat.close()
    return path


def test_the_same_question_elsewhere_is_another_turn(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "Why?", "Why?", "Why?")
    chat = ChatNode(Replay(path, speed=0))
    assert [asked(chat, "Why?").content for _ in range(3)] == ["1: Why?", "3: Why?", "5: Why?"]
    chat.clear()
    assert asked(chat, "Why?").content == "1: Why?"
    chat.close()


@pytest.mark.parametrize(
    ("system", "before", "question", "says"),
    [
        (None, (), "Wat is the mean?", "the nearest question that is recorded is “What is the me"),
        (None, (), "Give an example", "recorded at another place of the conversation: after “What"),
        (None, ("What is the mean?",), "An example", "that is recorded is “Give an example”"),
        ("Be brief.", (), "What is the mean?", "recorded, but under another system prompt"),
        (None, ("What is the mean?",), "What is the mean?", "of the conversation: as the first"),
    ],
)
def test_an_unknown_question_is_an_error_that_names_the_nearest(
    system, before, question, says, tmp_path
) -> None:
    path = made(tmp_path / "lesson.cassette", "What is the mean?", "Give an example")
    chat = ChatNode(Replay(path, speed=0), system=system)
    for each in before:
        assert asked(chat, each).status == "complete"
    error = asked(chat, question)
    assert isinstance(error, ProviderError)
    assert f"“{question}” is not recorded here in lesson.cassette: " in str(error)
    assert says in str(error)
    chat.close()


def test_an_unknown_question_may_go_to_another_source_and_be_recorded(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    for _ in range(2):
        chat = ChatNode(Replay(path, speed=0, fallback=record(echoing, path)))
        assert [asked(chat, text).content for text in "ab"] == ["1: a", "3: b"]
        chat.close()
    text = path.read_text("utf-8")
    chat = ChatNode(Replay(path, speed=0))
    assert [asked(chat, text).content for text in "ab"] == ["1: a", "3: b"]
    chat.close()
    assert text.count("\n== ") == 2


def test_recording_a_question_again_replaces_its_answer_alone(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b")
    before = path.read_text("utf-8").split("\n== ")
    made(path, "a", model=lambda _messages: "another")
    after = path.read_text("utf-8").split("\n== ")
    assert "another" in after[1]
    assert (after[0], after[2]) == (before[0], before[2])


def test_an_answer_edited_by_hand_is_followed_by_the_recorded_questions(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b", "c")
    text = path.read_text("utf-8")
    assert text.count("1: a") == 1
    path.write_text(text.replace("1: a", "Something else, and longer"), "utf-8")
    chat = ChatNode(Replay(path, speed=0))
    answers = [asked(chat, text).content for text in "abc"]
    assert answers == ["Something else, and longer", "3: b", "5: c"]
    chat.close()


def test_a_question_after_a_stopped_answer_is_found_wherever_that_was_stopped(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    with recorded_lesson("Printer", path):
        pass
    text = path.read_text("utf-8")
    assert text.count('"an ans"') == 4
    path.write_text(text.replace('"an ans"', '"an a"'), "utf-8")
    replay = Replay(path, speed=0)
    chat = ChatNode(replay, system="Teach.")
    for question in QUESTIONS[:3]:
        asked(chat, question)
    first = asked(chat, QUESTIONS[3])
    assert (first.status, first.content) == ("stopped", "Hälf an a")
    assert asked(chat, QUESTIONS[4]).status == "complete"
    chat.close()


# ── The file ───────────────────────────────────────────────────────────────────────────────────


def test_a_crash_in_mid_stream_leaves_the_earlier_turns(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a")
    before = path.read_bytes()
    come = threading.Event()

    async def endless(_messages):
        yield "half"
        come.set()
        await asyncio.Event().wait()

    chat = ChatNode(record(endless, path))
    turn = chat.send("b")
    assert come.wait(SOON)
    assert path.read_bytes() == before
    turn.stop()
    chat.close()


def test_an_answer_that_cannot_be_written_is_kept_and_says_so(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    chat = ChatNode(record(echoing, path))
    path.write_text("no cassette", "utf-8")
    error = asked(chat, "Hi")
    assert isinstance(error, ProviderError)
    assert "could not be recorded" in str(error)
    assert "a.cassette, line 1: this is no cassette" in str(error)
    assert error.reply.content == "1: Hi"
    assert path.read_text("utf-8") == "no cassette"
    chat.close()


def test_chats_that_record_to_one_file_lose_nothing(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    chats = [ChatNode(record(echoing, path)) for _ in range(8)]
    begun = [chat.send(f"question {at}") for at, chat in enumerate(chats)]
    for turn in begun:
        turn.result(SOON)
    replay = Replay(path)
    assert {entry.question for entry in replay.entries} == {f"question {at}" for at in range(8)}
    for chat in chats:
        chat.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a.cassette"]


def test_a_missing_file_and_a_speed_that_is_none_are_said_so(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no cassette .*record one with"):
        Replay(tmp_path / "none.cassette")
    with pytest.raises(FileNotFoundError, match="no folder for"):
        record(echoing, tmp_path / "none" / "a.cassette")
    path = paced(tmp_path / "a.cassette", 1)
    for speed in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="speed must be 0"):
            Replay(path, speed=speed)
    with pytest.raises(TypeError, match="speed must be a number, got str"):
        Replay(path, speed="fast")


def test_a_provider_of_ones_own_is_named_and_can_be_given(tmp_path) -> None:
    class Mine(Printer):
        pass

    path = paced(tmp_path / "a.cassette", 1)
    path.write_text(path.read_text().replace("from: Printer", "from: Mine"))
    with pytest.raises(ValueError, match=r"a.cassette, line 2: recorded with Mine.*provider="):
        Replay(path)
    chat = ChatNode(Replay(path, speed=0, provider=Mine("http://127.0.0.1:1", token=TOKEN)))
    assert asked(chat, "Hi").content == "1 "
    chat.close()


def test_two_chats_replay_one_cassette_at_once(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b")
    replay = Replay(path, speed=0)
    chats = [ChatNode(replay) for _ in range(2)]
    turns_ = [chat.send("a") for chat in chats]
    assert [turn.result(SOON).content for turn in turns_] == ["1: a"] * 2
    for chat in chats:
        chat.close()
    assert turns.loop.is_running()
