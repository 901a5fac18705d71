"""The text survives, code point for code point, what happens between the kernel and the page."""

from __future__ import annotations

import pytest

from browser.backend import Answer, Backend, cut
from browser.cable import Cable, Lossy
from browser.notebook import Chat, Notebook, OpenNotebook, wait_until
from rows import Note

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
for line in range({lines}):
    print(f"{{line:5}}" * 200)
pathlib.Path("poured-out").touch()
"""

CELLS = {
    "10,000 comm messages": FLOOD,
    "5 MB of output": PRINT.format(lines=5_000),
    "50 MB of output": PRINT.format(lines=50_000),
}
LONG = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.mark.lifecycle("WebSocket cut three times for a moment")
def test_a_connection_that_is_cut_for_a_moment_loses_nothing(
    behind_cable: Notebook, backend: Backend, cable: Cable, row: Note
) -> None:
    chat = behind_cable.chat()
    answer = _ask(chat, backend)
    for part in (TOKENS[:600], TOKENS[600:1200], TOKENS[1200:]):
        sent = answer.say_all(part, per_second=600)
        chat.wait_to_grow(50)
        cable.cut()
        cable.mend()
        row.begin()
        behind_cable.command(RECONNECT)
        chat.wait_to_grow()
        row.recovered()
        sent.wait(30)
        chat.wait_for_text(answer.shown)
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    _check(chat, answer)


@pytest.mark.parametrize("outage_s", [2, pytest.param(60, marks=pytest.mark.long)])
@pytest.mark.lifecycle("WebSocket cut for {outage_s} s, in which the answer ends")
def test_an_answer_that_ends_while_the_connection_is_cut_is_whole_when_it_is_back(
    outage_s: int, behind_cable: Notebook, backend: Backend, cable: Cable, row: Note
) -> None:
    chat = behind_cable.chat()
    answer = _ask(chat, backend)
    answer.say(*TOKENS[:500])
    chat.wait_for_text(answer.shown)
    cable.cut()
    answer.say_all(TOKENS[500:], per_second=1000).wait(30)
    answer.end()
    chat.page.wait_for_timeout(outage_s * 1000)  # long enough for several attempts to connect
    assert chat.text != TEXT
    cable.mend()
    row.begin()
    behind_cable.command(RECONNECT)
    chat.wait("ended")
    row.end(chat.status.inner_text())
    _check(chat, answer)


@pytest.mark.parametrize(
    "poured",
    ["10,000 comm messages", "5 MB of output", pytest.param("50 MB of output", marks=LONG)],
)
@pytest.mark.flood("Another cell pours out {poured}")
def test_what_another_cell_pours_out_meanwhile_loses_nothing(
    poured: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat", CELLS[poured])
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
    row.begin()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    _check(chat, answer)


@pytest.mark.flood("The server drops the end of the answer")
def test_an_ending_that_is_dropped_on_its_way_is_sent_again(
    lossy: Lossy, chat: Chat, backend: Backend, row: Note
) -> None:
    answer = _ask(chat, backend)
    answer.say(*TOKENS[:-10])
    chat.wait_for_text(answer.shown)
    lossy.drops = True
    answer.say(*TOKENS[-10:])
    answer.end()
    wait_until(lambda: b'"isStreaming":false' in lossy.dropped, lambda: "no ending", chat.page)
    lossy.drops = False
    row.begin()
    assert chat.text != TEXT
    chat.wait("ended")
    row.end(chat.status.inner_text())
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
