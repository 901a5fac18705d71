"""A real ipykernel, spoken to as JupyterLab does, without a browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.backend import TOKEN, Answer, Backend
from browser.kernel import PATIENCE_S, Kernel, Message

pytestmark = pytest.mark.kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    made = Kernel(tmp_path)
    yield made
    made.close()
    assert "Traceback" not in made.log.read_text()


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    yield made
    made.close()


@pytest.fixture
def make_chat(backend: Backend) -> str:
    return (
        "import asyncio, time\nfrom printer_widget import ChatNode\n"
        f"chat = ChatNode({backend.url!r}, token={TOKEN!r})\n"
    )


UNTIL_STOPPED = """
print("busy", flush=True)
deadline = time.monotonic() + 10
while chat.is_streaming:
    assert time.monotonic() < deadline, "Stop was not heard during the cell"
    time.sleep(0.05)
"""


def report(kind: str, *, turn: str | None = None, offset: int = 0, revision: int = 0) -> Message:
    return {"type": kind, "client": "c", "turn": turn, "offset": offset, "revision": revision}


def stop(turn: str) -> Message:
    return {"type": "stop", "client": "c", "turn": turn}


def begin(kernel: Kernel, backend: Backend, make_chat: str) -> tuple[Answer, str, str]:
    """Make a chat and let it stream; return the answer, the comm and the turn's name."""
    turn = kernel.run(make_chat + "turn = chat.send('Go on and on')\nprint(turn.id)").strip()
    answer = backend.next_answer()
    answer.babble()
    return answer, kernel.comm(), turn


# Comm messages during a busy cell -----------------------------------------------------------


