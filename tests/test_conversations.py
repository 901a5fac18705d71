"""The conversations that a server keeps: listed, opened, renamed and deleted."""

from __future__ import annotations

import json

import comm
import pytest

from comms import Page, RecordingComm
from printer_widget import BusyError, ChatNode, ConversationInfo, ProviderError, StreamFormatError
from printer_widget.conversation import Message
from printer_widget.loop import turns
from printer_widget.sources import DeferredSource, HttpSource
from printer_widget.testing import ScriptedModel
from servers import serve_in_thread
from sources import at_once


def stored(name: str, role: str, content: str) -> Message:
    return Message(id=name, role=role, content=content, timestamp="2026-01-01T00:00:00Z")


class Archive(ScriptedModel):
    """A source with two conversations, which it keeps as a server would."""

    def __init__(self) -> None:
        super().__init__()
        self.titles = {"v1": "Stars", "v2": "Tides"}
        self.asked_for: list[str] = []

    @property
    def archive(self):
        return self

    async def conversations(self, chat_node_id):
        self.asked_for.append(chat_node_id)
        return tuple(ConversationInfo(id=i, title=t) for i, t in self.titles.items())

    async def stored(self, conversation_id):
        if conversation_id not in self.titles:
            raise ProviderError("HTTP 404; there is no such conversation")
        return (stored("s1", "user", "Why?"), stored("s2", "assistant", "Because."))

    async def rename(self, conversation_id, title):
        self.titles[conversation_id] = title

    async def remove(self, conversation_id):
        del self.titles[conversation_id]


@pytest.fixture
def archive():
    return Archive()


