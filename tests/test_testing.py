"""What printer_widget.testing gives to those who test a notebook of their own."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from printer_widget import ChatNode, ProviderError, ReasoningDelta, StreamEnd
from printer_widget.testing import ScriptedModel, ask, press, press_stop, wait_for_text
from sources import at_once

pytest_plugins = ["printer_widget.testing.fixtures"]


def test_stop_is_pressed_without_a_kernel(scripted_chat, scripted_model):
    turn = scripted_chat.send("Go on and on")
    scripted_model.put("Once upon ")
    wait_for_text(scripted_chat, "Once upon ")
    press_stop(scripted_chat)
    assert turn.done()
    assert turn.result(0).status == "stopped"
    assert turn.result(0).content == "Once upon "


def test_there_is_no_stop_where_nothing_streams(scripted_chat):
    with pytest.raises(ValueError, match="no answer is streaming"):
        press_stop(scripted_chat)


async def test_a_reader_asks_and_the_model_answers_step_by_step(scripted_chat, scripted_model):
    scripted_model.put(ReasoningDelta("A greeting."), "Hel", "lo", StreamEnd())
    ask(scripted_chat, "Hi")
    await scripted_chat.idle()
    assert [m["content"] for m in scripted_chat.messages] == ["Hi", "Hello"]
    assert scripted_chat.messages[1]["reasoning"] == "A greeting."
    assert [question.prompt for question in scripted_model.questions] == ["Hi"]


async def test_a_reader_presses_everything_else(scripted_chat, scripted_model):
    scripted_model.put(ProviderError("overloaded"))
    ask(scripted_chat, "Hi")
    await scripted_chat.idle()
    scripted_model.put("Hello", StreamEnd())
    press(scripted_chat, "retry")
    await scripted_chat.idle()
    assert [m["status"] for m in scripted_chat.messages] == ["complete", "error", "complete"]
    press(scripted_chat, "delete", message="turn-1")
    scripted_model.put("Salut", StreamEnd())
    press(scripted_chat, "edit", message="message-1", text="Bonjour")
    await scripted_chat.idle()
    assert [m["content"] for m in scripted_chat.messages] == ["Bonjour", "Salut"]
    press(scripted_chat, "new")
    assert scripted_chat.messages == []


def test_a_refusal_is_raised_with_the_sentence_that_the_reader_sees(scripted_chat):
    scripted_chat.send("Hi")
    with pytest.raises(ValueError, match="an answer is still streaming"):
        ask(scripted_chat, "And?")
    with pytest.raises(ValueError, match="keeps no conversations"):
        press(scripted_chat, "list")


def test_a_command_that_no_browser_sends_is_refused(scripted_chat):
    with pytest.raises(ValueError, match="there is no command 'stopp'"):
        press(scripted_chat, "stopp")
    with pytest.raises(ValueError, match="'edit' takes the fields"):
        press(scripted_chat, "edit", text="Hi")


def test_nothing_can_be_pressed_once_the_chat_is_closed(scripted_chat):
    scripted_chat.close()
    with pytest.raises(ValueError, match="this chat was closed"):
        ask(scripted_chat, "Hi")


def test_a_text_that_does_not_come_is_told_with_what_came(scripted_chat, scripted_model):
    scripted_chat.send("Hi")
    scripted_model.put("Good day")
    wait_for_text(scripted_chat, "Good day")
    with pytest.raises(TimeoutError, match=r"begins with 'Hello'.*it is 'Good day'"):
        wait_for_text(scripted_chat, "Hello", timeout=0)


def test_waiting_for_a_reply_on_the_streams_own_thread_is_refused(scripted_chat, scripted_model):
    refusals = []

    def again(_reply):
        with pytest.raises(RuntimeError, match="stream's own thread") as caught:
            ask(scripted_chat, "And?")
        refusals.append(caught.value)

    scripted_chat.on_complete(again)
    turn = scripted_chat.send("Hi")
    scripted_model.end()
    turn.result(10)
    assert len(refusals) == 1


def test_nothing_is_left_on_the_comm(scripted_chat, scripted_model):
    before = scripted_chat.comm.send
    scripted_model.end()
    ask(scripted_chat, "Hi")
    assert scripted_chat.comm.send == before


def test_several_readers_press_at_once_and_each_gets_its_reply(scripted_chat):
    """Each listens on the same comm: who ends first must not silence those who began later."""
    before = scripted_chat.comm.send
    scripted_chat.send("Hi")
    refusals = []

    def press_some() -> None:
        for _ in range(20):  # all of them fewer than a browser may send at once
            with pytest.raises(ValueError, match="still streaming") as caught:
                press(scripted_chat, "new")
            refusals.append(caught.value)

    readers = [threading.Thread(target=press_some) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(refusals) == 80
    assert scripted_chat.comm.send == before


# The same in every run -----------------------------------------------------------------------


def say_some(**options) -> list:
    chat = ChatNode(at_once("Hello"), **options)
    chat.send("Hi", context=["x = 1"]).result(10)
    chat.retry().result(10)
    chat.send("And?").result(10)
    chat.edit(chat.messages[-2]["id"], "So?").result(10)
    messages = chat.messages
    chat.clear()
    chat.send("Anew").result(10)
    messages += chat.messages
    chat.close()
    return messages


def test_the_messages_of_a_deterministic_chat_are_equal_in_every_run():
    assert say_some(deterministic=True) == say_some(deterministic=True)
    assert say_some() != say_some()


def test_its_ids_can_be_written_into_a_test():
    said = say_some(deterministic=True)
    assert [message["id"] for message in said] == [
        *("message-1", "turn-1", "turn-2", "message-3", "turn-4"),
        *("message-4", "turn-5"),
    ]
    assert {message["timestamp"] for message in said} == {"2000-01-01T00:00:00.000+00:00"}


@pytest.mark.slow
def test_the_demo_model_is_the_same_in_every_run_too():
    said = []
    for _ in range(2):
        chat = ChatNode(deterministic=True)
        chat.send("What can you do?").result(10)
        said.append(chat.messages)
        chat.close()
    assert said[0] == said[1]
    assert said[0][1]["conversation_id"] is None


def test_a_server_is_never_told_a_run_by_a_name_of_another_one(scripted_model):
    """A server may answer a run that it knows with what it said then."""
    for _ in range(2):
        chat = ChatNode(scripted_model, deterministic=True)
        scripted_model.end()
        chat.send("Hi").result(10)
        chat.close()
    assert len({question.run_id for question in scripted_model.questions}) == 2


# Elsewhere -----------------------------------------------------------------------------------


def test_it_is_imported_by_those_who_ask_for_it_and_needs_no_pytest():
    code = (
        "import sys, printer_widget; before = set(sys.modules); "
        "assert 'printer_widget.testing' not in before; "
        "import printer_widget.testing; print('pytest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_model_can_be_shown():
    assert repr(ScriptedModel()) == "ScriptedModel()"


@pytest.mark.parametrize("step", [5, ValueError])
def test_a_model_takes_no_step_that_it_could_not_take(scripted_model, step):
    with pytest.raises(TypeError, match="expected text, an event or an exception to raise, got"):
        scripted_model.put("a", step)
