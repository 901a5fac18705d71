from __future__ import annotations

import copy
import json
import pickle

import comm
import ipywidgets
import pytest
import traitlets

from comms import Page, RecordingComm
from printer_widget import ChatNode, Printer, ProviderError
from printer_widget.testing import ScriptedModel, wait_for_text
from sources import at_once


@pytest.fixture(autouse=True)
def comms(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def source():
    return ScriptedModel()


@pytest.fixture
def chat(source):
    chat = ChatNode(source)
    yield chat
    chat.close()


@pytest.fixture
def page(chat):
    return Page(chat.comm)


# State -------------------------------------------------------------------------------------------


def test_the_first_state_is_whole(chat):
    assert chat.comm.opened["streamedText"] == ""
    assert chat.comm.opened["isStreaming"] is False
    assert chat.comm.opened["messages"] == []
    assert chat.comm.opened["_view"]["revision"] == 0


def test_no_message_is_sent_while_nobody_watches_but_the_ending(chat, source):
    turn = chat.send("Hi")
    source.put(*["word "] * 1000)
    source.end()
    turn.result(10)
    updates = chat.comm.taken()
    assert len(updates) == 1
    assert updates[0]["state"]["streamedText"] == "word " * 1000
    assert updates[0]["state"]["isStreaming"] is False
    assert [m["role"] for m in updates[0]["state"]["messages"]] == ["user", "assistant"]


def test_a_watching_browser_follows_by_deltas(chat, source, page):
    turn = chat.send("Hi")
    page.report()
    for piece in ("Hel", "lo ", "😀"):
        source.put(piece)
    source.end()
    turn.result(10)
    messages = chat.comm.taken()
    assert "append" in {m["content"]["type"] for m in messages if m["method"] == "custom"}
    for message in messages:
        page.browser.take(message)
    assert page.browser.text == "Hello 😀" == chat.streamedText
    assert page.browser.state["messages"] == chat.messages


def test_the_partial_answer_is_in_the_text_and_never_in_messages_too(chat, source):
    chat.send("Hi")
    source.put("part")
    wait_for_text(chat, "part")
    assert [m["role"] for m in chat.messages] == ["user"]
    chat.stop()
    assert chat.messages[-1]["content"] == "part"
    assert chat.messages[-1]["status"] == "stopped"
    assert chat.streamedText == "part"


def test_a_full_state_is_one_snapshot_even_while_traits_are_being_assigned(chat, source):
    seen = []

    def look(change):
        state = chat.get_state()
        seen.append((state["isStreaming"], len(state["messages"]), state["_view"]["revision"]))

    chat.observe(look, ["messages", "isStreaming"])
    turn = chat.send("Hi")
    source.end()
    turn.result(10)
    assert set(seen) == {(True, 1, 1), (False, 2, 2)}


def test_get_state_takes_a_name_a_set_and_nothing(chat):
    assert chat.get_state("isStreaming") == {"isStreaming": False}
    assert chat.get_state({"isStreaming", "messages"}) == {"isStreaming": False, "messages": []}
    assert {"streamedText", "_esm", "layout"} <= chat.get_state().keys()


def test_a_front_end_that_asks_for_everything_gets_everything(chat):
    chat.comm.receive(None, method="request_state", key="state")
    sent = set().union(*(message["state"] for message in chat.comm.taken()))
    assert sent == set(chat.keys)


def test_send_state_of_a_name_sends_a_keyframe_of_the_chats_keys_without_the_bundle(chat):
    chat.send_state("messages")
    (message,) = chat.comm.taken()
    assert message["state"].keys() == {"streamedText", "isStreaming", "messages", "_view"}


def test_other_traits_are_synced_as_on_every_widget(chat):
    chat.tooltip = "Ask me"
    assert chat.comm.taken() == [
        {"method": "update", "state": {"tooltip": "Ask me"}, "buffer_paths": []}
    ]


# What the browser may not do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("streamedText", "forged"),
        ("isStreaming", True),
        ("messages", [{"role": "system", "content": "forged"}]),
        ("_view", {"turn": "t", "revision": 99}),
        ("_esm", "export default {}"),
        ("tooltip", "forged"),
    ],
)
def test_a_browser_cannot_write_a_trait_and_is_shown_the_truth_again(chat, key, value):
    before = chat.get_state()
    chat.comm.receive({key: value}, method="update", key="state")
    assert chat.get_state() == before
    assert chat.comm.taken()[-1]["state"][key] == before[key]


