"""Observers of a chat's traits run on the turns' loop, and may do whatever they like."""

from __future__ import annotations

import pytest

from printer_widget import ChatNode
from printer_widget.loop import turns
from printer_widget.testing import ScriptedModel


@pytest.fixture
def source():
    return ScriptedModel()


@pytest.fixture
def chat(source):
    chat = ChatNode(source)
    yield chat
    chat.close()


def test_observers_run_on_the_loop_and_when_isstreaming_falls_messages_are_there(chat, source):
    seen = []

    def look(change):
        if not change["new"]:
            seen.append((turns.is_here(), chat.messages[-1]["role"]))

    chat.observe(look, "isStreaming")
    turn = chat.send("Hi")
    source.end()
    turn.result(10)
    assert seen == [(True, "assistant")]


def test_an_observer_that_fails_is_logged_and_stops_nothing(chat, source, caplog):
    def fail(change):
        raise RuntimeError("mine")

    chat.observe(fail, "streamedText")
    turn = chat.send("Hi")
    source.put("x")
    source.end()
    assert turn.result(10).content == "x"
    assert "an observer of the chat's streamedText failed" in caplog.text


def test_an_observer_that_stops_the_answer_leaves_the_traits_true(chat, source):
    chat.observe(lambda change: change["new"] and chat.stop(), "streamedText")
    turn = chat.send("Hi")
    source.put("x")
    assert turn.result(10).status == "stopped"
    turns.call(int)
    assert (chat.isStreaming, chat.messages[-1]["status"]) == (False, "stopped")


def test_an_observer_that_asks_on_leaves_the_traits_true(chat, source):
    chat.observe(lambda change: len(change["new"]) == 2 and chat.send("On"), "messages")
    turn = chat.send("Hi")
    source.end()
    turn.result(10)
    turns.call(int)
    assert [message["content"] for message in chat.messages] == ["Hi", "", "On"]
    assert chat.isStreaming


def test_an_observer_that_closes_the_chat_leaves_the_traits_true(chat, source):
    chat.observe(lambda change: change["new"] and chat.close(), "streamedText")
    turn = chat.send("Hi")
    source.put("x")
    assert turn.result(10).status == "stopped"
    turns.call(int)
    assert not chat.isStreaming
