"""A page that says anything at all, as often as it likes: nothing breaks, and Stop is heard.

The table is made of the list of commands itself, so that no command can be forgotten.
"""

from __future__ import annotations

import gc
import itertools
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import comm
import pytest

from chats import serve_beside
from comms import Page, RecordingComm
from counting import count, grown_since
from printer_widget import ChatNode
from printer_widget.commands import MAX_AT_ONCE
from printer_widget.rate import RateLimit
from printer_widget.sync import MAX_CLIENTS
from printer_widget.testing import ScriptedModel, wait_for_text
from printer_widget.wire.commands import _FIELDS
from servers import Connection, source
from sources import drain

# A valid value of each field; a name of ours would be one that something was done to.
VALID = {
    "client": "c",
    "nonce": "n",
    "turn": "no such turn",
    "offset": 0,
    "revision": 0,
    "text": "x",
    "message": "no such message",
    "conversation": "no such conversation",
    "title": "A title",
    "name": "editor",
}
WRONG: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e300, float("nan"), 2**53, 10**400),
    *("", " ", "\0", "\ud800", "../x", "__proto__", "x" * 129, "x" * 201, "x" * 1_000_001),
    *([], ["x"], {}, {"x": 1}, {"toString": "x"}, [[[[]]]]),
]
FLOOD = 10_000


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture(scope="module")
def huge() -> tuple[str, str]:
    letters = 50 << 20
    return "x" * letters, "é" * letters


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def chat(model: ScriptedModel, caplog: pytest.LogCaptureFixture) -> Iterator[ChatNode]:
    """A chat in mid-stream, to which whatever is said must not matter."""
    chat = ChatNode(model)
    page = Page(chat.comm)
    turn = chat.send("Go on")
    model.put("Hel")
    wait_for_text(chat, "Hel")
    page.read()
    before = (chat._chat.state, chat.get_state())
    yield chat
    drain()
    assert (chat._chat.state, chat.get_state()) == before
    model.put("lo 😀")
    wait_for_text(chat, "Hello 😀")
    hear(chat, {"type": "stop", "client": "c", "turn": turn.id})
    assert turn.done()
    assert turn.result(0).content == "Hello 😀"
    deadline = time.monotonic() + 10
    while page.read().state["messages"] != chat.messages:  # a keyframe waits for the one before
        assert time.monotonic() < deadline
    assert page.browser.text == "Hello 😀"
    assert caplog.get_records("call") == []
    chat.close()


def command(kind: str, **changes: Any) -> dict[str, Any]:
    return {"type": kind, **{field: VALID[field] for field in _FIELDS[kind]}, **changes}


def hear(chat: ChatNode, *contents: Any, method: str = "custom") -> None:
    """Let messages come in, one right after the other, and the loop act on them."""
    key = "content" if method == "custom" else "state"
    for content in contents:
        chat.comm.handle_msg({"content": {"data": {"method": method, key: content}}, "buffers": []})
    drain()


def forms(kind: str) -> Iterator[Any]:
    """Return a command in every wrong form, and in right ones about what is not there."""
    valid = command(kind)
    yield valid
    for field in valid:
        yield {name: value for name, value in valid.items() if name != field}
        for value in WRONG:
            yield {**valid, field: value}
    for more in ("id", "more", "__proto__", ""):
        yield {**valid, more: "x"}
    yield dict.fromkeys(valid, valid)


@pytest.mark.parametrize("kind", _FIELDS)
def test_no_form_of_a_command_matters_to_a_stream(kind: str, chat: ChatNode) -> None:
    chat._rate = RateLimit(per_second=1e9, burst=1e9)
    hear(chat, *forms(kind))
    replies = [one["content"] for one in chat.comm.taken() if one["method"] == "custom"]
    assert {one["type"] for one in replies} <= {"reply", "asset", "names", "append", "patch"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _FIELDS)
def test_what_is_too_long_costs_and_leaves_no_memory(
    kind: str, chat: ChatNode, huge: tuple[str, str]
) -> None:
    before = [*map(sys.getrefcount, huge)]
    tracemalloc.start()
    try:
        for at, field in itertools.product(range(len(huge)), command(kind)):
            hear(chat, command(kind, **{field: huge[at]}), command(kind, **{huge[at]: "x"}))
        gc.collect()
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [*map(sys.getrefcount, huge)] == before
    assert max(kept, most) < 1 << 20
    assert chat.comm.taken() == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", _FIELDS)
def test_ten_thousand_commands_at_once_are_not_obeyed_one_by_one(kind: str, chat: ChatNode) -> None:
    hear(chat, *(command("ack", client=f"c{at}") for at in range(MAX_CLIENTS + 1)))
    before = count()
    varied = {"nonce", "client"} & command(kind).keys()
    hear(chat, *(command(kind, **dict.fromkeys(varied, f"n{at}")) for at in range(FLOOD)))
    assert len(chat._outbox._sync._clients) <= MAX_CLIENTS
    assert grown_since(before) == {}
    assert len(chat.comm.taken()) < 300


def test_whatever_is_asked_for_while_a_server_does_not_answer_is_bounded() -> None:
    with serve_beside(Connection.gone) as server:
        chat = ChatNode(source(server.url))
        chat._rate = RateLimit(per_second=1e9, burst=1e9)
        hear(chat, *(command("list", nonce=f"n{at}") for at in range(FLOOD)))
        assert len(chat._commands._tasks) == MAX_AT_ONCE
        assert len(server.requests) <= MAX_AT_ONCE
        refusals = [one["content"]["error"] for one in chat.comm.taken()]
        assert refusals == [refusals[0]] * (FLOOD - MAX_AT_ONCE)
        assert "wait" in refusals[0]
        chat.close()


def test_no_trait_can_be_written(chat: ChatNode) -> None:
    chat._bulk_rate = RateLimit(per_second=1e9, burst=1e9)
    for key in chat.keys:
        for value in ["forged", *WRONG]:
            hear(chat, {key: value}, method="update")
    hear(chat, dict.fromkeys(chat.keys, "forged"), method="update")
    assert "forged" not in str(chat.comm.taken())


MALFORMED = [
    *(None, 5, "update", ["update"]),
    *({}, {"method": None}, {"method": "no such method"}, {"method": ["update"]}),
    *({"method": "custom"}, {"method": "update"}),
    *({"method": "update", "state": state} for state in (None, 5, "x", ["_esm"], {"no key": 1})),
    *(
        {"method": "update", "state": {}, "buffer_paths": paths}
        for paths in (None, 5, ["x"], [[]], [["_esm"]], [["x", 0, 10**9]])
    ),
]


@pytest.mark.parametrize("data", MALFORMED, ids=str)
def test_a_message_of_no_shape_is_ignored(data: dict[str, Any], chat: ChatNode) -> None:
    chat.comm.handle_msg({"content": {"data": data}, "buffers": [b"x"]})
    drain()


@pytest.mark.parametrize(("method", "state"), [("request_state", None), ("update", {"_esm": "x"})])
def test_what_is_answered_with_the_bundle_is_not_answered_each_time(
    method: str, state: Any, chat: ChatNode
) -> None:
    hear(chat, *[state] * FLOOD, method=method)
    assert 0 < len(chat.comm.taken()) < 50
