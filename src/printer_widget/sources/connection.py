"""What is done to a connection below httpx: it is read no more often than it is worth, and hung up.

Both know it by httpcore's extensions of a request and a response. In a transport of somebody's own,
which has none, nothing is changed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

from ..batching import INTERVAL_S

READ_INTERVAL_S = 3 * INTERVAL_S
"""How long a fast stream is left alone after a read, in seconds: about as long as between draws."""

_FAST_S = 0.010
"""Who sends within this time, and again within it, is fast."""

_MUCH = 1 << 13
"""A read that brought more than this, in bytes, was worth its cost: the next need not wait."""


class _Response(Protocol):
    @property
    def extensions(self) -> Mapping[str, Any]: ...


R = TypeVar("R", bound=_Response)


@asynccontextmanager
async def paced(opening: AbstractAsyncContextManager[R]) -> AsyncIterator[R]:
    """Open a response; where it streams fast, read some tokens at a time.

    A read wakes the kernel, and costs it about half a millisecond in httpx and what that stands on,
    however little it brings: some thirty times what is done for the token in it. What was read is
    not held back, and what is sent less often is read whenever it comes.

    Over TLS, nothing is paced: a read brings one record of it there, which is a token of many
    servers', and reading those seldom would fall behind for good.
    """
    async with opening as response:
        stream = response.extensions.get("network_stream")
        if stream is not None and stream.get_extra_info("ssl_object") is None:
            stream.read = _paced(stream.read)
        yield response


def _paced(read: Callable[..., Awaitable[bytes]]) -> Callable[..., Awaitable[bytes]]:
    clock = asyncio.get_running_loop().time
    next_at, was_fast = clock(), False

    async def read_paced(max_bytes: int, timeout: float | None = None) -> bytes:
        nonlocal next_at, was_fast
        if next_at > clock():
            await asyncio.sleep(next_at - clock())
        asked_at = clock()
        data = await read(max_bytes, timeout=timeout)
        came_at = clock()
        is_fast = came_at - asked_at < _FAST_S and len(data) < _MUCH
        next_at = came_at + READ_INTERVAL_S if is_fast and was_fast else came_at
        was_fast = is_fast
        return data

    return read_paced


class HangUp:
    """Ends a connection, rather than only closing this process's end of it.

    A worker that was forked meanwhile has a copy of the socket. Closing ours would tell the server
    nothing as long as that worker lives, and a stopped answer would go on and on. Told by the
    ``trace`` extension of httpcore, as there is no response yet where the server lets us wait.
    """

    def __init__(self) -> None:
        self._sockets: list[Any] = []

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note each socket of a request, and shut it down before it is closed."""
        if event.endswith("connect_tcp.complete"):
            self._sockets.append(info["return_value"].get_extra_info("socket"))
        elif event.endswith("response_closed.started"):
            for each in self._sockets:
                with suppress(OSError):  # the server was faster
                    each.shutdown(socket.SHUT_RDWR)
