"""What is known of one answer over its connections, and what is judged from that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.errors import ChatError, ConnectionFailed, ProviderError, StreamInterrupted
from printer_widget.events import (
    ConversationAssigned,
    StreamEnd,
    StreamEvent,
    StreamStart,
    TextDelta,
)
from printer_widget.providers import Printer
from printer_widget.retry import MAX_ATTEMPTS, MAX_RESUMES
from printer_widget.sources.run import Broken, Run, refused
from printer_widget.sse import ServerSentEvent
from servers import question

PRINTER = Printer(idempotent=False)
SAFE = Printer(idempotent=True)
INTERRUPTED = StreamInterrupted("it broke off")


def begun(*ids: str, run_id: str | None = "r1") -> Run:
    """A run on its first connection, on which events under these ids came."""
    run = Run(id=run_id)
    run.connect(PRINTER, question())
    for each in ids:
        take(run, each)
    return run


def take(run: Run, id: str, *events: StreamEvent, data: str | None = None):  # noqa: A002
    """Let an event come; each has a text of its own, unless it is said what stands in it."""
    news = events or (TextDelta("x"),)
    return run.take(ServerSentEvent("message", data or f"of {id}", id), news)


def judged(run: Run, broken: Broken | None, provider: Printer = PRINTER, dice: float = 0.5):
    return run.judge(broken, provider, dice=dice)


# ── Before the first event ─────────────────────────────────────────────────────────────────────


def test_what_never_arrived_is_tried_three_times_in_all() -> None:
    run, broken = Run(), Broken(ConnectionFailed("no"), never_arrived=True)
    assert [judged(run, broken) for _ in range(3)] == [
        (broken.failure, 0.25),
        (broken.failure, 0.5),
        (broken.failure, None),
    ]
    assert (run.failures, run.limit) == (MAX_ATTEMPTS, MAX_ATTEMPTS)


def test_what_may_have_arrived_is_tried_again_only_where_that_is_safe() -> None:
    broken = Broken(INTERRUPTED)
    assert judged(Run(), broken) == (INTERRUPTED, None)
    assert judged(Run(), broken, SAFE) == (INTERRUPTED, 0.25)


def test_what_is_refused_is_not_tried_again_wherever() -> None:
    broken = refused("HTTP 401", status=401)
    failure, wait_s = judged(Run(), broken, SAFE)
    assert (type(failure), failure.status, wait_s) == (ProviderError, 401, None)


@given(st.floats(0, 60), st.floats(0, 1, exclude_max=True))
def test_the_wait_that_a_server_names_is_obeyed_whatever_the_dice(asked: float, dice) -> None:
    broken = Broken(INTERRUPTED, never_arrived=True, wait_s=asked)
    assert judged(Run(), broken, dice=dice) == (INTERRUPTED, asked)


@given(
    st.integers(0, 10**15) | st.none(),
    st.floats(0, 60) | st.none(),
    st.floats(0, 1, exclude_max=True),
)
def test_no_wait_is_shorter_than_the_streams_reconnection_time_or_longer_than_its_limit(
    retry_ms: int | None, asked: float | None, dice: float
) -> None:
    run = begun("1")
    run.retry_ms = retry_ms
    _, wait_s = judged(run, Broken(INTERRUPTED, wait_s=asked), dice=dice)
    assert min(retry_ms or 0, 30_000) / 1000 <= wait_s <= max(asked or 0, 30)


def test_one_key_goes_with_every_question_and_another_with_every_other_run() -> None:
    run = Run()
    keys = [run.connect(PRINTER, question()).headers["Idempotency-Key"] for _ in range(3)]
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert Run().connect(PRINTER, question()).headers["Idempotency-Key"] != keys[0]


# ── What comes, and what of it is news ─────────────────────────────────────────────────────────


def test_a_run_whose_events_have_ids_is_resumed_after_the_last_one() -> None:
    spec = begun("1", "b", "é").connect(PRINTER, question())
    assert (spec.method, spec.url[-19:]) == ("GET", "/api/chat/stream/r1")
    assert spec.headers["Last-Event-ID"] == "é"
    assert "Idempotency-Key" not in spec.headers


@pytest.mark.parametrize(
    "ids", [[""], ["1", ""], ["", "1"], ["1", "1"], ["1", "2", "1"], [" 1"], ["1 "], ["a\x0cb"]]
)
def test_a_run_is_not_resumed_where_an_id_is_missing_or_used_twice_or_cannot_be_sent(ids) -> None:
    run = begun(*ids)
    assert run.resumed_by(PRINTER) is None
    assert judged(run, Broken(INTERRUPTED), SAFE) == (INTERRUPTED, None)


def test_a_run_without_a_name_is_neither_resumed_nor_asked_again() -> None:
    for broken in (Broken(INTERRUPTED), Broken(INTERRUPTED, never_arrived=True)):
        assert judged(begun("1", "2", run_id=None), broken, SAFE) == (INTERRUPTED, None)


def test_what_came_on_an_earlier_connection_is_no_news() -> None:
    run = begun("1", "2")
    run.connect(PRINTER, question())
    assert [len(take(run, each)) for each in ("1", "2", "3", "2", "4")] == [0, 0, 1, 0, 1]
    assert run.last_id == "4"
    assert run.is_exact


def test_another_event_under_an_id_that_came_is_no_resumption() -> None:
    run = begun("1", "2")
    run.connect(PRINTER, question())
    with pytest.raises(Broken, match="did not go on where the answer broke off") as caught:
        take(run, "1", data="another")
    assert caught.value.hopeless


def test_text_without_an_id_is_no_resumption_and_anything_else_is_taken() -> None:
    run = begun("1")
    run.connect(PRINTER, question())
    for event in (StreamStart("r1"), ConversationAssigned("c1"), StreamEnd()):
        assert take(run, "", event, data=repr(event)) == (event,)
    with pytest.raises(Broken):
        take(run, "", TextDelta("x"))


def test_text_without_an_id_is_taken_where_another_connection_brought_nothing() -> None:
    run = Run()
    run.connect(PRINTER, question())
    judged(run, Broken(ConnectionFailed("no"), never_arrived=True))
    run.connect(PRINTER, question())
    assert [len(take(run, "")) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("id", ["", "1"])
def test_a_ping_without_an_id_of_its_own_disturbs_nothing(id: str) -> None:  # noqa: A002
    run = begun("1")
    assert run.take(ServerSentEvent("ping", "{}", id), ()) == ()
    assert run.resumed_by(PRINTER) is not None
    assert Run().take(ServerSentEvent("ping", "{}", ""), ()) == ()


def test_a_ping_with_an_id_of_its_own_counts() -> None:
    run = begun("1")
    run.take(ServerSentEvent("ping", "{}", "2"), ())
    assert run.connect(PRINTER, question()).headers["Last-Event-ID"] == "2"


@given(st.lists(st.text(max_size=2), max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_resumed_anywhere_each_event_is_news_once_and_in_order(ids, broke_at, resumed_at) -> None:
    run, news = begun(), []
    for each in ids[:broke_at]:
        news += [each] * len(take(run, each))
    if run.resumed_by(PRINTER) is None:
        return
    run.connect(PRINTER, question())
    for each in ids[min(resumed_at, broke_at) :]:  # a server may go back, but leaves nothing out
        try:
            news += [each] * len(take(run, each))
        except Broken:
            break
    once = list(dict.fromkeys(ids))
    if len(once) == len(ids):
        assert news == ids[: len(news)]
        assert len(news) >= broke_at or len(news) == len(ids)


# ── After the first event ──────────────────────────────────────────────────────────────────────


def test_a_broken_run_is_resumed_until_five_connections_failed_without_any_news() -> None:
    run, broken = begun("1"), Broken(INTERRUPTED)
    waits = [judged(run, broken, dice=1)[1] for _ in range(MAX_RESUMES)]
    assert waits == [0.5, 1, 2, 4, None]


def test_news_start_the_count_again() -> None:
    run, broken = begun("1"), Broken(INTERRUPTED)
    for number in range(2, 20):
        assert judged(run, broken)[1] is not None
        assert judged(run, broken)[1] is not None
        run.connect(PRINTER, question())
        take(run, str(number))


def test_the_first_break_that_cannot_be_mended_is_told_as_it_is() -> None:
    assert judged(begun(""), Broken(INTERRUPTED)) == (INTERRUPTED, None)


@pytest.mark.parametrize("failure", [ConnectionFailed("no one there"), ProviderError("HTTP 410")])
def test_a_resumption_that_fails_leaves_the_answer_interrupted(failure: ChatError) -> None:
    run = begun("1")
    judged(run, Broken(INTERRUPTED))
    told, wait_s = judged(run, Broken(failure, hopeless=True))
    assert (type(told), wait_s) == (StreamInterrupted, None)
    assert str(told) == f"the answer broke off and could not be resumed: {failure}"


def test_events_that_end_without_an_end_are_an_interruption() -> None:
    failure, wait_s = judged(begun(""), None)
    assert (type(failure), wait_s) == (StreamInterrupted, None)
