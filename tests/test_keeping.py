"""What of a chat can be read without it: its transcript, its fallback, the output beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import IPython.display
import pytest

from comms import RecordingComm
from printer_widget import ChatNode, Message, ProviderError, Transcript, kernel
from printer_widget.testing import ScriptedModel
from shown import Shown
from sources import at_once, drain


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def source() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def chat(source: ScriptedModel) -> Iterator[ChatNode]:
    chat = ChatNode(source)
    yield chat
    chat.close()


def said(transcript: Transcript) -> list[tuple[str, str, str]]:
    return [(one.role, one.content, one.ending) for one in transcript.messages]


# ── Transcripts ────────────────────────────────────────────────────────────────────────────────


def test_a_transcript_has_all_messages_and_changes_no_more() -> None:
    chat = ChatNode(at_once("Hello"))
    chat.send("Hi", context=["notes"]).result(10)
    transcript = chat.transcript()
    chat.clear()
    assert said(transcript) == [("user", "Hi", ""), ("assistant", "Hello", "")]
    assert [item.text for item in transcript.messages[0].context] == ["notes"]
    assert transcript.title == "Conversation with answer"
    assert said(chat.transcript()) == []


def test_an_answer_that_is_still_coming_is_in_it_and_says_so(
    chat: ChatNode, source: ScriptedModel
) -> None:
    turn = chat.send("Hi")
    source.put("Hel")
    while chat.streamed_text != "Hel":
        drain()
    ending = "interrupted: the answer was still coming"
    assert said(chat.transcript()) == [("user", "Hi", ""), ("assistant", "Hel", ending)]
    source.put("lo")
    source.end()
    turn.result(10)
    assert said(chat.transcript()) == [("user", "Hi", ""), ("assistant", "Hello", "")]


@pytest.mark.parametrize("name", ["kept.json", "kept.jsonl", "kept.md"])
def test_a_chat_goes_on_where_a_kept_one_ended(tmp_path: Path, name: str) -> None:
    told: list[dict[str, str]] = []

    async def model(messages: list[dict[str, str]]) -> Any:
        told.extend(messages)
        yield "And so on"

    first = ChatNode(at_once("Hello"), deterministic=True)
    first.send("Hi").result(10)
    kept = first.transcript().save(tmp_path / name)
    second = ChatNode.load(kept, model, system="You teach.", deterministic=True)
    assert second.messages == first.messages
    second.send("More").result(10)
    assert [one["content"] for one in told] == ["You teach.", "Hi", "Hello", "More"]
    assert len({message["id"] for message in second.messages}) == 4


def test_a_transcript_itself_can_be_loaded() -> None:
    message = Message(id="m", role="user", content="Hi", timestamp="", conversation_id="c")
    chat = ChatNode.load(Transcript((message,)), at_once("Hello"))
    assert chat.messages == [message.to_dict()]
    assert chat.retry().result(10).conversation_id == "c"


def test_a_closed_chat_still_has_its_transcript(chat: ChatNode) -> None:
    chat.close()
    assert repr(chat.transcript()) == "Nothing was said yet."


# ── Without the view ───────────────────────────────────────────────────────────────────────────


def test_a_display_carries_what_was_said_escaped() -> None:
    chat = ChatNode(at_once("<img src=x>"), deterministic=True)
    empty = chat._repr_mimebundle_()[0]
    assert "a chat, to be used where its kernel runs" in empty["text/html"]
    chat.send("Hi").result(10)
    bundle = chat._repr_mimebundle_()[0]
    assert empty["text/plain"] == "ChatNode(answer)"
    assert bundle["text/plain"] == "ChatNode(answer)\n\nYou:\nHi\n\nAssistant:\n<img src=x>"
    shown = Shown(bundle["text/html"])
    assert (shown.texts, shown.harms) == (["Hi", "<img src=x>"], [])


def test_a_display_does_not_depend_on_how_far_an_answer_came(
    chat: ChatNode, source: ScriptedModel
) -> None:
    turn = chat.send("Hi")
    before = chat._repr_mimebundle_()[0]["text/html"]
    source.put("Hel")
    while chat.streamed_text != "Hel":
        drain()
    assert chat._repr_mimebundle_()[0]["text/html"] == before
    turn.stop()


def test_a_reply_is_set_with_its_ending_and_its_note() -> None:
    reply = Message(
        id="m",
        role="assistant",
        content="**Hel**",
        timestamp="",
        status="stopped",
        note="<b>cut</b>\n\nshort",
    )
    html = reply._repr_html_()
    assert "<b>**Hel**</b></pre>" in html
    assert html.endswith(
        "<p><em>&lt;b&gt;cut&lt;/b&gt;&#10;&#10;short</em></p><p><em>[stopped]</em></p>"
    )
    assert not hasattr(reply, "_repr_markdown_")


# ── The output beside a chat ───────────────────────────────────────────────────────────────────


@pytest.fixture
def displays(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What a kernel was asked to display: the kind of asking, and the thing."""
    seen: list[tuple[str, Any]] = []
    monkeypatch.setattr(kernel, "is_running", lambda: True)
    monkeypatch.setattr(
        IPython.display, "display", lambda thing, **_: seen.append(("display", thing))
    )
    monkeypatch.setattr(
        IPython.display, "update_display", lambda thing, **_: seen.append(("update", thing))
    )
    return seen


def test_a_static_output_follows_at_each_ending_and_at_no_token(
    source: ScriptedModel, displays: list[tuple[str, Any]]
) -> None:
    chat = ChatNode(source, static=True)
    chat.send("unseen").stop()
    drain()
    assert displays == []
    chat.clear()

    chat._ipython_display_()
    assert [kind for kind, _ in displays] == ["display", "display"]
    assert "application/vnd.jupyter.widget-view+json" in displays[0][1]
    assert said(displays.pop()[1]) == []
    displays.clear()

    turn = chat.send("Hi")
    source.put("Hel", "lo")
    while chat.streamed_text != "Hello":
        drain()
    assert displays == []
    source.put(ProviderError("no more"))
    with pytest.raises(ProviderError):
        turn.result(10)
    drain()
    (update,) = displays
    assert update[0] == "update"
    assert said(update[1])[1] == ("assistant", "Hello", "failed: no more")
    chat.close()


def test_a_display_that_fails_stops_no_answer(
    displays: list[tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat = ChatNode(at_once("Hello"), static=True)
    chat._ipython_display_()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the kernel is going down")

    monkeypatch.setattr(IPython.display, "update_display", fail)
    assert chat.send("Hi").result(10).content == "Hello"
    drain()
    assert "could not be brought up to date" in caplog.text


def test_without_static_a_chat_is_displayed_as_any_widget(chat: ChatNode) -> None:
    with pytest.raises(NotImplementedError):
        chat._ipython_display_()
    with pytest.raises(NotImplementedError):  # nor outside of a kernel
        ChatNode(at_once("x"), static=True)._ipython_display_()
