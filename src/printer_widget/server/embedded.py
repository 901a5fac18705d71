"""The backend on loopback, in a thread of this process: what ``ChatNode()`` talks to.

A first-time visitor has no backend. Rather than pretending one, the whole path is there: real
HTTP, a real event stream, a real disconnect when Stop is pressed, on a port that only this
machine reaches and with a token that only this process knows.

What is said is kept in memory, unless a file is asked for. A client that went away has a few
seconds to come back: on loopback no connection breaks by itself, so that it hardly ever will.

It keeps out of the notebook's way: nothing is printed, no signal handler is touched, the loop is
its own whatever the notebook does to asyncio, and it ends with the process.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib.util
import logging
import os
import secrets
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .listening import listen

if TYPE_CHECKING:
    from ..sources import SourceLike

HOST = "127.0.0.1"

STARTING_S = 10.0
"""How long starting may take, in seconds."""

STOPPING_S = 2.0
"""How long stopping waits for a model that will not end; its thread dies with the process."""

GRACE_S = 5.0
"""How long an answer goes on after its client went away, in seconds."""

KEEP_ALIVE_S = 60
"""Longer than a client keeps idle connections (httpx: 5 s), which then never race with ours."""


def available() -> bool:
    """Tell whether the embedded backend can run here, without importing what it needs.

    False where the extra ``[server]`` is not installed, and in a browser's Python (Pyodide),
    which has neither threads nor sockets.
    """
    if sys.platform == "emscripten":
        return False
    return all(importlib.util.find_spec(name) is not None for name in ("fastapi", "uvicorn"))


def embedded_server() -> EmbeddedServer:
    """Return the one embedded backend of this process; it runs after ``start()``."""
    return _shared


class EmbeddedServer:
    """Run the backend in a daemon thread; every method may be called from any thread.

    ``model`` answers; without one it is the demo model. ``db`` is the file to keep conversations
    in; without one they are kept in memory, until ``stop()``. ``grace_s`` is how long an answer
    goes on after its client went away, in seconds.
    """

    def __init__(
        self,
        *,
        model: SourceLike | None = None,
        db: Path | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._model = model
        self._db = db
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._thread: _ServerThread | None = None
        self._pid = os.getpid()

    def __repr__(self) -> str:
        thread = self._running()
        return f"<EmbeddedServer {'stopped' if thread is None else thread.url}>"

    @property
    def url(self) -> str:
        """The base URL, ``http://127.0.0.1:<port>``; RuntimeError before ``start()``."""
        return self._started().url

    @property
    def token(self) -> str:
        """The bearer token, a new one at every start; RuntimeError before ``start()``."""
        return self._started().token

    def start(self) -> None:
        """Start the backend and return when it listens; do nothing if it runs already.

        The first call imports FastAPI and uvicorn, which takes a good part of a second. Raises
        ImportError where they are missing, RuntimeError if it does not listen within 10 s or
        cannot use the file.
        """
        if self._pid != os.getpid():
            self._begin_anew()
        with self._lock:
            if self._running() is not None:
                return
            thread = _ServerThread(self._model, db=self._db, grace_s=self._grace_s)
            try:
                thread.start_listening()
            except BaseException:
                thread.stop()
                raise
            self._thread = thread
            atexit.register(self.stop)

    def stop(self) -> None:
        """Close the port and every stream, and wait, briefly, for the thread; idempotent."""
        if self._pid != os.getpid():
            return  # a forked child: the server is its parent's
        with self._lock:
            thread, self._thread = self._thread, None
        atexit.unregister(self.stop)
        if thread is not None:
            thread.stop()

    def _running(self) -> _ServerThread | None:
        """Return the thread that serves, if it does so in this very process."""
        thread = self._thread
        if thread is None or self._pid != os.getpid() or not thread.is_alive():
            return None
        return thread

    def _started(self) -> _ServerThread:
        thread = self._running()
        if thread is None:
            raise RuntimeError("The embedded backend is not running; call start() first.")
        return thread

    def _begin_anew(self) -> None:
        """Drop what a forked child has copied from its parent: everything but the thread.

        The lock may have been held by a thread that is not there; the copy of the socket would
        keep the parent's port open.
        """
        if self._thread is not None:
            self._thread.socket.close()
        self._lock = threading.Lock()
        self._thread = None
        self._pid = os.getpid()


