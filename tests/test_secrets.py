"""A canary for a token, and one for a key in a URL, are nowhere that a reader or a file can see."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback

import comm
import pytest

from chats import WatchedChat, nothing_left_behind
from comms import Page, RecordingComm
from leaks import ANSWERS, ECHO, assert_hidden, everything_about
from printer_widget import ChatError, ChatNode, Printer, stream_chat
from servers import (
    TOKEN,
    Answer,
    in_turn,
    refused_url,
    sending,
    serve_in_thread,
)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_token_is_nowhere_that_can_be_seen(answer: Answer, caplog, capfd, monkeypatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    caplog.set_level(logging.DEBUG)
    with nothing_left_behind(), serve_in_thread(answer) as server:
        chat = WatchedChat(server.url, idle_timeout_s=0.1)
        page = Page(chat.node.comm)
        wire = [repr(chat.node.comm.opened)]
        turn = chat.begin()
        chat.settle()
        wire += [repr(message) for message in chat.node.comm.taken()]
        page.report()
        reply, error = turn._outcome, turn._outcome.exception(0)
        reply = error.reply if error else reply.result()
        told = [
            *wire,
            *everything_about(error),
            repr(chat.node.get_state()),
            *(repr(getattr(chat.node, name)) for name in chat.node.keys),
            *(repr(each) for each in (chat.node, turn, chat.node._chat.source, reply)),
            *(repr(each) for each in (turn.question, chat.node._chat.state)),
            reply._repr_html_(),
            json.dumps(chat.node.messages),
        ]
        chat.node.close()
        chat.settle()
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert_hidden(told, "k3y")
    assert "httpcore.connection" in {record.name for record in caplog.records}
    assert_hidden([caplog.text, *(repr(vars(record)) for record in caplog.records)])
    assert_hidden(list(capfd.readouterr()))


@pytest.mark.parametrize(
    "answer",
    [
        sending(content_type=f"text/{TOKEN}"),
        sending(content_type="x" * 50 + TOKEN),
        sending(status=f"401 {ECHO}"),
        sending(status="307 Away", more={"Location": f"/?{TOKEN}"}),
        lambda connection: connection.send(ECHO.encode() + b"\r\n\r\n"),
    ],
    ids=["content type", "long content type", "reason", "location", "no HTTP"],
)
def test_a_token_that_a_server_repeats_in_its_head_is_in_no_error(answer: Answer) -> None:
    # At DEBUG httpcore logs what servers say in their heads, whatever that is.
    with serve_in_thread(answer) as server:
        chat = WatchedChat(server.url)
        assert_hidden(everything_about(chat.ask().error))
        chat.node.close()
        chat.settle()


def test_the_token_is_in_no_error_of_a_server_that_is_not_there(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    chat = WatchedChat(refused_url())
    assert_hidden([*everything_about(chat.ask().error), caplog.text])
    chat.node.close()


async def test_the_token_is_in_no_error_of_the_stream_alone() -> None:
    with serve_in_thread(ANSWERS["401, with an echo"]) as server:
        with pytest.raises(ChatError) as caught:
            await anext(stream_chat(Printer(server.url, token=TOKEN), "Hi"))
        assert_hidden(everything_about(caught.value))


KEYS = {
    "as a user": "https://{}@printer.example",
    "as a password": "https://me:{}@printer.example",
    "in the query": "https://printer.example/?key={}",
    "in the fragment": "https://printer.example/#{}",
    "in no URL": "printer.example/?key={}",
    "over plain http": "http://printer.example/{}",
}


@pytest.mark.parametrize("url", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("from_outside", [False, True])
def test_a_key_in_a_url_is_refused_and_not_repeated(url, from_outside, monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    url = url.format("k3y-canary")
    monkeypatch.setenv("PRINTER_API_BASE_URL", url)
    with pytest.raises(ValueError, match=r"url|PRINTER_API_BASE_URL") as caught:
        ChatNode(*([] if from_outside else [url]))
    error = caught.value
    told = [str(error), repr(error), *traceback.format_exception(error), caplog.text]
    assert_hidden(told, "k3y-canary")


@pytest.mark.parametrize("token", ["k3y-canary\n", "k3y canary", "k3y-canaré"])
def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        ChatNode("http://127.0.0.1:8000", token=token)
    assert_hidden([str(caught.value), *traceback.format_exception(caught.value)], "k3y")


# ── A notebook ─────────────────────────────────────────────────────────────────────────────────

CELLS = [
    "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)",
    "from printer_widget import ChatNode; chat = ChatNode(); chat",
    "turn = chat.send('Hi'); turn",
    "await turn",  # raises
    "turn.result()",
    "chat._chat.source, chat.messages, chat.get_state(), chat.comm",
    "%xmode Verbose\nturn.result()",
    "%tb Verbose",
    "chat.send('Again').result()",
]


@pytest.mark.kernel
@pytest.mark.slow
def test_the_token_is_neither_in_a_saved_notebook_nor_in_its_html(monkeypatch) -> None:
    import nbclient
    import nbconvert
    import nbformat

    with serve_in_thread(in_turn(ANSWERS["an event that is no JSON, long"])) as server:
        monkeypatch.setenv("PRINTER_API_BASE_URL", server.url)
        monkeypatch.setenv("PRINTER_AUTH_TOKEN", TOKEN)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]
        )
        asyncio.run(nbclient.NotebookClient(notebook, allow_errors=True).async_execute())
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    saved = nbformat.writes(notebook)
    assert "StreamFormatError" in saved
    assert "application/vnd.jupyter.widget-state+json" in saved
    assert "httpcore" in saved
    html, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    assert "StreamFormatError" in html
    for part in (saved, html):
        assert_hidden([part])
