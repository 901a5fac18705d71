"""The text survives, code point for code point, what happens between the kernel and the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
BEYOND_THE_END = """
import ipywidgets, time
other = ipywidgets.IntText()
ended = None
while ended is None or time.monotonic() < ended + 0.5:
    other.send("x" * 100_000)
    time.sleep(0.01)
    if not chat.is_streaming:
        ended = ended or time.monotonic()
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
    for part in ("WebSocket connection to", "Failed to load resource", "net::ERR_"):
        complaints.allow(part, because="the network is cut")
    notebook = open_notebook(make_chat + "\nchat", port=cable.port)
    notebook.run(0)
    return notebook


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
    cell: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", cell)
    notebook.run(0)
    chat = notebook.chat()
    answer = _ask(chat, backend)
    sent = answer.say_all(TOKENS[:-10], per_second=600)
    chat.wait_to_grow()
    _pour(notebook)
    sent.wait(30)
    answer.say(*TOKENS[-10:])
    chat.wait_for_text(TEXT)
    chat.wait("streaming")
    answer.end()
    chat.wait("ended")
    _check(chat, answer)


def test_an_ending_that_falls_into_what_the_server_drops_is_sent_again(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", BEYOND_THE_END)
    notebook.run(0)
    chat = notebook.chat()
    answer = _ask(chat, backend)
    answer.say(*TOKENS[:300])
    chat.wait_for_text(answer.shown)
    drops = _drops(notebook)
    notebook.start(1)
    wait_until(lambda: _drops(notebook) > drops, lambda: "the server drops nothing", chat.page)
    answer.say(*TOKENS[300:])
    answer.end()
    chat.wait("ended")
    _check(chat, answer)


def _drops(notebook: Notebook) -> int:
    return notebook.lab.log.read_text().count("IOPub data rate exceeded")


def _pour(notebook: Notebook) -> None:
    sign = notebook.lab.root / "poured-out"
    notebook.start(1)
    wait_until(sign.exists, lambda: "the cell did not end", notebook.page)
    sign.unlink()


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
