"""The daemon thread whose event loop runs every turn of this process.

A turn on the kernel's own loop would stand still while a cell runs. Here it streams on, Stop is
acted on, and traits are assigned by one thread alone. After a fork the child starts its own. Where
there are no threads (Pyodide) the running loop serves instead.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_EXIT_LIMIT_S = 1.0


class BackgroundLoop:
    """An event loop on a daemon thread, started when it is first needed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ident: int | None = None
        self._stopped = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop itself, running. From any thread."""
        with self._lock:
            if self._loop is None:
                self._loop = self._start()
            return self._loop

    @property
    def stopped(self) -> bool:
        """True once the interpreter is exiting: nothing will run any more."""
        return self._stopped

    def is_here(self) -> bool:
        """Say whether the caller runs on this loop's thread."""
        return self._ident is not None and threading.get_ident() == self._ident

    def post(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run ``function`` on the loop soon; return at once. From any thread, in order."""
        if not self._stopped:
            self.loop.call_soon_threadsafe(lambda: function(*args, **kwargs))

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function`` on the loop, wait for it, and return or raise what it does.

        From any thread; on the loop's own it runs at once.

        Raises:
            RuntimeError: if the loop has stopped, at the interpreter's exit.
        """
        if self._stopped:
            raise RuntimeError("the interpreter is exiting: no turn can run any more")
        loop = self.loop
        if self.is_here():
            return function(*args, **kwargs)
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(function(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # raised again, in the caller
                outcome.set_exception(error)

        loop.call_soon_threadsafe(run)
        return outcome.result()

    def stop(self) -> None:
        """Cancel what runs and end the thread; waits a second at most."""
        loop, self._stopped = self._loop, True
        if loop is None or loop.is_closed() or self._thread is None or self.is_here():
            return

        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_EXIT_LIMIT_S)

    def forget(self) -> None:
        """Drop the loop without touching it: in a forked child its thread does not exist."""
        self._lock = threading.Lock()
        self._loop = self._thread = self._ident = None

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        started = threading.Event()

        def run() -> None:
            asyncio.set_event_loop(loop)
            self._ident = threading.get_ident()
            started.set()
            try:
                while True:
                    # asyncio lets a task's SystemExit through; only the main thread can exit, and
                    # every other turn would stand still for ever.
                    with suppress(SystemExit, KeyboardInterrupt):
                        loop.run_forever()
                        break
                _end_tasks(loop)
            finally:
                loop.close()

        thread = threading.Thread(target=run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # "can't start new thread": Pyodide
            loop.close()
            self._ident = threading.get_ident()
            return asyncio.get_event_loop()
        started.wait()
        self._thread = thread
        return loop


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what runs, and what that begins: a generator that is left is closed by a task."""
    cancelled: set[asyncio.Task[Any]] = set()
    while tasks := asyncio.all_tasks(loop):
        for task in tasks - cancelled:
            coro = task.get_coro()
            if (
                inspect.iscoroutine(coro)
                and inspect.getcoroutinestate(coro) == inspect.CORO_CREATED
            ):
                continue  # it would leave what it was given to await, with a warning
            task.cancel()
            cancelled.add(task)
        loop.run_until_complete(asyncio.wait(tasks, timeout=0.01))
    loop.run_until_complete(loop.shutdown_asyncgens())


turns = BackgroundLoop("printer-widget-turns")
"""Runs every turn, and assigns every trait, of this process."""

atexit.register(turns.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=turns.forget)