@pytest.fixture
def chat(archive, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    chat = ChatNode(archive, chat_node_id="node-1")
    yield chat
    chat.close()


@pytest.fixture
def page(chat):
    return Page(chat.comm)


def settle(page, kind, **fields):
    """Send a command whose work takes a round of the loop, and return the reply to it."""
    reply = page.command(kind, **fields)
    for _ in range(100):
        if reply is not None:
            return reply
        page.read()
        reply = page.replies.get(f"n{page.last}")
    raise AssertionError("no reply came")


async def test_the_list_is_that_of_this_chat_node(chat, archive):
    assert [info.title for info in await chat.conversations()] == ["Stars", "Tides"]
    assert archive.asked_for == ["node-1"]


async def test_opening_a_conversation_shows_its_messages_and_goes_on_with_it(chat, archive):
    await chat.open_conversation("v1")
    assert [m["content"] for m in chat.messages] == ["Why?", "Because."]
    assert chat._view["conversation"] == "v1"
    chat.send("And then?")
    question = chat._chat.turn.question
    assert question.conversation.id == "v1"
    assert [m["content"] for m in question.to_messages()] == ["Why?", "Because.", "And then?"]


async def test_opening_an_unknown_conversation_changes_nothing(chat):
    await chat.open_conversation("v1")
    with pytest.raises(ProviderError, match="no such conversation"):
        await chat.open_conversation("nowhere")
    assert chat._view["conversation"] == "v1"
    assert len(chat.messages) == 2


async def test_nothing_is_opened_while_a_turn_runs(chat):
    chat.send("Hi")
    with pytest.raises(BusyError):
        await chat.open_conversation("v1")
    assert [m["content"] for m in chat.messages] == ["Hi"]


async def test_a_turn_that_begins_while_one_is_being_fetched_wins(chat, archive, monkeypatch):
    original = archive.stored

    async def slow(conversation_id):
        turns.call(chat._chat.ask, "Hi")
        return await original(conversation_id)

    monkeypatch.setattr(archive, "stored", slow)
    with pytest.raises(BusyError):
        await chat.open_conversation("v1")
    assert [m["content"] for m in chat.messages] == ["Hi"]


async def test_a_conversation_can_be_renamed_but_not_to_a_blank(chat, archive):
    await chat.rename_conversation("v1", "  Moons ")
    assert archive.titles["v1"] == "Moons"
    with pytest.raises(ValueError, match="blank"):
        await chat.rename_conversation("v1", " ")


async def test_deleting_the_open_conversation_begins_a_new_one(chat, archive):
    await chat.open_conversation("v1")
    await chat.delete_conversation("v1")
    assert archive.titles == {"v2": "Tides"}
    assert (chat.messages, chat._view["conversation"]) == ([], None)


async def test_deleting_another_conversation_leaves_the_open_one(chat):
    await chat.open_conversation("v1")
    await chat.delete_conversation("v2")
    assert len(chat.messages) == 2


async def test_a_source_that_keeps_none_says_so():
    with pytest.raises(ValueError, match="keeps no conversations"):
        await ChatNode(at_once("x")).conversations()


def test_the_view_is_told_whether_there_are_conversations_to_list(chat):
    assert chat._view["labels"]["conversations"] == "yes"
    assert "conversations" not in ChatNode(at_once("x"))._view["labels"]


def test_the_browser_lists_opens_renames_and_deletes(chat, archive, page):
    assert settle(page, "list")["ok"]
    assert page.lists[-1] == [
        {"id": "v1", "title": "Stars", "updated_at": ""},
        {"id": "v2", "title": "Tides", "updated_at": ""},
    ]
    assert settle(page, "open", conversation="v1")["ok"]
    assert page.read().state["_view"]["conversation"] == "v1"
    assert settle(page, "rename", conversation="v1", title="Moons")["ok"]
    assert page.lists[-1][0]["title"] == "Moons"
    assert settle(page, "remove", conversation="v1")["ok"]
    assert page.read().state["messages"] == []
    assert settle(page, "new")["ok"]


def test_the_browser_is_told_why_a_conversation_cannot_be_opened(page):
    reply = settle(page, "open", conversation="nowhere")
    assert not reply["ok"]
    assert "no such conversation" in reply["error"]


# Over HTTP ---------------------------------------------------------------------------------------


def answering(status: str, body: object):
    async def answer(connection):
        await connection.head(status, content_type="application/json")
        await connection.send(json.dumps(body).encode())

    return answer


async def test_the_list_comes_over_http():
    body = {"conversations": [{"id": "v1", "title": "Stars", "updated_at": "2026", "more": 1}]}
    with serve_in_thread(answering("200 OK", body)) as server:
        chat = ChatNode(server.url, token="t", chat_node_id="a node")
        assert await chat.conversations() == (
            ConversationInfo(id="v1", title="Stars", updated_at="2026"),
        )
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/api/conversations?chat_node_id=a%20node")
    assert request.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("body", [{}, [5], {"conversations": [{"id": 5}]}, "x"])
async def test_a_list_of_another_form_is_an_error_that_says_what_was_expected(body):
    with serve_in_thread(answering("200 OK", body)) as server, pytest.raises(StreamFormatError):
        await ChatNode(server.url).conversations()


async def test_a_refusal_is_a_sentence():
    answer = answering("404 Not Found", {"detail": "no such conversation"})
    refused = pytest.raises(ProviderError, match="no such conversation")
    with serve_in_thread(answer) as server, refused:
        await ChatNode(server.url).delete_conversation("v1")
    (request,) = server.requests
    assert (request.method, request.path) == ("DELETE", "/api/conversations/v1")


async def test_a_name_cannot_reach_another_path():
    with serve_in_thread(answering("204 No Content", None)) as server:
        await ChatNode(server.url).rename_conversation("../users?x", "Title")
    (request,) = server.requests
    assert request.path == "/api/conversations/..%2Fusers%3Fx"
    assert request.json() == {"title": "Title"}


async def test_a_server_started_later_keeps_conversations_too():
    from printer_widget import Printer

    with serve_in_thread(answering("200 OK", {"conversations": []})) as server:
        source = DeferredSource(lambda: HttpSource(Printer(server.url)), label="later")
        assert await ChatNode(source).conversations() == ()
