"""How much of everything a process holds, to be compared before and after."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter

import comm
import psutil
from ipywidgets.widgets import widget

from printer_widget import ChatNode, chat, kernel
from printer_widget.loop import turns

_PATIENCE_S = 20.0


def count() -> Counter[str]:
    """Count, once all garbage is gone, what a leak would be made of.

    Tasks and timers of the turns' loop, threads, open files and sockets, widgets, their comms,
    running turns, what waits for a cell, what is subscribed to each living chat, and all objects of
    this package's classes, by class.
    """
    turns.call(lambda: None)
    gc.collect()
    process = psutil.Process()
    mine = [one for one in gc.get_objects() if _is_ours(type(one))]
    counted = Counter(f"objects of {type(one).__qualname__}" for one in mine)
    counted.update(
        {
            "tasks": len(turns.call(lambda: asyncio.all_tasks(turns.loop))),
            "timers": turns.call(_timers),
            # A loop keeps the threads that look up names.
            "threads": sum(not one.name.startswith("asyncio_") for one in threading.enumerate()),
            "files": process.num_fds(),
            "connections": len(process.net_connections()),
            "widgets": len(widget._instances),
            "comms": len(comm.get_comm_manager().comms),
            "running turns": len(chat._running),
            "chats of a cell": sum(map(len, kernel._chats_of.values())),
            "subscribed": sum(_subscribed(one) for one in mine if isinstance(one, ChatNode)),
        }
    )
    return counted


def _is_ours(kind: type) -> bool:
    return str(kind.__module__).startswith("printer_widget")


def _timers() -> int:
    return sum(not timer.cancelled() for timer in turns.loop._scheduled)


def _subscribed(node: ChatNode) -> int:
    observers = node._trait_notifiers.values()
    return (
        sum(len(handlers) for kinds in observers for handlers in kinds.values())
        + sum(map(len, node._chat._callbacks.values()))
        + len(node._msg_callbacks.callbacks)
        + len(node._outbox._sync._clients)
        + len(node._outbox._sync._gone)
        + len(node._commands._tasks)
    )


def grown_since(before: Counter[str]) -> dict[str, tuple[int, int]]:
    """Return each count that stays above what it was, as (before, now).

    The other side of a connection, and a thread that was told to end, take a moment. What shrank
    was there before by chance.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (more := (now := count()) - before) and time.monotonic() < deadline:
        pass
    return {name: (before[name], now[name]) for name in sorted(more)}


def _is_ours(kind: type) -> bool:
    return str(kind.__module__).startswith("printer_widget")


def _timers() -> int:
    return sum(not timer.cancelled() for timer in turns.loop._scheduled)


def _subscribed(node: ChatNode) -> int:
    observers = node._trait_notifiers.values()
    return (
        sum(len(handlers) for kinds in observers for handlers in kinds.values())
        + sum(map(len, node._chat._callbacks.values()))
        + len(node._msg_callbacks.callbacks)
        + len(node._outbox._sync._clients)
        + len(node._outbox._sync._gone)
        + len(node._commands._tasks)
    )


def left_since(before: Counter[str]) -> dict[str, tuple[int, int]]:
    """Return each count that differs from what it was, as (before, now), once it stays so.

    The other side of a connection, and a thread that was told to end, take a moment.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (now := count()) != before and time.monotonic() < deadline:
        pass
    return {
        name: (before[name], now[name])
        for name in sorted(before | now)
        if before[name] != now[name]
    }
