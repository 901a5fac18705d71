"""What a kernel does beside a stream: it forks, reloads modules, forgets names, and it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import printer_widget
from browser.backend import TOKEN, Answer, Backend, cut
from browser.kernel import PATIENCE_S, SOURCES, Kernel
from rows import Note

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(100))
TOKENS = cut(TEXT, 7)

READY = {"type": "ready", "client": "c", "turn": None, "offset": 0, "revision": 0}

FORK = """
import multiprocessing, time, warnings
# Python 3.12 warns of a fork beside threads, which is what this is about.
warnings.simplefilter("ignore", DeprecationWarning)
fork = multiprocessing.get_context("fork")
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the package, which may be changed while a kernel runs it."""
    copied = tmp_path / "sources"
    shutil.copytree(SOURCES / "printer_widget", copied / "printer_widget")
    return copied


@pytest.fixture
def kernel(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    is_copied = "sources" in request.fixturenames
    sources = request.getfixturevalue("sources") if is_copied else SOURCES
    made = Kernel(tmp_path, sources=sources)
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
        f"from printer_widget import ChatNode\nchat = ChatNode({backend.url!r}, token={TOKEN!r})\n"
    )


def begin(kernel: Kernel, backend: Backend, make_chat: str) -> Answer:
    """Make a chat and let half of its answer come."""
    kernel.run(make_chat + "turn = chat.send('Survive this')")
    answer = backend.next_answer()
    answer.say(*TOKENS[: len(TOKENS) // 2])
    return answer


def finish(kernel: Kernel, answer: Answer, row: Note) -> None:
    """Let the other half come, and check all of it."""
    row.begin()
    answer.say(*TOKENS[len(TOKENS) // 2 :])
    answer.end()
    kernel.run(f"reply = turn.result({PATIENCE_S})")
    assert kernel.run("print(ascii(reply.content), chat.streamedText == reply.content)") == (
        f"{TEXT!a} True\n"
    )
    row.end(kernel.run("print(reply.status)"))


# Forks --------------------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.lifecycle("A cell forks four workers in mid-stream and waits for them")
def test_workers_that_a_cell_forks_do_not_disturb_the_stream(
    kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, make_chat)
    squares = "with fork.Pool(4) as pool: print(pool.map((2).__mul__, range(8)))"
    assert kernel.run(FORK + squares) == "[0, 2, 4, 6, 8, 10, 12, 14]\n"
    finish(kernel, answer, row)


@pytest.mark.kernel
@pytest.mark.lifecycle("A forked worker has a chat of its own and exits")
def test_a_forked_worker_can_chat_and_takes_nothing_of_its_parents_along(
    kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, make_chat)
    worker = """
def work(replies):
    mine = ChatNode(lambda messages: ["from ", "the child"])
    replies.put(mine.send("Hi").result(20).content)

replies = fork.SimpleQueue()
worker = fork.Process(target=work, args=(replies,))
worker.start()
worker.join(25)
print(worker.exitcode, replies.get())
"""
    assert kernel.run(FORK + worker) == "0 from the child\n"
    finish(kernel, answer, row)


@pytest.mark.kernel
@pytest.mark.lifecycle("Stop while a forked worker, with its copy of the connection, lives on")
def test_the_server_sees_stop_while_a_forked_worker_lives(
    kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, make_chat)
    worker = "worker = fork.Process(target=time.sleep, args=(100,), daemon=True)\nworker.start()"
    kernel.run(FORK + worker)
    row.begin()
    text = kernel.run("chat.stop()\nprint(ascii(turn.result().content), worker.is_alive())")
    answer.wait_gone()
    row.end(kernel.run("print(turn.result().status)"))
    kernel.run("worker.kill()\nworker.join()")
    shown, _, is_alive = text.rpartition(" ")
    assert is_alive == "True\n"
    assert ascii(answer.text).startswith(shown[:-1])


@pytest.mark.kernel
def test_the_server_sees_stop_before_its_first_word_while_a_forked_worker_lives(
    kernel: Kernel,
) -> None:
    # A server that accepts and then says nothing, not even the head of its response.
    silent = """
