from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, nullcontext

import pytest

from printer_widget import (
    ChatError,
    ConversationAssigned,
    ProviderError,
    StreamEnd,
    StreamInterrupted,
    StreamTooLarge,
    TextDelta,
)
from printer_widget.batching import Batcher
from printer_widget.conversation import Conversation, Message, Question
from printer_widget.loop import turns
from printer_widget.testing import ScriptedModel
from printer_widget.turn import Turn
from sources import drain

QUESTION = Question(
    conversation=Conversation(messages=(Message(id="u", role="user", content="?", timestamp=""),))
)


class Listener:
    """Notes what a turn tells, in order, and on which thread."""

    def __init__(self) -> None:
        self.told: list[tuple] = []
        self.on_loop: list[bool] = []
        self.waiters_done_at_ending: bool | None = None
        self.text_seen = threading.Event()

    def text_arrived(self, turn, text):
        self.told.append(("text", text))
        self.on_loop.append(turns.is_here())
        self.text_seen.set()

    def conversation_assigned(self, turn, conversation_id):
        self.told.append(("conversation", conversation_id))

    def turn_ended(self, turn, reply):
        self.told.append(("end", reply.status, reply.content))
        self.waiters_done_at_ending = turn.done()


class Source(ScriptedModel):
    """Notes that its stream was closed."""

    def __init__(self):
        super().__init__()
        self.closed = asyncio.Event()

    async def stream(self, question):
        try:
            async with aclosing(super().stream(question)) as events:
                async for event in events:
                    yield event
        finally:
            self.closed.set()


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def listener():
    return Listener()


def make(source, listener, **options) -> Turn:
    return Turn(
        QUESTION,
        source,
        id="t1",
        timestamp="2026-01-01T00:00:00.000+00:00",
        loop=turns,
        listener=listener,
        batcher=Batcher(),
        **options,
    )


@pytest.fixture
def turn(source, listener):
    turn = make(source, listener)
    turns.call(turn._start)
    yield turn
    turn.stop()


def test_a_complete_answer_is_a_message(turn, source):
    source.put("Hel", "lo")
    source.end()
    reply = turn.result(10)
    assert (reply.content, reply.status, reply.role) == ("Hello", "complete", "assistant")


def test_the_server_names_the_message_and_the_conversation(turn, source):
    source.put(ConversationAssigned("c9"), "x", StreamEnd("m9"))
    reply = turn.result(10)
    assert (reply.id, reply.conversation_id) == ("m9", "c9")


def test_the_first_text_is_told_at_once_and_on_the_loop(turn, source, listener):
    source.put("first")
    assert listener.text_seen.wait(10)
    assert listener.told == [("text", "first")]
    assert listener.on_loop == [True]


def test_many_tokens_become_few_pieces_that_add_up(turn, source, listener):
    source.put(*["token "] * 2000)
    source.end()
    turn.result(10)
    pieces = [told[1] for told in listener.told if told[0] == "text"]
    assert "".join(pieces) == "token " * 2000
    assert len(pieces) < 200


def test_the_listener_has_the_ending_before_any_waiter(turn, source, listener):
    source.put("x")
    source.end()
    turn.result(10)
    assert listener.waiters_done_at_ending is False


def test_stop_keeps_what_came_and_is_no_error(turn, source, listener):
    source.put("part")
    assert listener.text_seen.wait(10)
    turn.stop()
    reply = turn.result(0)
    assert (reply.content, reply.status, reply.error) == ("part", "stopped", None)


def test_stop_flushes_what_was_batched(turn, source, listener):
    source.put("a")
    assert listener.text_seen.wait(10)

    def batch_and_stop():
        turn._take(TextDelta("b"), turns.loop.time())
        turn._end("stopped")

    turns.call(batch_and_stop)
    assert turn.result(0).content == "ab"


async def test_stop_closes_the_source(turn, source):
    source.put("part")
    turn.stop()
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(source.closed.wait(), turns.loop))


def test_a_turn_stopped_before_its_first_step_ends(source, listener):
    turn = make(source, listener)

    def start_and_stop():
        turn._start()
        turn._end("stopped")

    turns.call(start_and_stop)
    assert turn.result(0).status == "stopped"
    assert source.questions == []


def test_a_task_cancelled_before_its_first_step_ends_too(source, listener):
    turn = make(source, listener)

    def start_and_cancel():
        turn._start()
        turn._task.cancel()

    turns.call(start_and_cancel)
    assert turn.result(10).status == "stopped"


def test_stop_works_from_many_threads_at_once_and_ends_once(turn, source, listener):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: turn.stop(), range(50)))
    assert [told[0] for told in listener.told].count("end") == 1


def test_what_a_source_yields_after_the_end_is_dropped(listener):
    class Stubborn:
        label = "stubborn"

        async def stream(self, question):
            yield TextDelta("a")
            while not turn.done():
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    yield TextDelta("late")

    turn = make(Stubborn(), listener)
    turns.call(turn._start)
    assert listener.text_seen.wait(10)
    turn.stop()
    drain()
    assert listener.told == [("text", "a"), ("end", "stopped", "a")]


def test_an_error_is_raised_with_the_partial_reply(turn, source):
    source.put("part", ProviderError("the model fell over"))
    with pytest.raises(ProviderError, match="the model fell over") as caught:
        turn.result(10)
    assert caught.value.reply.content == "part"
    assert caught.value.reply.status == "error"
    assert caught.value.reply.error == "the model fell over"


