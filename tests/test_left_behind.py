"""What came and went is gone: 200 turns, 20 chats, by counting all that could have stayed."""

from __future__ import annotations

import comm
import pytest
from ipywidgets import Layout

from asking import ENDINGS, answer_as_asked, ask_many
from comms import Page, RecordingComm
from counting import count, left_since
from printer_widget import ChatNode
from servers import serve_in_thread, source
from sources import at_once


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.mark.slow
def test_two_hundred_turns_leave_everything_as_it_was() -> None:
    with serve_in_thread(answer_as_asked) as server:
        chat = ChatNode(source(server.url))
        page = Page(chat.comm)
        ask_many(chat, page, len(ENDINGS))  # what stays for good is there from now on
        before = count()
        assert ask_many(chat, page, 200).total() == 200
        assert left_since(before) == {}
        chat.close()


def test_twenty_chats_that_were_closed_leave_nothing() -> None:
    with serve_in_thread(answer_as_asked) as server:
        _live_once(server.url)
        before = count()
        for _ in range(20):
            _live_once(server.url)
        assert left_since(before) == {}


def _live_once(url: str) -> None:
    chat = ChatNode(source(url))
    ask_many(chat, Page(chat.comm), len(ENDINGS))
    chat.send("go on")
    chat.close()


def test_a_layout_of_the_readers_own_stays_open_when_its_chat_is_closed() -> None:
    layout = Layout(width="50%")
    ChatNode(at_once("x"), layout=layout).close()
    assert layout.comm is not None
