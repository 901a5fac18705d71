"""Stop is heard at once, whatever the kernel does: measured from the click to the disconnect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.backend import Answer, Backend
from browser.notebook import Chat, Notebook, OpenNotebook

LIMIT_MS = 250

# Cells that go on until the chat has a reply, and look for it seldom.
CELLS = {
    "idle": None,
    "awaiting something": "import asyncio\nwhile not chat.messages[1:]: await asyncio.sleep(2)",
    "busy": "import time\nwhile not chat.messages[1:]: time.sleep(2)",
}

NoteStop = Callable[[float, float], float]


@pytest.fixture
def stop_and_check(note_stop: NoteStop) -> Callable[[Chat, Answer], None]:
    """Click Stop in mid-stream; check that the server saw it and the text froze and was kept."""

    def check(chat: Chat, answer: Answer) -> None:
        chat.wait_to_grow()
        clicked = chat.click_stop()
        gone = answer.wait_gone()
        chat.wait("stopped")
        shown = chat.text
        assert shown
        assert answer.text.startswith(shown)
        assert chat.ending.inner_text().startswith("Stopped")
        assert chat.status.inner_text() == "Stopped"
        assert note_stop(clicked, gone) < LIMIT_MS

    return check


@pytest.mark.parametrize("is_reopened", [False, True], ids=["", "in a reopened tab"])
@pytest.mark.parametrize("doing", CELLS)
def test_stop_is_heard_while_the_kernel_is(
    doing: str,
    is_reopened: bool,
    open_notebook: OpenNotebook,
    backend: Backend,
    make_chat: str,
    stop_and_check: Callable[[Chat, Answer], None],
) -> None:
    cell = CELLS[doing]
    notebook = open_notebook(make_chat + "\nchat", cell or "", "chat.messages[-1]['content']")
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    if is_reopened:
        chat = _reopen(notebook)
        chat.wait("streaming")
    if cell is not None:
        notebook.start(1)
        chat.wait_to_grow(100)
    stop_and_check(chat, answer)
    if cell is not None:
        assert notebook.is_running(1)
        notebook.wait_for_end(1)
    notebook.run(2)
    notebook.wait_for_output(2, repr(chat.text))


def test_stop_is_heard_while_a_cell_awaits_the_answer(
    open_notebook: OpenNotebook,
    backend: Backend,
    make_chat: str,
    stop_and_check: Callable[[Chat, Answer], None],
) -> None:
    ask = "reply = await chat.send('Go on and on')\nprint(reply.status, repr(reply.content))"
    notebook = open_notebook(make_chat + "\nchat", ask)
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    stop_and_check(chat, answer)
    notebook.wait_for_output(1, f"stopped {chat.text!r}")


def test_stop_is_heard_in_the_first_cell_ever_while_it_is_busy(
    open_notebook: OpenNotebook,
    backend: Backend,
    make_chat: str,
    stop_and_check: Callable[[Chat, Answer], None],
) -> None:
    busy = f"display(chat)\nchat.send('Go on and on')\n{CELLS['busy']}"
    notebook = open_notebook(f"{make_chat}\n{busy}")
    notebook.start(0)
    answer = backend.next_answer()
    answer.babble()
    chat = notebook.chat()
    chat.wait("streaming")
    stop_and_check(chat, answer)
    assert notebook.is_running(0)


def test_escape_stops_an_answer_that_has_not_begun(chat: Chat, backend: Backend) -> None:
    chat.ask("Think for ever")
    answer = backend.next_answer()
    chat.wait("waiting")
    chat.page.keyboard.press("Escape")
    answer.wait_gone()
    chat.wait("stopped")
    assert chat.texts("assistant") == [""]
    assert chat.ending.inner_text().startswith("Stopped")


def test_stop_is_heard_while_the_server_hangs_in_the_middle_of_an_answer(
    chat: Chat, backend: Backend, note_stop: NoteStop
) -> None:
    chat.ask("Hang")
    answer = backend.next_answer()
    answer.say("Well")
    chat.wait_for_text("Well")
    clicked = chat.click_stop()
    assert note_stop(clicked, answer.wait_gone()) < LIMIT_MS
    chat.wait("stopped")
    assert chat.text == "Well"


def test_stop_stays_under_the_pointer_while_the_answer_grows(chat: Chat, backend: Backend) -> None:
    chat.ask("Grow")
    answer = backend.next_answer()
    chat.wait("waiting")
    before = chat.stop.bounding_box()
    # A press is a click only where the button is still there when the finger is lifted.
    chat.stop.hover()
    chat.page.mouse.down()
    for line in range(40):
        answer.say(f"Line {line}\n\n")
        chat.wait_for_text(answer.shown)
        assert chat.stop.bounding_box() == before
    chat.page.mouse.up()
    answer.wait_gone()
    chat.wait("stopped")


def _reopen(notebook: Notebook) -> Chat:
    notebook.save()
    notebook.close_tab()
    notebook.reopen()
    return notebook.chat()
