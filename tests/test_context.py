"""What the reader puts beside the next question: from Python, and from the browser."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import comm
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from comms import Page, RecordingComm
from printer_widget import (
    Attachment,
    BusyError,
    ChatNode,
    ClosedError,
    Lesson,
    LessonLimit,
    desk,
    kernel,
)
from printer_widget.attachments import kind_of
from printer_widget.loop import turns
from printer_widget.testing import ScriptedModel
from sources import at_once

VECTORS = json.loads((Path(__file__).parent / "wire" / "context.json").read_text("ascii"))


@pytest.fixture
def source():
    return ScriptedModel()


@pytest.fixture
def chat(source, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    chat = ChatNode(source)
    yield chat
    chat.close()


@pytest.fixture
def page(chat):
    return Page(chat.comm)


@pytest.fixture
def shell(monkeypatch):
    """A real shell in which the reader's cells run."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    monkeypatch.setattr(kernel, "running_shell", lambda: shell)
    return shell


def run(shell, cell):
    assert shell.run_cell(cell, store_history=True).success


def settled(chat, page):
    """Wait until every command of the browser has its reply, and read them."""

    async def wait():
        await asyncio.gather(*chat._commands._tasks)

    asyncio.run_coroutine_threadsafe(wait(), turns.loop).result(10)
    return page.read()


def asked(chat, page, kind, **fields):
    """Give a command and return the reply to it, when it is there."""
    page.command(kind, **fields)
    settled(chat, page)
    return page.replies[f"n{page.last}"]


def pending(page):
    return page.read().state["_view"].get("pending")


# ── What a model is told ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_an_attachment_is_told_between_tags(vector):
    assert Attachment(**vector["item"]).as_told() == vector["told"]


def test_what_was_added_goes_with_the_next_question_alone(chat, source):
    chat.context.add("x = 1", name="notes")
    chat.send("Why?", context=["y = 2"])
    source.put("So.")
    source.end()
    chat._chat.turn.result(10)
    assert len(chat.context) == 0
    assert chat.messages[0]["context"] == [
        {"name": "notes", "kind": "text", "text": "x = 1"},
        {"name": "", "kind": "text", "text": "y = 2"},
    ]
    chat.send("And?")
    told = chat._chat.turn.question.to_messages()
    assert told[0]["content"] == (
        '<context name="notes">\nx = 1\n</context>\n\n<context>\ny = 2\n</context>\n\nWhy?'
    )
    assert told[-1]["content"] == "And?"
    assert "context" not in chat.messages[-1]


def test_the_preview_is_exactly_what_is_sent(chat):
    frame = pd.DataFrame({"a": [1, 2]})
    chat.context.add(frame, name="frame")
    chat.context.add("b", name="text")
    preview = chat.context.preview()
    chat.send("Why?")
    assert chat._chat.turn.question.prompt == f"{preview.text}\n\nWhy?"
    assert str(preview) == preview.text
    assert preview.size == len(preview.text)


def test_a_refused_question_leaves_what_was_added(chat):
    chat.send("One")
    chat.context.add("x", name="x")
    with pytest.raises(BusyError):
        chat.send("Two")
    assert "x" in chat.context


def test_an_edited_question_keeps_its_own_context_and_takes_no_other(chat, source):
    chat.context.add("x", name="x")
    chat.send("One")
    source.end()
    chat._chat.turn.result(10)
    chat.context.add("y", name="y")
    chat.edit(chat.messages[0]["id"], "Two")
    assert [item["name"] for item in chat.messages[0]["context"]] == ["x"]
    assert [item.name for item in chat.context] == ["y"]


# ── chat.context ───────────────────────────────────────────────────────────────────────────────


def test_a_name_is_given_once(chat):
    chat.context.add("one", name="x")
    chat.context.add("two", name="y")
    chat.context.add("three", name="x")
    assert [(item.name, item.text) for item in chat.context] == [("y", "two"), ("x", "three")]


def test_what_was_added_can_be_taken_away(chat):
    chat.context.add("one", name="x")
    chat.context.add("two", name="y")
    chat.context.remove("x")
    assert [item.name for item in chat.context] == ["y"]
    with pytest.raises(ValueError, match="nothing with the name 'x'"):
        chat.context.remove("x")
    chat.context.clear()
    assert len(chat.context) == 0


