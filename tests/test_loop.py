"""The loop of all turns: calls from other threads, its end, forks, and machines without threads."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import printer_widget
from printer_widget.loop import BackgroundLoop, turns

SOURCES = Path(printer_widget.__file__).parent.parent


@pytest.fixture
def loop():
    """A loop of its own, which a test may stop."""
    loop = BackgroundLoop("test-loop")
    yield loop
    loop.stop()
    assert not [each for each in threading.enumerate() if each.name == "test-loop"]


def run(program: str) -> str:
    """Run a program in a fresh interpreter; it must end well, and warn of nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


# ── Calls ──────────────────────────────────────────────────────────────────────────────────────


def test_the_thread_starts_with_the_first_call_and_not_before(loop: BackgroundLoop) -> None:
    assert loop._thread is None
    assert loop.call(threading.current_thread).name == "test-loop"


def test_the_thread_is_a_daemon(loop: BackgroundLoop) -> None:
    assert loop.call(threading.current_thread).daemon


def test_many_threads_start_it_once(loop: BackgroundLoop) -> None:
    ready = threading.Barrier(8)

    def start(_):
        ready.wait()
        return loop.call(threading.get_ident)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1


def test_a_call_returns_what_the_function_does(loop: BackgroundLoop) -> None:
    assert loop.call(divmod, 7, 3) == (2, 1)
    assert loop.call(int, "z", base=36) == 35


def test_a_call_raises_what_the_function_does(loop: BackgroundLoop) -> None:
    with pytest.raises(ZeroDivisionError):
        loop.call(divmod, 1, 0)
    assert loop.call(divmod, 1, 1) == (1, 0)


@pytest.mark.parametrize("error", [SystemExit(2), KeyboardInterrupt(), asyncio.CancelledError()])
def test_a_call_that_exits_does_so_in_its_caller_alone(loop: BackgroundLoop, error) -> None:
    def leave() -> None:
        raise error

    with pytest.raises(type(error)):
        loop.call(leave)
    assert loop.call(abs, -1) == 1


def test_a_call_on_the_loop_runs_at_once(loop: BackgroundLoop) -> None:
    assert loop.call(lambda: loop.call(lambda: loop.call(loop.is_here))) is True


def test_only_the_loops_own_thread_is_here(loop: BackgroundLoop) -> None:
    assert loop.is_here() is False
    assert loop.call(loop.is_here) is True
    assert loop.is_here() is False


def test_posts_and_calls_of_one_thread_run_in_order(loop: BackgroundLoop) -> None:
    seen: list[int] = []
    for number in range(100):
        loop.post(seen.append, number)
    assert loop.call(seen.copy) == list(range(100))


def test_a_post_does_not_wait(loop: BackgroundLoop) -> None:
    go_on, seen = threading.Event(), []
    loop.post(go_on.wait)
    loop.post(seen.append, 1)
    assert seen == []
    go_on.set()
    assert loop.call(seen.copy) == [1]


def test_a_post_that_raises_is_told_to_the_loop_which_goes_on(loop: BackgroundLoop) -> None:
    told = []
    loop.call(loop.loop.set_exception_handler, lambda _, context: told.append(context["exception"]))
    loop.post(divmod, 1, 0)
    assert [type(error) for error in loop.call(told.copy)] == [ZeroDivisionError]


@pytest.mark.parametrize("error", [SystemExit(2), KeyboardInterrupt()], ids=repr)
def test_a_task_that_exits_does_not_end_the_loop(loop: BackgroundLoop, error) -> None:
    async def leave() -> None:
        raise error

    task = loop.call(loop.loop.create_task, leave())
    assert loop.call(abs, -1) == 1
    assert isinstance(loop.call(task.exception), type(error))


# ── Its end ────────────────────────────────────────────────────────────────────────────────────


def test_stop_cancels_what_runs_and_ends_the_thread(loop: BackgroundLoop) -> None:
    cancelled = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    tasks = [loop.call(loop.loop.create_task, endless()) for _ in range(3)]
    loop.call(abs, 0)  # each has made its first step by now
    loop.stop()
    assert cancelled == [True] * 3
    assert all(task.cancelled() for task in tasks)
    assert not loop._thread.is_alive()
    assert loop.loop.is_closed()