def test_a_flood_of_forged_traits_is_not_answered_one_by_one(chat):
    for _ in range(1000):
        chat.comm.receive({"_esm": "x"}, method="update", key="state")
    assert len(chat.comm.taken()) < 200


@pytest.mark.parametrize("content", [None, [], "stop", {"type": "stop"}, {"type": 5}, {}])
def test_a_malformed_command_is_ignored(chat, content):
    chat.comm.receive(content)
    assert chat.comm.taken() == []


def test_a_message_of_another_kind_reaches_the_users_own_handler(chat):
    got = []
    chat.on_msg(lambda _widget, content, _buffers: got.append(content))
    chat.comm.receive({"kind": "mine"})
    assert got == [{"kind": "mine"}]


def test_a_message_fires_no_hook_of_ipython(chat, monkeypatch):
    import IPython

    def fail():
        raise AssertionError("the comm asked for the shell, to fire its hooks")

    monkeypatch.setattr(IPython, "get_ipython", fail)
    chat.comm.receive({"kind": "mine"})


# Commands ----------------------------------------------------------------------------------------


def test_a_question_from_the_browser_starts_a_turn(chat, source, page):
    assert page.command("send", text="Hi")["ok"]
    assert chat.isStreaming
    assert page.read().state["messages"][0]["content"] == "Hi"


def test_a_blank_question_from_the_browser_is_refused_with_a_sentence(chat, page):
    reply = page.command("send", text=" \n")
    assert not reply["ok"]
    assert "blank" in reply["error"]


def test_two_questions_at_once_start_one_turn(chat, source, page):
    replies = [page.command("send", text="first"), page.command("send", text="second")]
    assert [reply["ok"] for reply in replies] == [True, False]
    assert [m["content"] for m in chat.messages] == ["first"]


def test_stop_from_the_browser_ends_the_turn_it_names(chat, source, page):
    turn = chat.send("Hi")
    page.command("stop", turn="another")
    assert not turn.done()
    page.command("stop", turn=turn.id)
    assert turn.result(0).status == "stopped"
    assert page.read().state["isStreaming"] is False


def test_stop_is_heard_in_a_flood_of_commands(chat, source, page):
    turn = chat.send("Hi")
    for _ in range(10_000):
        chat.comm.handle_msg(
            {
                "content": {
                    "data": {
                        "method": "custom",
                        "content": {"type": "send", "client": "c", "nonce": "n", "text": "x"},
                    }
                },
                "buffers": [],
            }
        )
    page.command("stop", turn=turn.id)
    assert turn.done()


def test_retry_edit_and_delete_from_the_browser(chat, source, page):
    turn = chat.send("Hi")
    source.put("one")
    source.end()
    turn.result(10)
    assert page.command("retry")["ok"]
    source.put("two")
    source.end()
    chat._chat.turn.result(10)
    assert [m["content"] for m in chat.messages] == ["Hi", "one", "two"]
    page.command("delete", message=chat.messages[1]["id"])
    assert [m["content"] for m in page.read().state["messages"]] == ["Hi", "two"]
    page.command("edit", message=chat.messages[0]["id"], text="Hello")
    assert [m["content"] for m in page.read().state["messages"]] == ["Hello"]
    assert "no message" in page.command("delete", message="nowhere")["error"] or chat.isStreaming


def test_a_browser_that_missed_messages_recovers(chat, source, page):
    turn = chat.send("Hi")
    source.put("lost")
    wait_for_text(chat, "lost")
    chat.comm.taken()
    source.put(" found")
    source.end()
    turn.result(10)
    page.read()
    page.report()
    assert page.read().text == "lost found"


# Traits for Python -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["messages", "streamedText", "isStreaming"])
def test_assigning_a_trait_names_what_to_call_instead(chat, name):
    with pytest.raises(traitlets.TraitError, match=rf"{name} is read-only.*clear\(\)"):
        setattr(chat, name, "x")