def test_functions_and_files_are_called_what_they_are_called(chat, tmp_path):
    (tmp_path / "notes.txt").write_text("a")
    chat.context.add(at_once)
    chat.context.add(tmp_path / "notes.txt")
    assert [item.name for item in chat.context] == ["at_once", "notes.txt"]


def test_what_has_no_name_must_be_given_one(chat):
    for thing in ("a text", 42, [1], np.zeros(3)):
        with pytest.raises(
            ValueError, match=r'give it one, such as chat.context.add.*name="sales"'
        ):
            chat.context.add(thing)


def test_a_variable_names_what_it_holds(chat, shell):
    run(shell, "import pandas\nsales = pandas.DataFrame({'a': [1]})\nn = 1")
    assert chat.context.add(shell.user_ns["sales"]).name == "sales"
    with pytest.raises(ValueError, match="no name of its own"):
        chat.context.add(1)


def test_a_cell_is_added_by_its_number(chat, shell):
    run(shell, "%time x = 1")
    run(shell, "x + 1")
    chat.context.add_cell(1)
    (item,) = chat.context
    assert (item.name, item.kind, item.text) == ("In[1]", "cell", "%time x = 1")
    with pytest.raises(ValueError, match=r"no cell In\[9\] ran"):
        chat.context.add_cell(9)


def test_its_repr_says_what_is_there_and_no_text(chat):
    assert repr(chat.context) == "Context: nothing"
    added = chat.context.add({"password": "hunter2"}, name="login")
    assert "hunter2" not in repr(chat.context)
    assert repr(chat.context) == (
        "Context: login (dict, 23 characters; "
        "This may hold a secret (“password”): look before you send it.)"
    )
    assert repr(added) in repr(chat.context)


def test_a_preview_shows_text_size_and_warnings(chat):
    chat.context.add({"password": "x"}, name="login")
    chat.context.add("text", name="other")
    assert repr(chat.context.preview("login")) == (
        '<context name="login">\n{"password": "x"}\n</context>\n(51 characters)\n'
        "login: This may hold a secret (“password”): look before you send it."
    )
    assert chat.context.preview("other").warnings == ()
    with pytest.raises(ValueError, match="nothing with the name 'none'"):
        chat.context.preview("none")


def test_not_more_than_twenty_things_are_taken(chat):
    for number in range(20):
        chat.context.add("x", name=f"x{number}")
    chat.context.add("again", name="x3")
    with pytest.raises(ValueError, match="20 things are attached already"):
        chat.context.add("x", name="one more")


def test_a_closed_chat_takes_nothing(chat):
    chat.close()
    with pytest.raises(ClosedError):
        chat.context.add("x", name="x")


def test_a_lesson_may_allow_no_context(source):
    chat = ChatNode(source, lesson=Lesson(allow_context=False, max_turns=1))
    with pytest.raises(LessonLimit, match="allows no context"):
        chat.context.add("x", name="x")
    assert len(chat.context) == 0
    chat.close()


# ── The browser ────────────────────────────────────────────────────────────────────────────────


def test_browsers_are_shown_what_is_pending_without_its_text(chat, page):
    chat.context.add({"token": "abc"}, name="login")
    chat.context.add("secret text", name="x")
    assert pending(page) == [
        {
            "name": "login",
            "kind": "dict",
            "size": 16,
            "warning": "This may hold a secret (“token”): look before you send it.",
        },
        {"name": "x", "kind": "text", "size": 11},
    ]
    assert "secret text" not in json.dumps(chat.get_state(), default=str)
    chat.send("Hi")
    assert pending(page) is None


def test_a_browser_is_offered_the_readers_variables_cells_and_what_is_known(chat, page, shell):
    chat.context.add("x", name="known")
    chat.send("Hi")
    run(shell, "import os\nimport numpy\n_private = 1\narray = numpy.zeros(2)\nmissing = None")
    shell.user_ns["chat"] = chat
    run(shell, "def double(x): return 2 * x")
    assert asked(chat, page, "names")["ok"]
    assert page.told == [
        {
            "type": "names",
            "list": [
                {"name": "known", "kind": "text"},
                {"name": "array", "kind": "array"},
                {"name": "double", "kind": "function"},
                {"name": "In[1]", "kind": "cell"},
                {"name": "In[2]", "kind": "cell"},
            ],
        }
    ]


