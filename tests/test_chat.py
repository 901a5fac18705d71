from __future__ import annotations

import logging

import pytest

from printer_widget import (
    BusyError,
    ChatNode,
    ClosedError,
    ConversationAssigned,
    ProviderError,
    StreamEnd,
    TextDelta,
)
from printer_widget.batching import INTERVAL_S
from printer_widget.testing import ScriptedModel
from sources import at_once


@pytest.fixture
def source():
    return ScriptedModel()


@pytest.fixture
def chat(source):
    chat = ChatNode(source, system="You teach.")
    yield chat
    chat.close()


def answer(chat, source, text, reply):
    turn = chat.send(text)
    source.put(reply)
    source.end()
    return turn.result(10)


def test_a_turn_has_started_when_send_returns(chat):
    chat.send("Hi")
    assert chat.isStreaming
    assert [m["content"] for m in chat.messages] == ["Hi"]


def test_sending_while_a_turn_runs_is_refused(chat):
    chat.send("Hi")
    with pytest.raises(BusyError, match="still streaming"):
        chat.send("again")
    assert len(chat.messages) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_blank_question_is_refused(chat, text):
    with pytest.raises(ValueError, match="blank"):
        chat.send(text)
    assert chat.messages == []


@pytest.mark.parametrize("text", [None, 5, b"Hi"])
def test_a_question_that_is_no_text_is_refused(chat, text):
    with pytest.raises(TypeError, match="expected the question as text"):
        chat.send(text)


@pytest.mark.parametrize("name", ["system", "project_id", "chat_node_id"])
def test_what_should_be_text_and_is_not_is_refused_by_its_name(name):
    with pytest.raises(TypeError, match=f"{name} must be text, got int"):
        ChatNode(lambda _messages: "x", **{name: 3})


def test_only_a_name_can_be_removed_from_the_context(chat):
    with pytest.raises(TypeError, match="expected the name of what was added, got list"):
        chat.context.remove([1])


def test_an_iterator_need_not_be_a_generator():
    """A source of somebody's own, whose id of the conversation is half a character."""

    class Events:
        label = "mine"

        def __init__(self):
            self._left = iter([ConversationAssigned("c\ud800"), TextDelta("a"), StreamEnd()])

        def stream(self, _question):
            return self

        def __aiter__(self):
            return self

        async def __anext__(self):
            return next(self._left)

    chat = ChatNode(Events())
    reply = chat.send("Hi").result(10)
    chat.close()
    assert (reply.status, reply.content, reply.conversation_id) == ("complete", "a", "c\ufffd")


def test_after_close_every_command_is_refused(chat):
    chat.close()
    for command in (lambda: chat.send("Hi"), chat.clear, chat.retry):
        with pytest.raises(ClosedError, match="make a new ChatNode"):
            command()