def test_a_stream_that_breaks_off_is_interrupted(turn, source):
    source.put("part", StreamInterrupted("it broke off"))
    with pytest.raises(StreamInterrupted) as caught:
        turn.result(10)
    assert (caught.value.reply.content, caught.value.reply.status) == ("part", "interrupted")


def test_a_source_that_just_returns_is_interrupted(listener):
    class Short:
        label = "short"

        async def stream(self, question):
            yield TextDelta("part")

    turn = make(Short(), listener)
    turns.call(turn._start)
    with pytest.raises(StreamInterrupted) as caught:
        turn.result(10)
    assert caught.value.reply.content == "part"


def test_an_unexpected_exception_of_a_source_is_named_and_kept_as_the_cause(turn, source):
    source.put("part", KeyError("delta"))
    with pytest.raises(ProviderError, match="scripted raised KeyError: 'delta'") as caught:
        turn.result(10)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.reply.content == "part"


def test_a_reply_beyond_its_limit_ends_with_what_fits(source, listener):
    turn = make(source, listener, max_reply=10)
    turns.call(turn._start)
    source.put("12345678", "90abc")
    with pytest.raises(StreamTooLarge, match="longer than 10 characters") as caught:
        turn.result(10)
    assert caught.value.reply.content == "1234567890"


def test_a_turn_that_nobody_waits_for_raises_nowhere(turn, source, recwarn, caplog):
    source.put(ProviderError("unseen"))
    while not turn.done():
        drain()
    assert not caplog.records
    assert not list(recwarn)


def test_result_gives_up_in_time_and_the_turn_goes_on(turn, source):
    with pytest.raises(TimeoutError, match=r"no end within 0\.01 s: wait again, or stop"):
        turn.result(timeout=0.01)
    with pytest.raises(TypeError, match="a number of seconds, got str"):
        turn.result(timeout="1")
    source.end()
    assert turn.result(10).status == "complete"


def test_result_on_the_loop_names_await(turn):
    with pytest.raises(RuntimeError, match="await turn"):
        turns.call(turn.result)


async def test_awaiting_works_from_any_loop_and_twice(turn, source):
    waiting = asyncio.ensure_future(turn._wait())
    source.put("x")
    source.end()
    assert (await waiting) == (await turn)


async def test_awaiting_a_failed_turn_raises_each_time(turn, source):
    source.put(ProviderError("no"))
    for _ in range(2):
        with pytest.raises(ProviderError):
            await turn


async def test_a_waiters_timeout_does_not_stop_the_turn(turn, source):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(turn, 0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await turn
    source.put("on")
    source.end()
    assert (await turn).content == "on"


async def test_cancelling_a_waiting_task_does_not_stop_the_turn(turn, source):
    task = asyncio.ensure_future(turn._wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    source.end()
    assert (await turn).status == "complete"


async def test_a_cancelled_cell_stops_its_turn_and_stays_cancelled(source, listener):
    cell = asyncio.current_task()
    turn = make(source, listener, watch_cell=lambda: nullcontext(lambda: cell.cancelling() > 0))
    turns.call(turn._start)
    asyncio.get_running_loop().call_soon(cell.cancel)
    with pytest.raises(asyncio.CancelledError):
        await turn
    reply = await asyncio.to_thread(turn.result, 10)
    cell.uncancel()
    assert reply.status == "stopped"


async def test_a_timeout_inside_a_cell_does_not_stop_its_turn(source, listener):
    cell = asyncio.current_task()
    turn = make(source, listener, watch_cell=lambda: nullcontext(lambda: cell.cancelling() > 0))
    turns.call(turn._start)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await turn
    await asyncio.sleep(0)
    drain()
    assert not turn.done()
    turn.stop()


async def test_following_replays_then_follows_then_ends(turn, source, listener):
    source.put("early ")
    await asyncio.to_thread(listener.text_seen.wait, 10)
    pieces = []
    async for piece in turn:
        pieces.append(piece)
        if len(pieces) == 1:
            source.put("late")
            source.end()
    assert pieces == ["early ", "late"]


async def test_following_raises_after_the_last_piece(turn, source):
    source.put("part", StreamInterrupted("gone"))
    pieces = []

    async def follow():
        async for piece in turn:
            pieces.append(piece)  # noqa: PERF401  # what came must survive the exception

    with pytest.raises(StreamInterrupted):
        await follow()
    assert "".join(pieces) == "part"


async def test_two_followers_see_the_same_text(turn, source):
    async def follow():
        return "".join([piece async for piece in turn])

    both = asyncio.gather(follow(), follow())
    for _ in range(100):
        source.put("word ")
    source.end()
    assert await both == ["word " * 100] * 2


def test_a_follower_whose_loop_is_closed_disturbs_nobody(turn, source, caplog):
    async def follow_a_little():
        waiting = asyncio.ensure_future(turn._wait())
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(follow_a_little())
    source.put("x")
    source.end()
    assert turn.result(10).content == "x"
    assert not caplog.records


def test_stop_is_heard_within_a_flood_that_never_pauses(listener):
    class Flood:
        label = "flood"

        async def stream(self, question):
            while True:
                yield TextDelta("x")

    turn = make(Flood(), listener, max_reply=10**9)
    turns.call(turn._start)
    assert listener.text_seen.wait(10)
    turn.stop()
    assert turn.result(0).status == "stopped"


def test_its_repr_is_the_same_in_every_phase(turn, source):
    before = repr(turn)
    source.end()
    turn.result(10)
    assert repr(turn) == before


def test_every_failure_is_a_chat_error():
    for error in (ProviderError, StreamInterrupted, StreamTooLarge):
        assert issubclass(error, ChatError)
