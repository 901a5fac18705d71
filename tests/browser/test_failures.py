"""What goes wrong is said in a plain sentence, what came is kept, and Retry asks again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.backend import Backend, Refusal
from browser.notebook import Chat, Notebook, OpenNotebook

ASK = """
from printer_widget import ChatError
try:
    await chat.send("Will this work?")
except ChatError as error:
    print(type(error).__name__, error.reply.status, repr(error.reply.content))
    print(error)
"""

HTML = "<!DOCTYPE html><html><body><h1>Welcome to the campus network</h1></body></html>"


def refuse_connections(backend: Backend) -> Callable[[], None]:
    backend.shut()
    return backend.open


def refuse_the_token(backend: Backend) -> Callable[[], None]:
    backend.token, right = "another", backend.token
    return lambda: setattr(backend, "token", right)


def answer_with_html(backend: Backend) -> Callable[[], None]:
    backend.refusal = Refusal(200, HTML, "text/html")
    return lambda: setattr(backend, "refusal", None)


def answer_with_a_server_error(backend: Backend) -> Callable[[], None]:
    backend.refusal = Refusal(500, '{"detail": "the model has no memory left"}')
    return lambda: setattr(backend, "refusal", None)


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (refuse_connections, "ConnectionFailed", ["could not connect", "running", "127.0.0.1"]),
        (refuse_the_token, "ProviderError", ["refused the token", "token="]),
        (answer_with_html, "StreamFormatError", ["text/html", "event stream", "right URL"]),
        (answer_with_a_server_error, "ProviderError", ["500", "the model has no memory left"]),
    ],
)
def test_an_answer_that_cannot_begin_says_why_and_can_be_asked_for_again(
    spoil: Callable[[Backend], Callable[[], None]],
    error: str,
    words: list[str],
    open_notebook: OpenNotebook,
    backend: Backend,
    make_chat: str,
) -> None:
    notebook = open_notebook(make_chat + "\nchat", ASK)
    notebook.run(0)
    mend = spoil(backend)
    notebook.run(1)
    chat = notebook.chat()
    _check(notebook, chat, f"{error} error ''", words)

    mend()
    chat.retry.click()
    answer = backend.next_answer()
    answer.say("It works now")
    answer.end()
    chat.wait("ended")
    assert chat.texts("user") == ["Will this work?"]
    assert chat.text == "It works now"


def test_an_answer_that_breaks_off_keeps_its_text_and_can_be_asked_for_again(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", ASK)
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    answer = backend.next_answer()
    answer.say("Half of an ")
    chat.wait_for_text("Half of an ")
    answer.break_off()
    _check(notebook, chat, "StreamInterrupted interrupted 'Half of an '", ["broke off"])
    assert chat.ending.inner_text().startswith("Interrupted")

    chat.retry.click()
    again = backend.next_answer()
    again.say("Half of an answer")
    again.end()
    chat.wait("ended")
    assert chat.texts("assistant") == ["Half of an ", "Half of an answer"]


def test_an_error_that_the_server_tells_in_mid_stream_is_shown_in_its_words(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", ASK)
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    answer = backend.next_answer()
    answer.say("Half of an ")
    answer.fail("Rate limit exceeded <b>today</b>")
    _check(
        notebook, chat, "ProviderError error 'Half of an '", ["Rate limit exceeded <b>today</b>"]
    )
    assert chat.text == "Half of an "


def _check(notebook: Notebook, chat: Chat, first_line: str, words: list[str]) -> None:
    """Check what the view and the cell that asked say of the failure."""
    chat.wait("failed")
    said = chat.ending.inner_text().replace("\n", " ")
    notebook.wait_for_end(1)
    output = notebook.output(1)
    assert output.startswith(first_line)
    for word in words:
        assert word in said
        assert word in output
        assert word in chat.status.inner_text()
    assert "Traceback" not in said
    assert "httpx" not in said
