"""What came and went is gone: 200 turns, 20 chats, by counting all that could have stayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import comm
import pytest
from ipywidgets import Layout

from asking import ENDINGS, answer_as_asked, ask_many
from browser.kernel import Kernel
from comms import Page, RecordingComm
from counting import count, grown_since
from printer_widget import ChatNode
from servers import serve_in_thread, source
from sources import at_once

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    made = Kernel(tmp_path)
    yield made
    made.close()
    assert "Traceback" not in made.log.read_text()


@pytest.mark.slow
def test_two_hundred_turns_leave_everything_as_it_was() -> None:
    with serve_in_thread(answer_as_asked) as server:
        chat = ChatNode(source(server.url))
        page = Page(chat.comm)
        ask_many(chat, page, len(ENDINGS))  # what stays for good is there from now on
        before = count()
        assert ask_many(chat, page, 200).total() == 200
        assert grown_since(before) == {}
        chat.close()


@pytest.mark.slow
def test_twenty_chats_that_were_closed_leave_nothing() -> None:
    with serve_in_thread(answer_as_asked) as server:
        _live_once(server.url)
        before = count()
        for _ in range(20):
            _live_once(server.url)
        assert grown_since(before) == {}


def _live_once(url: str) -> None:
    chat = ChatNode(source(url))
    ask_many(chat, Page(chat.comm), len(ENDINGS))
    chat.send("go on")
    chat.close()


def test_a_layout_of_the_readers_own_stays_open_when_its_chat_is_closed() -> None:
    layout = Layout(width="50%")
    ChatNode(at_once("x"), layout=layout).close()
    assert layout.comm is not None


IN_A_KERNEL = """
import time
from counting import count, grown_since
from printer_widget import ChatError, ChatNode

def live_once():
    chat = ChatNode({url!r}, token="made-up")
    display(chat)
    chat.send("complete").result(10)
    try:
        chat.send("fail half-way").result(10)
    except ChatError as error:
        print(error)
    turn = chat.send("go on")
    while not turn.text: time.sleep(0.01)
    chat.close()
"""


@pytest.mark.kernel
def test_twenty_chats_that_were_closed_leave_nothing_in_a_kernel(kernel: Kernel) -> None:
    with serve_in_thread(answer_as_asked) as server:
        kernel.run(
            f"import sys\nsys.path.append({str(HERE)!r})" + IN_A_KERNEL.format(url=server.url)
        )
        kernel.run("live_once()\nbefore = count()", cell="A")
        assert kernel.run("for _ in range(20): live_once()", cell="B") == "no more\n" * 20
        assert kernel.run("print(grown_since(before))", cell="C") == "{}\n"