def test_stop_without_a_start_starts_nothing(loop: BackgroundLoop) -> None:
    loop.stop()
    assert loop._thread is None


def test_stop_may_come_twice(loop: BackgroundLoop) -> None:
    loop.call(abs, 0)
    loop.stop()
    loop.stop()
    assert loop.stopped


def test_a_task_that_will_not_end_holds_stop_up_for_its_limit_only(
    loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printer_widget.loop._EXIT_LIMIT_S", 0.01)
    go_on = threading.Event()
    loop.post(go_on.wait)
    loop.stop()
    assert loop._thread.is_alive()
    go_on.set()
    loop._thread.join()


def test_after_stop_a_call_says_why_and_a_post_does_nothing(loop: BackgroundLoop) -> None:
    loop.call(abs, 0)
    loop.stop()
    with pytest.raises(RuntimeError, match="the interpreter is exiting"):
        loop.call(abs, 1)
    loop.post(pytest.fail, "it ran")


_BEGIN = """
import threading, asyncio
from printer_widget import ChatNode
begun = threading.Event()

async def endless(messages):
    while True:
        yield "a"
        begun.set()
        await asyncio.sleep(0.001)

async def thinking(messages):
    yield "a"
    begun.set()
    await asyncio.Event().wait()

def blocking(messages):
    yield "a"
    begun.set()
    threading.Event().wait()

def busy(messages):
    while True:
        yield "a"
        begun.set()

async def slow_to_close():
    try:
        yield "a"
    finally:
        for _ in range(5):
            await asyncio.sleep(0)

async def leaving(messages):
    left = slow_to_close()
    yield await anext(left)
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        del left
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["endless", "thinking", "blocking", "busy", "leaving"])
def test_an_interpreter_exits_quietly_while_an_answer_streams(kind: str) -> None:
    run(f"{_BEGIN}\nchat = ChatNode({kind})\nturn = chat.send('Hi')\nbegun.wait()")


@pytest.mark.slow
def test_an_interpreter_that_fails_exits_with_its_own_error_alone() -> None:
    program = f"{_BEGIN}\nChatNode(thinking).send('Hi')\nbegun.wait()\nraise SystemExit('mine')"
    with pytest.raises(AssertionError, match="mine"):
        run(program)


# ── Forks, and machines without threads ────────────────────────────────────────────────────────


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_starts_a_loop_of_its_own() -> None:
    told = run("""
import os, signal, warnings
from printer_widget.loop import turns
turns.call(abs, 0)
# Python 3.12 warns of a fork beside threads, which is what this is about.
warnings.simplefilter("ignore", DeprecationWarning)
child = os.fork()
if child == 0:
    signal.alarm(30)  # should it hang, it must not stay for ever
    assert not turns.is_here()
    assert turns.call(turns.is_here)
    print("child", turns.call(abs, -1), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print("parent", turns.call(abs, -2), status)
""")
    assert told == "child 1\nparent 2 0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_another_thread_asks_for_the_loop_does_not_hang() -> None:
    told = run("""
import os, signal, threading, warnings
from printer_widget.loop import turns
held, let_go = threading.Event(), threading.Event()

def hold():
    with turns._lock:
        held.set()
        let_go.wait()

threading.Thread(target=hold).start()
held.wait()
warnings.simplefilter("ignore", DeprecationWarning)
child = os.fork()
if child == 0:
    signal.alarm(30)
    turns.call(print, "child", flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1])
let_go.set()
""")
    assert told == "child\n0\n"


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)


async def test_where_no_thread_starts_the_running_loop_serves(no_threads) -> None:
    loop = BackgroundLoop("test-loop")
    seen = []
    assert loop.loop is asyncio.get_running_loop()
    assert loop.is_here()
    assert loop.call(abs, -1) == 1
    loop.post(seen.append, 1)
    await asyncio.sleep(0)
    assert seen == [1]


async def test_where_no_thread_starts_stop_leaves_the_running_loop_alone(no_threads) -> None:
    loop = BackgroundLoop("test-loop")
    loop.call(abs, -1)
    loop.stop()
    assert loop.stopped
    assert not asyncio.get_running_loop().is_closed()


def test_the_loop_of_the_turns_is_one_for_the_process() -> None:
    assert turns.call(threading.current_thread).name == "printer-widget-turns"