def test_the_model_is_told_the_system_prompt_and_all_that_was_said(chat, source):
    answer(chat, source, "one", "1")
    answer(chat, source, "two", "2")
    assert source.questions[1].to_messages() == [
        {"role": "system", "content": "You teach."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
    ]


def test_context_is_told_before_the_question_and_kept_with_it(chat, source):
    chat.send("What is it?", context=["x = 1", "y = 2"])
    told = source.questions or [chat._chat.turn.question]
    assert told[0].to_messages()[-1]["content"] == (
        "<context>\nx = 1\n</context>\n\n<context>\ny = 2\n</context>\n\nWhat is it?"
    )
    assert chat.messages[0]["content"] == "What is it?"
    assert chat.messages[0]["context"] == [
        {"name": "", "kind": "text", "text": "x = 1"},
        {"name": "", "kind": "text", "text": "y = 2"},
    ]


@pytest.mark.parametrize("context", ["text", 1, [object()]])
def test_a_context_that_is_no_list_of_texts_is_refused(chat, context):
    with pytest.raises(TypeError, match=r"context must be a list|expected a text"):
        chat.send("Hi", context=context)


def test_a_retry_keeps_the_first_answer_and_does_not_tell_it_to_the_model(chat, source):
    answer(chat, source, "Hi", "first")
    chat.retry()
    source.put("second")
    source.end()
    chat._chat.turn.result(10)
    assert [m["content"] for m in chat.messages] == ["Hi", "first", "second"]
    assert source.questions[1].to_messages()[-1] == {"role": "user", "content": "Hi"}
    answer(chat, source, "And?", "third")
    told = [m["content"] for m in source.questions[2].to_messages()]
    assert told == ["You teach.", "Hi", "second", "And?"]


def test_there_is_nothing_to_retry_before_the_first_question(chat):
    with pytest.raises(ValueError, match="no question"):
        chat.retry()


def test_an_edit_drops_what_came_after_and_asks_anew(chat, source):
    answer(chat, source, "one", "1")
    answer(chat, source, "two", "2")
    chat.edit(chat.messages[0]["id"], "uno")
    assert [m["content"] for m in chat.messages] == ["uno"]
    assert chat.isStreaming


def test_an_edit_of_an_answer_or_to_a_blank_is_refused_and_changes_nothing(chat, source):
    answer(chat, source, "one", "1")
    with pytest.raises(ValueError, match="only a question"):
        chat.edit(chat.messages[1]["id"], "uno")
    with pytest.raises(ValueError, match="blank"):
        chat.edit(chat.messages[0]["id"], " ")
    assert [m["content"] for m in chat.messages] == ["one", "1"]


def test_a_message_can_be_deleted(chat, source):
    answer(chat, source, "one", "1")
    chat.delete(chat.messages[1]["id"])
    assert [m["content"] for m in chat.messages] == ["one"]
    with pytest.raises(ValueError, match="no message with the id 'nowhere'"):
        chat.delete("nowhere")


def test_clear_begins_a_new_conversation(chat, source):
    source.put(ConversationAssigned("c1"))
    answer(chat, source, "one", "1")
    assert chat.messages[0]["conversation_id"] == "c1"
    chat.clear()
    assert (chat.messages, chat.streamedText) == ([], "")
    chat.send("two")
    assert chat._chat.turn.question.conversation.id is None


def test_the_servers_conversation_id_goes_with_the_next_question(chat, source):
    source.put(ConversationAssigned("c1"))
    reply = answer(chat, source, "one", "1")
    assert reply.conversation_id == "c1"
    assert {m["conversation_id"] for m in chat.messages} == {"c1"}
    chat.send("two")
    assert chat._chat.turn.question.conversation.id == "c1"


def test_commands_that_change_the_past_are_refused_while_a_turn_runs(chat):
    chat.send("Hi")
    name = chat.messages[0]["id"]
    for command in (chat.clear, chat.retry, lambda: chat.delete(name)):
        with pytest.raises(BusyError):
            command()


def test_stop_without_a_turn_does_nothing(chat):
    chat.stop()
    assert chat.messages == []


async def test_idle_waits_for_the_end_and_never_raises(chat, source):
    await chat.idle()
    chat.send("Hi")
    source.put(ProviderError("no"))
    await chat.idle()
    assert not chat.isStreaming
    assert chat.messages[-1]["status"] == "error"


def test_callbacks_get_each_piece_and_the_reply(chat, source):
    got = []
    chat.on_token(got.append)
    chat.on_complete(lambda reply: got.append(reply.status))
    chat.on_error(lambda reply: got.append(reply.error))
    answer(chat, source, "Hi", "Hello")
    assert got == ["Hello", "complete"]
    turn = chat.send("again")
    source.put(ProviderError("no"))
    turn._outcome.exception(10)
    assert got == ["Hello", "complete", "no"]


def test_a_callback_can_be_a_decorator(chat):
    @chat.on_token
    def note(text):
        return text

    assert note("x") == "x"


def test_a_callback_that_fails_is_logged_and_stops_nothing(chat, source, caplog):
    chat.on_token(lambda text: 1 / 0)
    assert answer(chat, source, "Hi", "Hello").content == "Hello"
    assert "a callback of chat.on_token failed" in caplog.text


def test_a_callback_may_stop_its_own_turn(chat, source):
    chat.on_token(lambda text: chat.stop())
    turn = chat.send("Hi")
    source.put("enough")
    assert turn.result(10).status == "stopped"
    assert chat.messages[-1]["content"] == "enough"


def test_a_callback_may_ask_the_next_question(source):
    chat = ChatNode(at_once("Hello"))
    follow_up = []
    chat.on_complete(lambda reply: follow_up or follow_up.append(chat.send("And?")))
    chat.send("Hi").result(10)
    assert follow_up[0].result(10).content == "Hello"
    assert [m["role"] for m in chat.messages] == ["user", "assistant"] * 2


def test_a_slow_observer_is_warned_about_once(chat, source, caplog, monkeypatch):
    from printer_widget import chat as module

    monkeypatch.setattr(module, "SLOW_CALLBACK_S", -1.0)
    with caplog.at_level(logging.WARNING):
        answer(chat, source, "Hi", "Hello")
    assert caplog.text.count("on the stream's own thread") == 1


def test_chats_that_stream_at_once_share_one_budget_evenly():
    chats = [ChatNode(ScriptedModel()) for _ in range(20)]
    turns = [chat.send("Hi") for chat in chats]
    for turn in turns:
        assert turn._batcher.interval_s == turn._thoughts.interval_s == pytest.approx(20 / 300)
    for chat in chats[1:]:
        chat.close()
    assert turns[0]._batcher.interval_s == turns[0]._thoughts.interval_s == INTERVAL_S
    chats[0].close()