import socket
listening = socket.create_server(("127.0.0.1", 0))
from printer_widget import ChatNode
chat = ChatNode(f"http://127.0.0.1:{listening.getsockname()[1]}", token="")
turn = chat.send("Are you there?")
connection, _ = listening.accept()
request = b""
while not request.endswith(b"}"): request += connection.recv(4096)
worker = fork.Process(target=time.sleep, args=(100,), daemon=True)
worker.start()
chat.stop()
connection.settimeout(20)
print(connection.recv(1), worker.is_alive())
worker.kill()
worker.join()
"""
    assert kernel.run(FORK + silent) == "b'' True\n"


# Names and modules --------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.lifecycle("`del chat` and a collection in mid-stream")
def test_a_chat_whose_name_is_deleted_streams_on(
    kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, make_chat)
    comm = kernel.comm()
    kernel.run("del chat\nimport gc\ngc.collect()\nNone")
    kernel.run("from ipywidgets import Widget\nchat = [*Widget.widgets.values()][-1]")
    assert kernel.run("print(chat)") == "ChatNode(127.0.0.1)\n"
    finish(kernel, answer, row)
    kernel.command(comm, {"type": "send", "client": "c", "nonce": "n", "text": "And now?"})
    assert backend.next_answer().question["user_message"] == "And now?"


@pytest.mark.kernel
@pytest.mark.lifecycle("`%autoreload 2`, and every module of the package changes in mid-stream")
def test_autoreload_leaves_a_live_chat_alone(
    sources: Path, kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, "%load_ext autoreload\n%autoreload 2\n" + make_chat)
    for module in (sources / "printer_widget").rglob("*.py"):
        module.write_text(f"{module.read_text('utf-8')}\nchanged = object()\n", "utf-8")
        os.utime(module, (2e9, 2e9))
    kernel.run("'autoreload looks for what has changed'")
    finish(kernel, answer, row)
    kernel.run("turn = chat.send('And now?')")
    answer = backend.next_answer()
    answer.babble()
    kernel.run("chat.stop()")
    answer.wait_gone()


# The end ------------------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.lifecycle("Kernel shut down in mid-stream")
def test_a_kernel_that_is_shut_down_in_mid_stream_ends_the_answer(
    kernel: Kernel, backend: Backend, make_chat: str, row: Note
) -> None:
    answer = begin(kernel, backend, make_chat)
    kernel.command(kernel.comm(), READY)
    answer.say_all(TOKENS[len(TOKENS) // 2 :], per_second=100)
    row.begin()
    assert kernel.shut_down() == 0
    answer.wait_gone()
    row.end("exit code 0, no traceback")


BEGIN = """
import time
from printer_widget import ChatNode
chat = ChatNode({source})
turn = chat.send("Explain streaming, at length")
while not chat.streamed_text: time.sleep(0.01)
"""


@pytest.mark.slow
@pytest.mark.parametrize("source", ["a server", "the demo model"])
@pytest.mark.parametrize("interpreter", ["python", "ipython"])
@pytest.mark.lifecycle("`{interpreter} -c` ends while {source} answers")
def test_an_interpreter_ends_in_mid_stream_and_says_nothing(
    interpreter: str, source: str, backend: Backend, tmp_path: Path, row: Note
) -> None:
    url = f"{backend.url!r}, token={TOKEN!r}" if source == "a server" else ""
    run = ["-W", "error", "-c"] if interpreter == "python" else ["-m", "IPython", "-c"]
    folder = Path(printer_widget.__file__).parent.parent
    process = subprocess.Popen(
        [sys.executable, *run, BEGIN.format(source=url) + "print('over', flush=True)"],
        env=os.environ | {"PYTHONPATH": str(folder), "IPYTHONDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if url:
        answer = backend.next_answer()
        answer.babble()
    assert process.stdout is not None
    assert process.stdout.readline() == b"over\n"
    row.begin()
    said, _ = process.communicate(timeout=50)
    row.end("exit code 0, no word")
    assert (said, process.returncode) == (b"", 0)
    if url:
        answer.wait_gone()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_of_a_script_exits_as_quietly_as_its_parent() -> None:
    program = (
        FORK
        + "import os, sys\nfrom printer_widget import ChatNode\n"
        + "def model(messages):\n    while True:\n        yield 'a'\n        time.sleep(0.01)\n"
        + "chat = ChatNode(model)\nturn = chat.send('Hi')\n"
        + "while not turn.text: time.sleep(0.01)\n"
        + "child = os.fork()\n"
        + "if child: print(os.waitpid(child, 0)[1], chat.is_streaming, flush=True)\n"
        + "sys.exit()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=os.environ | {"PYTHONPATH": str(Path(printer_widget.__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("0 True\n", "", 0)
