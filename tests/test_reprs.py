"""What a notebook stores of our objects is the same in every run."""

from __future__ import annotations

import functools
import inspect
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import printer_widget
from printer_widget import (
    AGUI,
    AnthropicMessages,
    Attachment,
    ChatNode,
    Conversation,
    ConversationAssigned,
    ConversationInfo,
    FinishReason,
    Function,
    Lesson,
    Message,
    ModelNamed,
    OpenAIChat,
    Printer,
    ProviderError,
    ReasoningDelta,
    Reconnecting,
    Replay,
    StreamEnd,
    StreamError,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Transcript,
    Usage,
    VercelUI,
)
from printer_widget.cassette import HEADER
from printer_widget.sources import as_source

URL = "http://127.0.0.1:8000"


async def teacher(messages):
    yield messages[-1]["content"]


class Model:
    def __call__(self, messages):
        return "Hello"


def unique(what: str) -> str:
    """Text of the kind that differs in every run, and that no repr may show."""
    return f"unique-{what}-{os.getpid()}"


def replay() -> Replay:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lesson.cassette")
        path.write_text(
            f"{HEADER}\n\n== Hi\nfrom: events\n\n-- user\n| Hi\n\n-- complete\n", "utf-8"
        )
        return Replay(path)


def public_objects() -> dict[str, list[Any]]:
    """Some objects of each public class, by its name."""
    chat = ChatNode(teacher, system="You teach.")
    turn = chat.send("Hi")
    reply = turn.result(10)
    error = ProviderError("the model is overloaded", status=529)
    error.reply = reply
    said = Message(
        id=unique("id"),
        role="assistant",
        content="Hello",
        timestamp=unique("time"),
        conversation_id=unique("conversation"),
        status="error",
        error="the model is overloaded",
        usage={"output_tokens": 2, "input_tokens": 1},
        tools=({"name": "search", "arguments": "{}"},),
    )
    objects = [
        AGUI(URL),
        AnthropicMessages("model", api_key=unique("key")),
        Attachment(name="sales", kind="DataFrame", text="3 rows"),
        chat,
        chat.transcript(),
        Conversation(messages=(reply, said), id=unique("conversation")),
        ConversationAssigned(unique("conversation")),
        ConversationInfo(id=unique("id"), title="Means", updated_at=unique("time")),
        FinishReason("length"),
        Function(teacher),
        Lesson(system="You teach.", suggestions=["Why?"], log="answers.jsonl"),
        said,
        ModelNamed("model"),
        OpenAIChat("model", api_key=lambda: unique("key")),
        Printer(URL, token=unique("token")),
        ReasoningDelta("Hm"),
        replay(),
        Reconnecting(2, 3),
        StreamEnd(unique("id")),
        StreamError("the model is overloaded"),
        StreamStart(unique("run"), unique("id")),
        TextDelta("Hello"),
        ToolCallDelta(unique("call"), "search"),
        Transcript(messages=(reply, said)),
        turn,
        Usage(1, 2),
        VercelUI(URL),
        # The same in other clothes, and what stands behind them.
        ChatNode(),
        ChatNode(Model()),
        ChatNode(functools.partial(teacher)),
        ChatNode(Printer(URL)),
        error,
        turn.question.conversation.messages[0],
        as_source(teacher),
        as_source(Printer(URL)),
    ]
    found: dict[str, list[Any]] = {}
    for one in objects:
        found.setdefault(type(one).__name__, []).append(one)
    for name, kind in public_classes().items():
        if issubclass(kind, Exception):
            found.setdefault(name, []).append(kind("what went wrong"))
    return found


def public_classes() -> dict[str, type]:
    named = {name: getattr(printer_widget, name) for name in printer_widget.__all__}
    return {name: one for name, one in named.items() if inspect.isclass(one)}


def reprs() -> str:
    objects = [one for each in public_objects().values() for one in each]
    return "\n".join(f"{type(one).__name__}: {one!r} | {one} | {rich(one)}" for one in objects)


def rich(one: Any) -> Any:
    """What a notebook stores beside the repr, but for where to find a chat's view."""
    if isinstance(one, ChatNode):
        return one._repr_mimebundle_()[0]["text/html"]
    for name in ("_repr_mimebundle_", "_repr_html_"):
        if hasattr(one, name):
            return getattr(one, name)()
    return None


def test_every_public_class_is_looked_at() -> None:
    assert public_classes().keys() - public_objects().keys() == set()


@pytest.mark.slow
def test_no_repr_differs_between_two_processes() -> None:
    said = [
        subprocess.run(
            [sys.executable, __file__],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert "Message: assistant [failed: the model is overloaded]: Hello" in said[0]
    assert said[0] == said[1]


def test_no_repr_shows_an_address_a_time_or_an_id() -> None:
    assert re.findall(r".*(?:0x[0-9a-f]{6}|unique-|\d{4}-\d\d-\d\dT|[0-9a-f]{32}).*", reprs()) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:38109", "127.0.0.1"),
        ("http://localhost:8000/api", "localhost"),
        ("http://[::1]:8000", "[::1]"),
        ("https://example.org:8443", "example.org:8443"),
    ],
)
def test_no_chat_puts_out_a_port_of_this_machine(url: str, shown: str) -> None:
    """A server that a notebook starts has another port in each run."""
    chat = ChatNode(url, token="token")
    name = f"ChatNode({shown})"
    assert (repr(chat), chat.transcript().title) == (name, f"Conversation with {shown}")
    assert f"{name}:" in rich(chat)
    assert chat.get_state("_view")["_view"]["labels"]["title"] == urlsplit(url).netloc


if __name__ == "__main__":
    sys.stdout.write(reprs())
