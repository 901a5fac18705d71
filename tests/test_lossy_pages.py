"""The real model.ts never shows a wrong word, whatever the channel does, and in the end every one.

The machine drives a ChatNode, and pages under Node.js, by random steps. To see other ones than
those of CI: ``PRINTER_SEED=7 PRINTER_STEPS=200000 python -m pytest tests/test_lossy_pages.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import ClassVar

import comm
import pytest
from hypothesis import HealthCheck, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from comms import RecordingComm
from lossy import FATES, Channel
from pages import Pages, pages_process
from printer_widget import ProviderError, StreamInterrupted, sync
from printer_widget.batching import join_surrogates
from printer_widget.events import ConversationAssigned, ReasoningDelta, Reconnecting
from virtual import virtual_turns

SEED = int(os.environ.get("PRINTER_SEED", "5"))
STEPS = int(os.environ.get("PRINTER_STEPS", "20000"))
RUN = 50
MOST_PAGES = 3
SETTLED_S = 60.0

# Halves of pairs, joiners, marks, directions, line separators, NUL: all that can be cut or lost.
CHARACTERS = "ab \n\0\u2028\u2029😀👩\u200d🚀e\u0301\u1112\u1161\u202eא\ud83d\ude00"
texts = st.text(st.sampled_from(CHARACTERS), max_size=6)
weathers = st.lists(st.sampled_from(FATES), max_size=6) | st.just(["is lost"])
pages_of = st.integers(0, MOST_PAGES - 1)


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with pages_process() as pages:
        yield pages


@pytest.fixture
def channel(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    with virtual_turns() as loop:
        channel = Channel(loop, pages, RecordingComm)
        yield channel
        channel.chat.close()
        pages.reset()


class LossyPages(RuleBasedStateMachine):
    """Python, the pages, and a channel that does whatever it likes."""

    pages: ClassVar[Pages]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        note(f"PRINTER_SEED={SEED}")
        self.time = virtual_turns()
        self.channel = Channel(self.time.__enter__(), self.pages, RecordingComm)
        self.asked = 0
        self.turn: str | None = None
        self.given = ""

    @initialize()
    def first_page(self) -> None:
        self.channel.open()

    @property
    def is_streaming(self) -> bool:
        return self.channel.state.streaming

    def page(self, number: int) -> str | None:
        names = list(self.channel.links)
        return names[number % len(names)] if names else None

    def put(self, *steps) -> None:
        self.channel.source.put(*steps)
        self.channel.run()

    # Python

    @precondition(lambda self: not self.is_streaming)
    @rule(text=texts)
    def python_asks(self, text: str) -> None:
        self.channel.chat.send(f"?{text}")
        self.channel.run()

    @precondition(lambda self: self.is_streaming)
    @rule(pieces=st.lists(texts, max_size=8))
    def tokens(self, pieces: list[str]) -> None:
        for piece in pieces:
            self.given += piece
            self.put(piece)
            self.channel.wait(0.02)

    @precondition(lambda self: self.is_streaming)
    @rule(pieces=st.lists(texts, max_size=8))
    def tokens_at_once(self, pieces: list[str]) -> None:
        self.given += "".join(pieces)
        self.put(*pieces)

    @precondition(lambda self: self.is_streaming)
    @rule(text=texts)
    def thought(self, text: str) -> None:
        self.put(ReasoningDelta(text))

    @precondition(lambda self: self.is_streaming)
    @rule(attempt=st.integers(2, 5))
    def connection_breaks(self, attempt: int) -> None:
        self.put(Reconnecting(attempt=attempt, of=5))

    @precondition(lambda self: self.is_streaming)
    @rule(name=st.sampled_from(["c1", "c2"]))
    def conversation_gets_a_name(self, name: str) -> None:
        self.put(ConversationAssigned(name))

    @precondition(lambda self: self.is_streaming)
    @rule(failure=st.sampled_from([None, ProviderError("no"), StreamInterrupted("gone")]))
    def turn_ends(self, failure: Exception | None) -> None:
        if failure is None:
            self.channel.source.end()
            self.channel.run()
        else:
            self.put(failure)

    @rule()
    def python_stops(self) -> None:
        self.channel.chat.stop()
        self.channel.run()

    @precondition(lambda self: not self.is_streaming)
    @rule(what=st.sampled_from(["retry", "edit", "delete", "clear"]), number=st.integers(0, 5))
    def python_changes(self, what: str, number: int) -> None:
        chat = self.channel.chat
        questions = [m["id"] for m in chat.messages if m["role"] == "user"]
        if what == "clear":
            chat.clear()
        elif questions:
            message = questions[number % len(questions)]
            {
                "retry": chat.retry,
                "edit": lambda: chat.edit(message, "edited"),
                "delete": lambda: chat.delete(message),
            }[what]()
        self.channel.run()

    # Readers

    @precondition(lambda self: len(self.channel.links) < MOST_PAGES)
    @rule(is_slow=st.booleans())
    def page_opens(self, is_slow: bool) -> None:
        if is_slow:
            self.channel.ask_for_state()
        else:
            self.channel.open()

    @precondition(lambda self: self.channel.arriving)
    @rule()
    def slow_page_is_there(self) -> None:
        self.channel.arrive()

    @rule(number=pages_of, is_opened_again=st.booleans())
    def page_closes(self, number: int, is_opened_again: bool) -> None:
        page = self.page(number)
        if page is not None:
            self.channel.close(page)
        if is_opened_again:
            self.channel.open()

    @rule(number=pages_of, text=texts)
    def page_asks(self, number: int, text: str) -> None:
        page = self.page(number)
        if page is None:
            return
        self.asked += 1
        text = f"{self.asked}: {text.encode('utf-8', 'replace').decode()}"
        before = self.channel.pages.shown[page]["waiting"]
        self.channel.pages.obey("send", page, text)
        if self.channel.pages.shown[page]["waiting"] != before:
            self.channel.links[page].asked.append(text)
        self.channel.run()

    @rule(number=pages_of, command=st.sampled_from(["stop", "retry", "new"]))
    def page_commands(self, number: int, command: str) -> None:
        page = self.page(number)
        if page is not None:
            self.channel.obey(page, command)

    @rule(number=pages_of, at=st.integers(0, 5), command=st.sampled_from(["edit", "delete"]))
    def page_changes(self, number: int, at: int, command: str) -> None:
        page = self.page(number)
        history = self.channel.pages.shown[page]["history"] if page else []
        if history:
            message = history[at % len(history)][0]
            more = ["edited there"] if command == "edit" else []
            self.channel.obey(page, command, message, *more)

    # The channel

    @rule(number=pages_of, fates=weathers)
    def weather_changes(self, number: int, fates: list[str]) -> None:
        page = self.page(number)
        if page is not None:
            self.channel.links[page].weather.change(fates)

    @rule(fates=weathers)
    def weather_to_the_kernel_changes(self, fates: list[str]) -> None:
        self.channel.up.change(fates)

    @rule(number=pages_of)
    def late_messages_arrive(self, number: int) -> None:
        page = self.page(number)
        if page is not None:
            self.channel.hurry(page)

    @rule(number=pages_of)
    def host_reconnects(self, number: int) -> None:
        page = self.page(number)
        if page is not None:
            self.channel.obey(page, "reconnected")

    @rule(milliseconds=st.sampled_from([20, 200, 1000, 5000, 30_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.channel.wait(milliseconds / 1000)

    @invariant()
    def nothing_wrong_is_shown(self) -> None:
        LossyPages.steps += 1
        self.channel.check()

    @invariant()
    def python_has_what_it_was_given(self) -> None:
        state = self.channel.state
        if state.turn == self.turn:
            assert join_surrogates(self.given).startswith(state.text)
        elif state.turn is not None:
            self.turn, self.given = state.turn, ""

    def teardown(self) -> None:
        """Once nothing is lost any more, every page knows everything."""
        try:
            self.channel.calm()
            self.channel.wait(SETTLED_S)
            self.channel.check()
            self.channel.check_equal()
            self.channel.check_answered()
            before = self.channel.updates
            self.channel.wait(SETTLED_S)
            assert self.channel.updates == before, "what everybody knows is sent again"
            if self.is_streaming:
                self.put("the rest")
                self.given += "the rest"
                self.channel.source.end()
                self.channel.run()
                assert self.channel.state.text == join_surrogates(self.given)
                self.channel.wait(SETTLED_S)
                self.channel.check_equal()
        finally:
            self.channel.chat.close()
            self.pages.reset()
            self.time.__exit__(None, None, None)


def test_a_page_that_heard_nothing_for_a_minute_learns_what_it_missed(channel):
    page = channel.open()
    channel.links[page].weather.change(["is lost"])
    channel.chat.send("Hi")
    channel.wait(40)
    channel.source.put("Hello")
    channel.source.end()
    channel.wait(20)
    channel.calm()
    channel.wait(sync.ASK_INTERVAL_S)
    channel.check_equal()


@pytest.mark.parametrize("fates", [["is lost", "arrives"], ["is lost", "is lost", "arrives"]])
def test_a_page_whose_question_for_its_kernel_is_lost_finds_it_all_the_same(channel, fates):
    page = channel.open()
    channel.up.change(fates)
    channel.obey(page, "reconnected")
    channel.wait(10)
    assert not channel.pages.shown[page]["unheard"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_page_shows_the_beginning_of_pythons_text_and_in_the_end_all_of_it(
    pages, monkeypatch
):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    monkeypatch.setattr(sync, "BACKLOG_LIMIT", 40)
    monkeypatch.setattr(LossyPages, "pages", pages, raising=False)
    monkeypatch.setattr(LossyPages, "steps", 0)
    run_state_machine_as_test(
        seed(SEED)(LossyPages),
        settings=settings(
            max_examples=STEPS // RUN,
            stateful_step_count=RUN,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert LossyPages.steps > STEPS / 2
