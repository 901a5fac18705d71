"""What becomes of a stream when its cell or its kernel comes to an end."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.backend import Backend
from browser.complaints import Complaints
from browser.notebook import Chat, Notebook, OpenNotebook


def test_a_restart_of_the_kernel_says_that_the_kernel_is_gone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    chat = _stream(notebook, backend)
    notebook.page.get_by_role("button", name="Restart the kernel", exact=True).click()
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    chat.wait("lost")
    expect(chat.status).to_contain_text("kernel is gone")
    expect(chat.stop).to_be_hidden()
    assert chat.answers.last.get_attribute("data-status") == "interrupted"
    assert chat.text

    notebook.wait_ready()
    notebook.run(0)
    again = notebook.chat()
    again.wait("idle")
    again.ask("Hello again")
    backend.next_answer().say("Welcome back")
    again.wait_for_text("Welcome back")


def test_a_kernel_that_dies_is_said_to_be_gone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, complaints: Complaints
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "import os\nos._exit(1)")
    chat = _stream(notebook, backend)
    notebook.start(1)
    chat.wait("lost")
    expect(chat.status).to_contain_text("kernel is gone")
    expect(chat.stop).to_be_hidden()


def test_interrupting_the_kernel_while_a_cell_awaits_the_answer_stops_it(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "await chat.send('Go on and on')", "1 + 1")
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    notebook.page.get_by_role("button", name="Interrupt the kernel", exact=True).click()
    answer.wait_gone()
    chat.wait("stopped")
    assert answer.text.startswith(chat.text)
    notebook.wait_for_end(1)
    notebook.run(2)
    notebook.wait_for_output(2, "2")


def test_interrupting_the_kernel_in_another_cell_leaves_the_answer_alone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "import time\ntime.sleep(60)")
    chat = _stream(notebook, backend)
    notebook.start(1)
    notebook.page.get_by_role("button", name="Interrupt the kernel", exact=True).click()
    notebook.wait_for_end(1)
    chat.wait_to_grow(100)
    chat.wait("streaming")


def test_running_the_cell_again_stops_the_answer_that_nobody_sees_any_more(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    notebook.run(0)
    notebook.chat().ask("Go on and on")
    orphan = backend.next_answer()
    orphan.babble()
    notebook.chat().wait("streaming")
    notebook.run(0)
    orphan.wait_gone()
    chat = notebook.chat()
    chat.wait("idle")
    chat.ask("Hello")
    answer = backend.next_answer()
    answer.say("Hello to you")
    answer.end()
    chat.wait("ended")
    assert chat.texts("assistant") == ["Hello to you"]
    assert "conversation_id" not in answer.question


def test_closing_the_chat_stops_its_answer_and_takes_it_off_the_page(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "chat.close()")
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    notebook.run(1)
    answer.wait_gone()
    expect(notebook.page.locator("[data-phase]")).to_have_count(0)


def _stream(notebook: Notebook, backend: Backend) -> Chat:
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Go on and on")
    backend.next_answer().babble()
    chat.wait("streaming")
    return chat