_THREAD = "printer-widget-server"


def _is_foreign(record: logging.LogRecord) -> bool:
    """Say whether a log record of uvicorn is another server's: what ours says is no output."""
    return record.threadName != _THREAD


class _ServerThread(threading.Thread):
    """One run of the server, from its socket to its end."""

    def __init__(self, model: SourceLike | None, *, db: Path | None, grace_s: float) -> None:
        super().__init__(name=_THREAD, daemon=True)
        # Imported here, in the caller's thread, so that a missing package is the caller's error.
        import uvicorn

        from .app import create_app
        from .database import StoreError
        from .limits import Limits
        from .models import DEMO
        from .store import Store

        self.token = secrets.token_urlsafe(32)
        try:
            self._store = Store(db)
        except StoreError as error:
            raise _start_error(error) from error
        app = create_app(
            token=self.token,
            model=DEMO if model is None else model,
            store=self._store,
            limits=Limits(grace_s=grace_s),
            closing_s=STOPPING_S / 2,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_foreign)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            interface="asgi3",
            workers=1,
            log_config=None,
            log_level=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            # A stream may have minutes to go: stopping cuts it off, its client sees that.
            timeout_graceful_shutdown=0,
        )
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._server = _evented_server(config, ready=self._ready, stopping=self._stopping)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        # Bound here and handed over: a port that was only looked up could be taken meanwhile.
        try:
            self.socket = listen(HOST)
        except OSError as error:
            self._store.close()
            raise _start_error(error) from error
        self.url = f"http://{HOST}:{self.socket.getsockname()[1]}"

    def start_listening(self) -> None:
        """Start, and wait for the server to listen; RuntimeError if it does not."""
        self.start()
        listening = self._ready.wait(STARTING_S)
        if self._failure is not None:
            raise _start_error(self._failure) from self._failure
        if not listening:
            raise _start_error(f"it did not listen within {STARTING_S:g} s")

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            # Not asyncio.run and not the policy's loop: notebooks patch both.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                self._loop = runner.get_loop()
                runner.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - told to the thread that waits
            self._failure = failure
        finally:
            self._store.close()
            self.socket.close()
            self._ready.set()

    async def _serve(self) -> None:
        await self._server.serve(sockets=[self.socket])
        # The cut streams are closing their models; a second cancellation would interrupt that.
        closing = asyncio.all_tasks() - {asyncio.current_task()}
        if closing:
            await asyncio.wait(closing, timeout=STOPPING_S / 2)

    def stop(self) -> None:
        """Tell the server to stop and wait for its end, at most 2 s."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # its loop has closed: it ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        if self.is_alive() and self is not threading.current_thread():
            self.join(STOPPING_S)
        if not self.is_alive():
            self.socket.close()


def _start_error(reason: object) -> RuntimeError:
    return RuntimeError(
        f"The embedded backend could not start on {HOST}: {reason}. "
        "ChatNode can also talk to a backend of your own, or to a model directly."
    )


def _evented_server(config: Any, *, ready: threading.Event, stopping: asyncio.Event) -> Any:
    """Return a uvicorn server that says when it listens and stops when told.

    uvicorn's own main loop wakes ten times a second to look at a flag, for as long as the
    notebook is open.
    """
    import uvicorn

    class EventedServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            ready.set()

        async def main_loop(self) -> None:
            await stopping.wait()

    return EventedServer(config)


_shared = EmbeddedServer()