def test_the_first_message_ever_is_heard_during_the_cell_that_made_the_chat(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    request = kernel.start(
        make_chat + "turn = chat.send('Go')\nprint('turn', turn.id)" + UNTIL_STOPPED
    )
    answer = backend.next_answer()
    answer.babble()
    comm = kernel.comm()
    kernel.wait_for_print("busy")
    turn = kernel.printed(request).split()[1]
    subshell = kernel.create_subshell()
    kernel.command(comm, stop(turn), subshell=subshell)
    answer.wait_gone()
    assert kernel.wait_for_end(request)["status"] == "ok"


def test_a_message_is_heard_after_the_subshell_of_the_one_before_is_gone(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, comm, turn = begin(kernel, backend, make_chat)
    first = kernel.create_subshell()
    kernel.command(comm, report("ready"), subshell=first)
    kernel.wait_for(lambda m: m["content"].get("comm_id") == comm and m["msg_type"] == "comm_msg")
    kernel.delete_subshell(first)

    request = kernel.start(UNTIL_STOPPED)
    kernel.wait_for_print("busy")
    kernel.command(comm, stop(turn), subshell=kernel.create_subshell())
    answer.wait_gone()
    assert kernel.wait_for_end(request)["status"] == "ok"

    kernel.command(comm, {"type": "send", "client": "c", "nonce": "n", "text": "And now?"})
    assert backend.next_answer().question["user_message"] == "And now?"


def test_a_figure_that_a_cell_is_drawing_comes_out_once_and_whole(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    kernel.run(make_chat + "%matplotlib inline\nimport matplotlib.pyplot as plt")
    comm = kernel.comm()
    subshell = kernel.create_subshell()
    request = kernel.start(
        "plt.plot([1, 2])\nnumber = plt.gcf().number\nprint('half drawn', flush=True)\n"
        "while not chat.messages: time.sleep(0.01)\n"
        "plt.title('whole')\n"
        "print('same figure', plt.gcf().axes[0].lines != [])"
    )
    kernel.wait_for_print("half drawn")
    for _ in range(20):
        kernel.command(comm, report("ack"), subshell=subshell)
    kernel.command(
        comm, {"type": "send", "client": "c", "nonce": "n", "text": "?"}, subshell=subshell
    )
    assert kernel.wait_for_end(request)["status"] == "ok"
    assert "same figure True" in kernel.printed(request)
    images = [m for m in kernel.seen if "image/png" in m["content"].get("data", {})]
    assert len(images) == 1
    assert images[0]["parent_header"]["msg_id"] == request


# A cell that keeps the kernel from hearing --------------------------------------------------

SOON_GONE = "import printer_widget.sync\nprinter_widget.sync.GONE_AFTER_S = 0.5\n"


def appends(kernel: Kernel) -> list[Message]:
    """Return every delta so far."""
    contents = [m["content"].get("data", {}).get("content", {}) for m in kernel.seen]
    return [content for content in contents if content.get("type") == "append"]


def begin_for_a_browser(kernel: Kernel, backend: Backend, make_chat: str) -> tuple[Answer, str]:
    """Make a chat that streams to a browser; return the answer and the comm."""
    kernel.run(SOON_GONE)
    answer, comm, _ = begin(kernel, backend, make_chat)
    kernel.command(comm, report("ready"))
    kernel.wait_for(lambda _: appends(kernel) != [])
    return answer, comm


def test_what_a_cell_keeps_the_kernel_from_hearing_does_not_make_a_browser_gone(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, _ = begin_for_a_browser(kernel, backend, make_chat)
    request = kernel.start("_ = turn.result()")
    soon = len(answer.text) + 1000  # two seconds later
    kernel.wait_for(lambda _: appends(kernel)[-1]["offset"] > soon)
    answer.end()
    assert kernel.wait_for_end(request)["status"] == "ok"


def test_a_browser_that_falls_silent_after_it_was_heard_in_the_cell_is_gone(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, comm = begin_for_a_browser(kernel, backend, make_chat)
    subshell = kernel.create_subshell()
    request = kernel.start("print('busy', flush=True)\n_ = turn.result()")
    kernel.wait_for_print("busy")
    keyframes = len(kernel.updates(comm))
    kernel.command(comm, report("resync"), subshell=subshell)
    kernel.wait_for(lambda _: len(kernel.updates(comm)) > keyframes)
    soon = len(answer.text) + 1000
    while len(answer.text) < soon:
        time.sleep(0.05)  # the backend is paced by the clock
    answer.end()
    assert kernel.wait_for_end(request)["status"] == "ok"
    last = appends(kernel)[-1]
    assert last["offset"] + len(last["text"]) < soon
    assert kernel.updates(comm)[-1]["streamedText"] == answer.text


# The life of a cell -------------------------------------------------------------------------


def test_running_a_cell_again_stops_the_turn_of_the_chat_that_it_made_before(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    for _ in range(2):  # the second time, the cell is one that was run again already
        kernel.run(make_chat + "turn = chat.send('Go on and on')", cell="A")
        orphan = backend.next_answer()
        orphan.babble()
        kernel.run("1 + 1", cell="B")
        assert not orphan.gone.is_set()
        kernel.run(make_chat, cell="A")
        orphan.wait_gone()
        assert kernel.run("print(turn.result().status)") == "stopped\n"


def test_interrupting_a_cell_that_awaits_the_turn_stops_the_turn(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, _, _ = begin(kernel, backend, make_chat)
    request = kernel.start("print('waiting', flush=True)\nawait turn")
    kernel.wait_for_print("waiting")
    time.sleep(0.3)  # until the kernel's loop sleeps, too, and the interrupt has to wake it
    kernel.interrupt()
    answer.wait_gone()
    assert kernel.wait_for_end(request)["ename"] in {"CancelledError", "KeyboardInterrupt"}
    assert kernel.run("print(turn.result().status)") == "stopped\n"


def test_interrupting_a_cell_that_blocks_on_the_turn_stops_the_turn(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, _, _ = begin(kernel, backend, make_chat)
    request = kernel.start("print('waiting', flush=True)\nturn.result()")
    kernel.wait_for_print("waiting")
    time.sleep(0.3)  # nothing tells when the cell, after its print, has begun to wait
    kernel.interrupt()
    answer.wait_gone()
    assert kernel.wait_for_end(request)["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    "wait",
    [
        "await asyncio.wait_for(turn, 0.1)",
        "async with asyncio.timeout(0.1): await turn",
        "async with asyncio.timeout(0.1):\n  async for piece in turn: pass",
        "turn.result(timeout=0.1)",
    ],
)
def test_a_waiter_that_runs_out_of_time_leaves_the_turn_alone(
    wait: str, kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, _, _ = begin(kernel, backend, make_chat)
    request = kernel.start(wait)
    assert kernel.wait_for_end(request)["ename"] == "TimeoutError"
    kernel.run("await asyncio.sleep(0.3)")
    assert not answer.gone.is_set()
    assert kernel.run("print(chat.is_streaming)") == "True\n"


# What goes over the wire --------------------------------------------------------------------


def test_a_run_without_a_browser_costs_a_handful_of_messages_and_ends_in_full(
    kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    kernel.run(make_chat + "turn = chat.send('Say much')")
    comm = kernel.comm()
    answer = backend.next_answer()
    request = kernel.start("reply = await turn")
    answer.say_all([f"token-{at} " for at in range(5000)], per_second=2500).wait(PATIENCE_S)
    answer.end()
    assert kernel.wait_for_end(request)["status"] == "ok"
    mine = [m for m in kernel.seen if m["content"].get("comm_id") == comm]
    assert len(mine) <= 6, [m["msg_type"] for m in mine]
    ending = kernel.updates(comm)[-1]
    assert ending["isStreaming"] is False
    assert ending["messages"][-1]["content"] == answer.text
    assert ending["messages"][-1]["status"] == "complete"
    assert ending["streamedText"] == answer.text


FORGED = {
    "_esm": "alert(1)",
    "_dom_classes": ["forged"],
    "_view": {"turn": "forged", "revision": 9, "labels": {"title": "forged"}},
    "isStreaming": True,
    "messages": [{"id": "forged", "role": "assistant", "content": "forged", "status": "complete"}],
    "streamedText": "forged",
}


@pytest.mark.parametrize("key", FORGED)
def test_what_a_browser_writes_into_a_trait_is_refused_and_put_right(
    key: str, kernel: Kernel, make_chat: str
) -> None:
    look = f"import json\nprint(json.dumps(chat.get_state()[{key!r}]))"
    before = kernel.run(make_chat + look)
    comm = kernel.comm()
    state = {key: FORGED[key]}
    kernel.send(comm, {"method": "update", "state": state, "buffer_paths": []})
    sent = kernel.wait_for(
        lambda m: (
            m["msg_type"] == "comm_msg"
            and m["content"]["comm_id"] == comm
            and m["content"]["data"]["method"] == "update"
            and key in m["content"]["data"]["state"]
        )
    )
    assert kernel.run(look) == before
    assert json.dumps(sent["content"]["data"]["state"][key]) == before.strip()
    for kind in ("update", "echo_update"):
        assert not any(
            message["content"]["data"].get("method") == kind
            and message["content"]["data"].get("state", {}).get(key) == FORGED[key]
            for message in kernel.seen
            if message["content"].get("comm_id") == comm
        )


MALFORMED: list[Any] = [
    None,
    0,
    "stop",
    [],
    {},
    {"type": None},
    {"type": ["stop"]},
    {"type": "no such type", "client": "c"},
    {"type": "stop"},
    {"type": "stop", "client": "c", "turn": None},
    {"type": "stop", "client": "c", "turn": "another turn"},
    {"type": "stop", "client": "c", "turn": "another turn", "more": 1},
    {"type": "ack", "client": "c", "turn": None, "offset": -1, "revision": 0},
    {"type": "ack", "client": "c", "turn": None, "offset": 1e300, "revision": True},
    {"type": "send", "client": "c", "nonce": "n", "text": "x" * 1_000_001},
    {"type": "send", "client": "c" * 129, "nonce": "n", "text": "x"},
    {"type": "edit", "client": "c", "nonce": "n", "message": "no such message", "text": "x"},
    {"type": "delete", "client": "c", "nonce": "n", "message": "no such message"},
]


def test_malformed_commands_break_nothing(kernel: Kernel, backend: Backend, make_chat: str) -> None:
    answer, comm, turn = begin(kernel, backend, make_chat)
    before = kernel.run("print(len(chat.messages))")
    for command in MALFORMED:
        kernel.command(comm, command)
    for data in ({}, {"method": "no such method"}, {"method": "custom"}, {"method": "update"}):
        kernel.send(comm, data)
    assert kernel.run("print(len(chat.messages))") == before
    assert not answer.gone.is_set()
    kernel.command(comm, stop(turn))
    answer.wait_gone()
    assert kernel.run("print(chat.messages[-1]['status'])") == "stopped\n"


@pytest.mark.parametrize(
    "command",
    [
        report("ack", turn="another turn", offset=5, revision=5),
        {"type": "send", "client": "c", "nonce": "n", "text": "again and again"},
    ],
    ids=lambda command: str(command["type"]),
)
def test_stop_is_heard_after_a_flood_of_commands(
    command: Message, kernel: Kernel, backend: Backend, make_chat: str
) -> None:
    answer, comm, turn = begin(kernel, backend, make_chat)
    subshell = kernel.create_subshell()
    for _ in range(10_000):
        kernel.command(comm, command, subshell=subshell)
    kernel.command(comm, stop(turn), subshell=subshell)
    answer.wait_gone()
    text = kernel.run("print(chat.messages[-1]['status'], ascii(turn.result().content))")
    assert text.startswith("stopped ")
    assert answer.text.startswith(text.partition(" ")[2].strip().strip("'"))
    assert len(backend.questions) == 1
