"""What becomes of a stream when its cell or its kernel comes to an end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.backend import Answer, Backend
from browser.notebook import Chat, Notebook, OpenNotebook
from rows import Note

LAST = "chat.messages[-1]['content']"

# What the kernel does, apart from the answer, when it is interrupted.
CELLS = {
    "idle": "",
    "a cell sleeps": "import time\ntime.sleep(60)",
    "a cell awaits something else": "import asyncio\nawait asyncio.sleep(60)",
}


@pytest.mark.lifecycle("Kernel restarted")
def test_a_restart_of_the_kernel_says_that_the_kernel_is_gone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    chat, answer = _stream(notebook, backend)
    notebook.page.get_by_role("button", name="Restart the kernel", exact=True).click()
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    row.begin()
    _check_gone(chat, answer, row)

    notebook.wait_ready()
    notebook.run(0)
    again = notebook.chat()
    again.wait("idle")
    again.ask("Hello again")
    backend.next_answer().say("Welcome back")
    again.wait_for_text("Welcome back")


@pytest.mark.lifecycle("Kernel killed")
def test_a_kernel_that_dies_is_said_to_be_gone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "import os\nos._exit(1)")
    chat, answer = _stream(notebook, backend)
    notebook.start(1)
    row.begin()
    _check_gone(chat, answer, row)


@pytest.mark.lifecycle("Kernel interrupted, a cell awaits the answer")
def test_interrupting_the_kernel_while_a_cell_awaits_the_answer_stops_it(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "await chat.send('Go on and on')", LAST)
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    _interrupt(notebook)
    row.begin()
    answer.wait_gone()
    chat.wait("stopped")
    row.end(chat.status.inner_text())
    assert answer.text.startswith(chat.text)
    notebook.wait_for_end(1)
    assert "CancelledError" in notebook.output(1) or "KeyboardInterrupt" in notebook.output(1)
    notebook.run(2)
    notebook.wait_for_output(2, repr(chat.text))


@pytest.mark.parametrize("doing", CELLS)
@pytest.mark.lifecycle("Kernel interrupted, {doing}")
def test_interrupting_the_kernel_otherwise_leaves_the_answer_alone(
    doing: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat", CELLS[doing], LAST)
    chat, answer = _stream(notebook, backend)
    if CELLS[doing]:
        notebook.start(1)
    _interrupt(notebook)
    row.begin()
    notebook.wait_for_end(1)
    chat.wait_to_grow(100)
    row.recovered()
    chat.wait("streaming")
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    chat.wait_for_text(answer.text)
    notebook.run(2)
    notebook.wait_for_output(2, repr(answer.text))


@pytest.mark.lifecycle("Cell run again")
def test_running_the_cell_again_stops_the_answer_that_nobody_sees_any_more(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    notebook.run(0)
    notebook.chat().ask("Go on and on")
    orphan = backend.next_answer()
    orphan.babble()
    notebook.chat().wait("streaming")
    row.begin()
    notebook.run(0)
    orphan.wait_gone()
    row.recovered()
    chat = notebook.chat()
    chat.wait("idle")
    chat.ask("Hello")
    answer = backend.next_answer()
    answer.say("Hello to you")
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    assert chat.texts("assistant") == ["Hello to you"]
    assert "conversation_id" not in answer.question


@pytest.mark.lifecycle("`chat.close()`")
def test_closing_the_chat_stops_its_answer_and_takes_it_off_the_page(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    close = "chat.close()\nprint(chat.messages[-1]['status'], repr(chat.messages[-1]['content']))"
    notebook = open_notebook(make_chat + "\nchat", close)
    chat, answer = _stream(notebook, backend)
    shown = chat.text
    row.begin()
    notebook.run(1)
    answer.wait_gone()
    expect(notebook.page.locator("[data-phase]")).to_have_count(0)
    ending, text = notebook.output(1).strip().split(maxsplit=1)
    row.end(f"view gone, reply {ending}")
    assert text.startswith(repr(shown)[:-1])
    assert repr(answer.text).startswith(text[:-1])


def _stream(notebook: Notebook, backend: Backend) -> tuple[Chat, Answer]:
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    return chat, answer


def _interrupt(notebook: Notebook) -> None:
    notebook.page.get_by_role("button", name="Interrupt the kernel", exact=True).click()


def _check_gone(chat: Chat, answer: Answer, row: Note) -> None:
    chat.wait("lost")
    row.end(chat.status.inner_text())
    expect(chat.status).to_contain_text("kernel is gone")
    expect(chat.stop).to_be_hidden()
    assert chat.answers.last.get_attribute("data-status") == "interrupted"
    assert chat.text
    assert answer.text.startswith(chat.text)
    answer.wait_gone()
