"""A kernel that cannot hear a click on Stop before its cell ends, as ipykernel 6 or no subshells.

`make matrix` tries the real ipykernel 6.31; here the page of a newer one is told to use none.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.axe import violations
from browser.backend import Answer, Backend
from browser.notebook import Chat, Notebook, OpenNotebook, wait_until

BUSY = "The kernel is busy: Stop acts when its cell ends, or when you interrupt it."
MORE = 200

_NO_SUBSHELLS = """() => {
  jupyterapp.shell.currentWidget.sessionContext.session.kernel.commsOverSubshells = "disabled";
}"""


@pytest.fixture
def notebook(open_notebook: OpenNotebook, make_chat: str) -> Notebook:
    """A chat; a cell that is busy for ever; one that waits for an answer; one that tells it."""
    made = open_notebook(
        make_chat + "\nchat",
        "import time\nwhile True: time.sleep(0.1)",
        "_ = chat.send('Go on and on').result()",
        "print(chat.messages[-1]['status'], chat.messages[-1]['content'])",
    )
    made.page.evaluate(_NO_SUBSHELLS)
    made.run(0)
    return made


def test_a_busy_kernel_is_named_at_once_and_nothing_more_is_shown_when_it_hears(
    notebook: Notebook, backend: Backend
) -> None:
    chat = notebook.chat()
    chat.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    notebook.start(1)
    chat.wait_to_grow(MORE)
    shown = _stop_in_vain(chat, answer)
    assert violations(chat) == []
    notebook.page.get_by_role("button", name="Interrupt the kernel", exact=True).click()
    answer.wait_gone()
    chat.wait("stopped")
    assert chat.text == shown
    _check_rest(notebook, chat, "stopped")


def test_an_answer_that_ends_before_its_busy_kernel_hears_stays_as_it_was_stopped(
    notebook: Notebook, backend: Backend
) -> None:
    notebook.start(2)
    answer = backend.next_answer()
    answer.babble()
    chat = notebook.chat()
    chat.wait("streaming")
    chat.wait_to_grow(MORE)
    shown = _stop_in_vain(chat, answer)
    answer.end()
    notebook.wait_for_end(2)
    chat.wait("stopped")
    assert chat.text == shown
    _check_rest(notebook, chat, "complete")
    chat.wait("ended")


def _stop_in_vain(chat: Chat, answer: Answer) -> str:
    """Click Stop; check that the view says why the server goes on; return what it shows then."""
    chat.click_stop()
    expect(chat.status).to_have_text(BUSY)
    shown, soon = chat.text, len(answer.text) + MORE
    wait_until(lambda: len(answer.text) > soon, lambda: "the backend fell silent", chat.page)
    assert chat.text == shown
    assert not answer.gone.is_set()
    expect(chat.ending).to_have_text("Stopped")
    return shown


def _check_rest(notebook: Notebook, chat: Chat, status: str) -> None:
    """Check that the whole text is kept, and shown to a reader who asks for it."""
    expect(chat.ending).to_contain_text("more characters came before the busy kernel heard of it")
    shown = chat.text
    chat.host.locator("[part=rest]").click()
    expect(chat.host.locator("[part=rest]")).to_have_count(0)
    assert chat.text.startswith(shown)
    assert len(chat.text) > len(shown) + MORE
    notebook.run(3)
    notebook.wait_for_output(3, f"{status} {chat.text}")
