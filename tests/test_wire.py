from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget import wire
from reference_browser import Browser

VECTORS = Path(__file__).parent / "wire"
DELTAS = json.loads((VECTORS / "deltas.json").read_text("ascii"))
COMMANDS = json.loads((VECTORS / "commands.json").read_text("ascii"))


@pytest.mark.parametrize("vector", DELTAS, ids=lambda vector: vector["name"])
def test_a_browser_that_keeps_the_rules_ends_in_the_expected_state(vector):
    browser = Browser(vector["state"])
    for message in vector["messages"]:
        browser.take(message)
    assert browser.state == vector["expect"]
    assert browser.wants_resync == vector["resync"]


@pytest.mark.parametrize("vector", COMMANDS, ids=lambda vector: vector["name"])
def test_a_command_is_taken_refused_or_ignored(vector):
    content = vector["content"]
    if vector["outcome"] == "refused":
        with pytest.raises(wire.WireError):
            wire.parse_command(content)
        return
    command = wire.parse_command(content)
    if vector["outcome"] == "ignored":
        assert command is None
    else:
        assert command is not None
        fields = {name: getattr(command, name) for name in content if name != "type"}
        assert {"type": content["type"], **fields} == content


def test_a_text_that_is_too_long_is_refused():
    content = {"type": "send", "client": "c", "nonce": "n", "text": "x" * wire.MAX_TEXT}
    assert wire.parse_command(content) is not None
    with pytest.raises(wire.WireError, match="'text'"):
        wire.parse_command({**content, "text": "x" * (wire.MAX_TEXT + 1)})


def test_a_refusal_names_the_fields_that_are_expected():
    with pytest.raises(wire.WireError, match=r"'stop' takes the fields \['client', 'turn'\]"):
        wire.parse_command({"type": "stop"})


def test_no_message_to_the_browser_has_a_top_level_id():
    messages = [
        wire.Append(turn="t", offset=0, text="x"),
        wire.Patch(base=0, at=0, remove=0, insert=[], streaming=True, view={}),
        wire.Reply(nonce="n"),
    ]
    for message in messages:
        assert "id" not in message.to_json()


def test_a_reply_is_ok_or_carries_the_sentence():
    assert wire.Reply(nonce="n").to_json() == {
        "type": "reply",
        "nonce": "n",
        "ok": True,
        "error": None,
    }
    assert wire.Reply(nonce="n", error="No.").to_json()["ok"] is False


@given(st.text())
def test_lengths_are_those_of_javascript(text):
    assert wire.utf16_length(text) == sum(2 if char > "\uffff" else 1 for char in text)


messages = st.lists(st.sampled_from([{"id": name} for name in "abcdef"]), max_size=8)


@given(messages, messages)
def test_one_splice_turns_any_list_into_any_other(old, new):
    at, remove, insert = wire.splice(old, new)
    patched = list(old)
    patched[at : at + remove] = insert
    assert patched == new


@given(messages, st.integers(0, 8))
def test_a_splice_inserts_no_more_than_what_is_new(old, at):
    new = [*old[:at], {"id": "new"}, *old[at:]]
    assert wire.splice(old, new)[1:] == (0, [{"id": "new"}])
