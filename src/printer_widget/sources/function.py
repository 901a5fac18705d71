"""A source made of your own function, of whatever kind it is.

=====================================  ====================================================
the function                           runs
=====================================  ====================================================
async generator, coroutine             on the stream's loop: it must not block
generator, plain function              on a thread of its own: it may block as it likes
=====================================  ====================================================

It is called with the messages, a list of ``{"role", "content"}``, and yields the answer's text in
pieces, or returns it: as one string, or as something that yields the pieces.

Stop closes a generator at its next ``yield``. A thread cannot be ended from outside; a function
that blocks for ever keeps its thread, while the chat goes on without it.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, suppress
from typing import Any

from ..conversation import Question
from ..errors import ChatError, ProviderError
from ..events import StreamEnd, StreamEvent, TextDelta
from ..providers import Answerer, Function
from ..providers.base import shorten

_LONGEST_SENTENCE = 300

_AHEAD = 64
"""How many pieces a thread may be ahead of the stream."""


class FunctionSource:
    """Stream what a function yields or returns."""

    def __init__(self, function: Answerer, *, label: str | None = None) -> None:
        named = Function(function, label=label)
        self._function, self._label = named.function, named.label

    def __repr__(self) -> str:
        """Return the function's name; its address would differ in every run."""
        return f"FunctionSource({self._label})"

    @property
    def label(self) -> str:
        """The function's name."""
        return self._label

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield a TextDelta for each piece, and StreamEnd after the last.

        Raises:
            ProviderError: if the function raises, or gives anything but text; what it raised is
                the ``__cause__``.
        """
        try:
            async with aclosing(_pieces(self._function, question.to_messages())) as pieces:
                async for piece in pieces:
                    yield TextDelta(piece)
        except (ChatError, asyncio.CancelledError, GeneratorExit):
            raise
        except (Exception, SystemExit) as error:  # exit() would end the loop, with every turn on it
            said = shorten(str(error), _LONGEST_SENTENCE)
            what = f"{self._label} raised {type(error).__name__}"
            raise ProviderError(f"{what}: {said}" if said else what) from error
        yield StreamEnd()


async def _pieces(function: Answerer, messages: list[dict[str, str]]) -> AsyncGenerator[Any, None]:
    given = function(messages) if _is_async(function) else _on_thread(function, messages)
    async with aclosing(_flatten(given)) as pieces:
        async for piece in pieces:
            yield piece


async def _flatten(given: Any) -> AsyncGenerator[Any, None]:
    """Yield the pieces of whatever a function gave, down to what is not async."""
    if inspect.isawaitable(given):
        given = await given
    if isinstance(given, AsyncIterable):
        iterator = aiter(given)
        try:
            async for piece in iterator:
                if isinstance(piece, str):
                    yield piece
                    continue
                async with aclosing(_flatten(piece)) as pieces:
                    async for inner in pieces:
                        yield inner
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()
    elif isinstance(given, str):
        yield given
    else:
        raise TypeError(f"expected pieces of text (str), got {type(given).__name__}")


def _is_async(function: Any) -> bool:
    call = inspect.getattr_static(type(function), "__call__", None)
    return any(
        test(candidate)
        for test in (inspect.isasyncgenfunction, inspect.iscoroutinefunction)
        for candidate in (function, getattr(function, "func", None), call)
    )


async def _on_thread(
    function: Answerer, messages: list[dict[str, str]]
) -> AsyncGenerator[Any, None]:
    """Run a function that may block on a daemon thread, and yield its pieces as they come."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    stopped = threading.Event()

    def post(kind: str, value: Any = None) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody listens any more
            loop.call_soon_threadsafe(pieces.put_nowait, (kind, value))

    def run() -> None:
        try:
            given = function(messages)
            # Text is one piece, not its characters; so is something async that a lambda returned.
            # Bytes and dicts are a mistake to be named as what they are, not as what is in them.
            one = isinstance(given, str | bytes | Mapping | AsyncIterable)
            whole = one or not isinstance(given, Iterable)
            iterator = iter((given,) if whole else given)
            try:
                for piece in iterator:
                    post("piece", piece)
                    room.acquire()
                    if stopped.is_set():
                        return
            finally:
                close = getattr(iterator, "close", None)
                if close is not None:
                    close()
            post("end")
        except BaseException as error:  # noqa: BLE001  # it is raised again, by the reader
            post("error", error)

    threading.Thread(target=run, name=f"printer-widget-{function!r:.40}", daemon=True).start()
    try:
        while True:
            kind, value = await pieces.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            room.release()
            yield value
    finally:
        stopped.set()
        room.release()