def test_one_odd_variable_keeps_no_other_from_being_offered(chat, page, shell, monkeypatch):
    def picky(thing):
        return kind_of(thing) if thing != "odd" else 1 / 0

    monkeypatch.setattr(desk, "kind_of", picky)
    run(shell, "class Meta(type):\n    def __getattr__(cls, name): raise RuntimeError(name)")
    run(shell, "class Odd(metaclass=Meta): pass\nodd, other, sales = Odd(), 'odd', [1]\ndel Meta")
    assert asked(chat, page, "names")["ok"]
    offered = [thing["name"] for thing in page.told[0]["list"]]
    assert offered == ["Odd", "sales", "In[1]", "In[2]"]


@pytest.mark.parametrize("failure", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_a_command_is_answered_whatever_fails(chat, page, shell, monkeypatch, failure):
    def failing(_thing, _name):
        raise failure("odd")

    monkeypatch.setattr(desk, "attach", failing)
    run(shell, "sales = [1]")
    refusal = asked(chat, page, "attach", name="sales")
    assert refusal["error"] == f"this failed in the kernel ({failure.__name__}): its log says more"
    monkeypatch.undo()
    assert asked(chat, page, "names")["ok"]


def test_without_a_shell_a_browser_is_offered_what_is_known(chat, page):
    chat.context.add("x", name="known")
    asked(chat, page, "names")
    assert page.told[0]["list"] == [{"name": "known", "kind": "text"}]


def test_a_browser_attaches_a_variable_as_it_is_now(chat, page, shell):
    run(shell, "sales = [1]")
    chat.context.add([0], name="sales")
    assert asked(chat, page, "attach", name="sales")["ok"]
    assert [item.text for item in chat.context] == ["[1]"]
    del shell.user_ns["sales"]
    assert asked(chat, page, "attach", name="sales")["ok"]
    assert [item.text for item in chat.context] == ["[1]"]


def test_a_browser_looks_at_the_text_and_takes_it_away(chat, page):
    chat.context.add("text", name="x")
    assert asked(chat, page, "preview", name="x")["ok"]
    text = chat.context.preview("x").text
    assert page.told == [{"type": "preview", "name": "x", "text": text}]
    assert asked(chat, page, "detach", name="x")["ok"]
    assert pending(page) is None
    for command in ("preview", "detach"):
        assert "nothing with the name" in asked(chat, page, command, name="x")["error"]


@pytest.mark.parametrize("name", ["none", "__builtins__", "_private", "get_ipython", "os", "In[9]"])
def test_what_is_not_offered_cannot_be_attached(chat, page, shell, name):
    run(shell, "_private = 'text'\nimport os")
    refusal = asked(chat, page, "attach", name=name)
    assert not refusal["ok"]
    assert name in refusal["error"]
    assert len(chat.context) == 0


def test_a_question_waits_for_what_was_attached_before_it(chat, page, shell, monkeypatch):
    may_go_on, original = threading.Event(), desk.attach

    def slow(thing, name):
        assert may_go_on.wait(10)
        return original(thing, name)

    monkeypatch.setattr(desk, "attach", slow)
    run(shell, "sales = [1]")
    page.command("attach", name="sales")
    page.command("send", text="Why?")
    assert chat.messages == []
    may_go_on.set()
    settled(chat, page)
    assert [item["name"] for item in chat.messages[0]["context"]] == ["sales"]
    assert page.replies[f"n{page.last}"]["ok"]


def test_a_question_is_refused_where_what_was_attached_before_it_failed(
    chat, page, shell, monkeypatch
):
    may_go_on = threading.Event()

    def failing(thing, name):
        assert may_go_on.wait(10)
        raise TypeError("it is no text")

    monkeypatch.setattr(desk, "attach", failing)
    run(shell, "sales = [1]")
    page.command("attach", name="sales")
    page.command("send", text="Why?")
    may_go_on.set()
    settled(chat, page)
    assert chat.messages == []
    assert page.replies[f"n{page.last}"]["error"] == "sales cannot be attached: it is no text"


def test_a_large_table_keeps_no_stream_waiting(chat, page, shell, source, monkeypatch):
    """The text of a thing is made on a thread, so the loop goes on meanwhile."""
    may_go_on, original = threading.Event(), desk.attach

    def slow(thing, name):
        assert may_go_on.wait(10)
        return original(thing, name)

    monkeypatch.setattr(desk, "attach", slow)
    run(shell, "sales = [1]")
    chat.send("Hi")
    page.command("attach", name="sales")
    source.put("on it goes")
    source.end()
    assert chat._chat.turn.result(10).content == "on it goes"
    may_go_on.set()
    settled(chat, page)
    assert "sales" in chat.context