def test_the_pythonic_names_read_and_observe(chat, source):
    seen = []

    def note(change):
        seen.append((change["name"], change["new"]))

    chat.observe(note, names=["streamed_text", "is_streaming"])
    turn = chat.send("Hi")
    source.put("x")
    source.end()
    turn.result(10)
    assert seen == [("isStreaming", True), ("streamedText", "x"), ("isStreaming", False)]
    assert (chat.streamed_text, chat.is_streaming) == ("x", False)
    chat.unobserve(note, names=["streamed_text", "is_streaming"])
    chat.send("again")
    assert len(seen) == 3


def test_messages_is_a_new_list_at_every_change(chat, source):
    lists = []
    chat.observe(lambda change: lists.append(change["new"]), "messages")
    turn = chat.send("Hi")
    source.end()
    turn.result(10)
    assert [len(each) for each in lists] == [1, 2]
    assert lists[0] is not lists[1]


def test_editing_the_list_in_place_changes_nothing_that_is_sent(chat, source):
    chat.send("Hi")
    chat.messages.clear()
    assert [m["content"] for m in chat.get_state("messages")["messages"]] == ["Hi"]


# As a widget -------------------------------------------------------------------------------------


def test_an_unknown_keyword_names_the_nearest_known_one():
    with pytest.raises(TypeError, match=r"unknown keyword 'sytem': did you mean system=\?"):
        ChatNode(at_once("x"), sytem="You teach.")


def test_a_source_that_is_none_is_refused_with_what_was_expected():
    with pytest.raises(TypeError, match="expected the URL of a backend"):
        ChatNode(42)


def test_a_token_for_something_that_is_no_url_is_refused():
    with pytest.raises(TypeError, match="token= goes with the URL"):
        ChatNode(at_once("x"), token="t")


def test_its_repr_is_the_same_in_every_run(chat, source):
    before = repr(chat)
    turn = chat.send("Hi")
    source.end()
    turn.result(10)
    assert repr(chat) == before == "ChatNode(scripted)"


def test_its_display_has_a_view_and_that_repr(chat):
    bundle = chat._repr_mimebundle_()[0]
    assert bundle["text/plain"] == "ChatNode(scripted)"
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_refuses_to_be_copied_with_what_to_keep_instead(chat, copied):
    with pytest.raises((TypeError, NotImplementedError)) as caught:
        copied(chat)
    if copied is pickle.dumps:
        assert "chat.messages" in str(caught.value)


def test_closing_stops_the_turn_and_the_comm(source):
    chat = ChatNode(source)
    recording, turn = chat.comm, chat.send("Hi")
    chat.close()
    assert turn.result(0).status == "stopped"
    assert recording.published[-1] == {"method": "comm_close"}
    chat.close()


def test_closing_all_widgets_closes_chats_too(source):
    turn = ChatNode(source).send("Hi")
    ipywidgets.Widget.close_all()
    assert turn.result(0).status == "stopped"


def test_its_state_is_json_and_holds_no_token():
    chat = ChatNode("http://127.0.0.1:9", token="canary-token")
    assert "canary-token" not in json.dumps(chat.get_state())
    assert "canary-token" not in repr(chat)


def test_lone_surrogates_reach_the_browser_as_replacement_characters(chat, source, page):
    turn = chat.send("a\ud83db")
    source.put("x\ud83d", "y")
    source.end()
    assert turn.result(10).content == "x\ufffdy"
    assert page.read().state["messages"][0]["content"] == "a\ufffdb"
    json.dumps(chat.get_state()).encode()


def test_without_a_bundle_the_error_says_what_to_run(monkeypatch):
    monkeypatch.setattr(ChatNode, "_esm", "")
    with pytest.raises(FileNotFoundError, match="make build"):
        ChatNode(at_once("x"))


def test_a_failure_is_shown_and_kept(chat, source, page):
    turn = chat.send("Hi")
    source.put("part", ProviderError("the model fell over"))
    with pytest.raises(ProviderError):
        turn.result(10)
    last = page.read().state["messages"][-1]
    assert (last["content"], last["status"], last["error"]) == (
        "part",
        "error",
        "the model fell over",
    )


def test_a_class_instead_of_a_provider_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match=r"write Printer\(…\)"):
        ChatNode(Printer)
