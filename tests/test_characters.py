"""Every character comes through the whole pipeline: out of a server or a function, to the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import comm
import pytest

from comms import Page, RecordingComm
from printer_widget import ChatNode
from printer_widget.loop import turns
from printer_widget.sources import FunctionSource, Source
from printer_widget.testing import press_stop
from servers import answer_of, sending, serve_in_thread, source
from sources import drain
from test_faults_flood import Rounds

EMPTY = 100_000
ANSWERERS = ("a server", "an async generator", "a generator on a thread")

TEXTS = {
    "a pair of surrogates in two pieces": (["a\ud83d", "\ude00b"], "a😀b"),
    "a pair with nothing between its halves": (["a\ud83d", "", "\ude00b"], "a😀b"),
    "a lone high surrogate": (["a\ud83d", "b"], "a\ufffdb"),
    "a lone low surrogate": (["a", "\ude00b"], "a\ufffdb"),
    "surrogates in the wrong order": (["\ude00", "\ud83d"], "\ufffd\ufffd"),
    "NUL": (["a\0", "\0b"], None),
    "a family in its pieces": ([*"👩\u200d👩\u200d👧"], None),
    "a skin tone, a flag, a keycap": ([*"👋🏽🇩🇰1\ufe0f\u20e3"], None),
    "an accent behind its letter": (["e", "\u0301", "Z", "\u0351\u036b"], None),
    "Hangul in its letters": ([*"\u1112\u1161\u11ab"], None),
    "ends of lines of all kinds": (["a\u2028b", "\u2029\x85\r", "\nc\v\f\x1c\x1e"], None),
    "right to left, with overrides": (["שלום \u202e", "abc\u202c \u2066x\u2069\u200f"], None),
    "byte-order marks and no characters": (["\ufeffa\ufeff", "\ufffe\uffff"], None),
    "pieces of nothing": (["", "a", "", "", "b", ""], None),
    "nothing but nothing": ([""] * 10, None),
}
"""What is said in which pieces, and what the text is then, if it is not just these."""


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@contextmanager
def answering(answerer: str, pieces: list[str]) -> Iterator[tuple[Source, list[str]]]:
    """Yield a source that answers in these pieces, and the questions that it gets."""
    asked: list[str] = []

    async def generate(messages: list[dict[str, str]]) -> Any:
        asked.append(messages[-1]["content"])
        for piece in pieces:
            yield piece

    def generate_on_thread(messages: list[dict[str, str]]) -> Any:
        asked.append(messages[-1]["content"])
        yield from pieces

    if answerer == "a server":
        with serve_in_thread(sending(answer_of(*pieces))) as server:
            yield source(server.url), asked
            asked += [each.json()["user_message"] for each in server.questions]
    else:
        is_async = answerer == "an async generator"
        yield FunctionSource(generate if is_async else generate_on_thread), asked


@pytest.mark.parametrize("answerer", ANSWERERS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_asked_and_answered_as_it_is(name: str, answerer: str) -> None:
    pieces, text = TEXTS[name]
    text = "".join(pieces) if text is None else text
    with answering(answerer, pieces) as (made, asked):
        chat = ChatNode(made)
        page = Page(chat.comm)
        turn = chat.send("?" + "".join(pieces))
        assert turn.result(10).content == chat.streamedText == text
        drain()
        json.dumps(chat.comm.published, ensure_ascii=False).encode()
        assert page.read().text == text
        assert [one["content"] for one in page.browser.state["messages"]] == ["?" + text, text]
        chat.close()
    assert asked == ["?" + text]


@pytest.mark.slow
@pytest.mark.parametrize("answerer", ANSWERERS)
def test_a_hundred_thousand_empty_tokens_send_nothing_and_leave_the_loop_its_rounds(
    answerer: str,
) -> None:
    with answering(answerer, [*[""] * EMPTY, "end"]) as (made, _):
        rounds = Rounds(made)
        chat = ChatNode(rounds)
        Page(chat.comm)
        assert chat.send("?").result(30).content == "end"
        rounds.report()
        assert rounds.most < EMPTY // 10
        assert rounds.rounds > 10
        said = [one["content"] for one in chat.comm.taken() if one["method"] == "custom"]
        assert [one["text"] for one in said if one["type"] == "append"] == ["end"]
        assert len(said) < 10
        chat.close()


class StopSoon(Rounds):
    """Calls ``stop`` after some rounds of the loop; whatever comes then is in the midst of it."""

    def __init__(self, made: Source, stop: Callable[[], None]) -> None:
        super().__init__(made)
        self._stop = stop

    def _round(self, events: int, then: float) -> None:
        super()._round(events, then)
        if self.rounds == 20:
            turns.post(self._stop)


@pytest.mark.slow
@pytest.mark.parametrize("answerer", ANSWERERS)
def test_stop_is_heard_among_a_hundred_thousand_empty_tokens(answerer: str) -> None:
    with answering(answerer, [""] * EMPTY) as (made, _):
        rounds = StopSoon(made, lambda: press_stop(chat))
        chat = ChatNode(rounds)
        assert chat.send("?").result(30).status == "stopped"
        assert rounds.events < EMPTY
        chat.close()
