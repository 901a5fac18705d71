"""The text survives, code point for code point, what happens between the kernel and the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute

from browser.backend import Answer, Backend, cut
from browser.cable import Cable
from browser.complaints import Complaints
from browser.lab import LabServer
from browser.notebook import Chat, Notebook, OpenNotebook, wait_until

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(400))
TOKENS = cut(TEXT, 7)

# Lab does so by itself, too, but at random times that grow up to a minute.
RECONNECT = "kernelmenu:reconnect-to-kernel"

# Under such a flood Jupyter Server drops the end of the cell too, so that Lab shows it running for
# ever; that it is done, these cells tell by a file.
FLOOD = """
import ipywidgets, pathlib
other = ipywidgets.IntText()
for number in range(10_000):
    other.value = number + 1
pathlib.Path("poured-out").touch()
"""
PRINT = """
import pathlib
for line in range(5_000):
    print(f"{line:5}" * 200)
pathlib.Path("poured-out").touch()
"""


@pytest.fixture
def cable(lab: LabServer) -> Iterator[Cable]:
    made = Cable(lab.port)
    yield made
    made.close()


@pytest.fixture
def behind_cable(
    open_notebook: OpenNotebook,
    make_chat: str,
    cable: Cable,
    complaints: Complaints,
) -> Notebook:
    """A notebook with a chat, whose page reaches the server by the cable."""
    for part in (
        "WebSocket connection to",
        "Failed to load resource",
        "net::ERR_",
        "Failed to fetch",
    ):
        complaints.allow(part, because="the network is cut")
    notebook = open_notebook(make_chat + "\nchat", port=cable.port)
    notebook.run(0)
    return notebook


class Lossy:
    """A WebSocket that drops comm messages on demand, as Jupyter Server does above its limit."""

    def __init__(self, context: BrowserContext) -> None:
        self.drops = False
        self.dropped = b""
        context.route_web_socket("**/api/kernels/*/channels*", self._route)

    def _route(self, page: WebSocketRoute) -> None:
        def carry(message: str | bytes) -> None:
            raw = message.encode() if isinstance(message, str) else message
            if self.drops and b'"comm_msg"' in raw:
                self.dropped += raw.replace(b" ", b"")
            else:
                page.send(message)

        page.connect_to_server().on_message(carry)


@pytest.fixture
def lossy(context: BrowserContext) -> Lossy:
    return Lossy(context)


def test_a_connection_that_is_cut_for_a_moment_loses_nothing(
    behind_cable: Notebook, backend: Backend, cable: Cable
) -> None:
    chat = behind_cable.chat()
    answer = _ask(chat, backend)
    for part in (TOKENS[:600], TOKENS[600:1200], TOKENS[1200:]):
        sent = answer.say_all(part, per_second=600)
        chat.wait_to_grow(50)
        cable.cut()
        cable.mend()
        behind_cable.command(RECONNECT)
        sent.wait(30)
        chat.wait_for_text(answer.shown)
    answer.end()
    chat.wait("ended")
    _check(chat, answer)


def test_an_answer_that_ends_while_the_connection_is_cut_is_whole_when_it_is_back(
    behind_cable: Notebook, backend: Backend, cable: Cable
) -> None:
    chat = behind_cable.chat()
    answer = _ask(chat, backend)
    answer.say(*TOKENS[:500])
    chat.wait_for_text(answer.shown)
    cable.cut()
    answer.say_all(TOKENS[500:], per_second=1000).wait(30)
    answer.end()
    chat.page.wait_for_timeout(3000)  # an outage long enough for several attempts to connect
    assert chat.text != TEXT
    cable.mend()
    behind_cable.command(RECONNECT)
    chat.wait("ended")
    _check(chat, answer)


@pytest.mark.parametrize("cell", [FLOOD, PRINT], ids=["10,000 comm messages", "5 MB of output"])
def test_what_another_cell_pours_out_meanwhile_loses_nothing(
    cell: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str, complaints: Complaints
) -> None:
    notebook = open_notebook(make_chat + "\nchat", cell)
    notebook.run(0)
    chat = notebook.chat()
    answer = _ask(chat, backend)
    answer.say_all(TOKENS[:300], per_second=600).wait(30)
    chat.wait_for_text(answer.shown)
    notebook.start(1)
    # The ending itself falls into what the server drops, and is the last that there is to send.
    answer.say_all(TOKENS[300:], per_second=2000).wait(30)
    answer.end()
    sign = notebook.lab.root / "poured-out"
    wait_until(sign.exists, lambda: "the cell did not end", chat.page)
    sign.unlink()
    chat.wait("ended")
    _check(chat, answer)


def test_an_ending_that_is_dropped_on_its_way_is_sent_again(
    lossy: Lossy, chat: Chat, backend: Backend
) -> None:
    answer = _ask(chat, backend)
    answer.say(*TOKENS[:-10])
    chat.wait_for_text(answer.shown)
    lossy.drops = True
    answer.say(*TOKENS[-10:])
    answer.end()
    wait_until(lambda: b'"isStreaming":false' in lossy.dropped, lambda: "no ending", chat.page)
    lossy.drops = False
    assert chat.text != TEXT
    chat.wait("ended")
    _check(chat, answer)


def _ask(chat: Chat, backend: Backend) -> Answer:
    chat.ask("Survive this")
    answer = backend.next_answer()
    chat.wait("waiting")
    chat.watch()
    return answer


def _check(chat: Chat, answer: Answer) -> None:
    """Check that every frame showed a prefix of what was sent, and the last one all of it."""
    assert answer.text == TEXT
    chat.wait_for_text(TEXT)
    assert chat.texts("assistant") == [TEXT]
    assert all(TEXT.startswith(text) for text in chat.seen)
