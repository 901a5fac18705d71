"""Jupyter's peculiarities, each in one guarded place.

- ipykernel 7.4 sends a comm message to the subshell named by the last message that the kernel
  sent on that comm. A Stop during a busy cell would then wait for the cell, or be lost once the
  subshell is gone. :func:`tune_comm` lets the front end's own choice stand.
- Every comm message fires IPython's ``pre_execute`` and ``post_execute``, on subshell threads
  too: an acknowledgement would flush the figure that a cell is just drawing. :func:`tune_comm`
  hands messages to the widget alone.
- Every message carries the header of the request that is its parent, some 300 bytes that a delta
  of 60 has no use for. :func:`send_orphan` leaves it out.
- Interrupting the kernel cancels the task of the running cell, which a waiter cannot tell from a
  timeout. And it does so only when the kernel's loop next wakes, as ipykernel's signal handler
  does not wake it. :func:`watch_cell` knows the cell's task, and keeps the loop awake.
- While a cell runs, a kernel without subshells hears nothing, and silence then says nothing about a
  browser. :func:`is_deaf` knows by what came: nothing since the cell began.
- Running a cell again leaves the widget of its last run streaming with nobody to see it.
  :func:`stop_with_cell` stops it.

Outside of IPython all of these do nothing.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_TICK_S = 0.05

_cell_task: ContextVar[asyncio.Task[Any] | None] = ContextVar("cell_task", default=None)
_stops: dict[str, list[weakref.WeakMethod[Callable[[], None]]]] = {}
_hooked: weakref.WeakSet[Any] = weakref.WeakSet()
_deaf = False


def tune_comm(comm: Any, handle: Callable[[dict[str, Any]], None]) -> None:
    """Let messages on ``comm`` reach ``handle`` on the channel the front end chose, and no hook."""

    def hear(message: dict[str, Any]) -> None:
        _set_deaf(False)
        handle(message)

    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001
    if hasattr(comm, "handle_msg"):
        comm.handle_msg = hear


def is_deaf() -> bool:
    """Say whether a cell runs since whose beginning no browser was heard: maybe none can be."""
    return _deaf


def _set_deaf(deaf: bool) -> None:  # noqa: FBT001
    global _deaf  # noqa: PLW0603  # there is one kernel in a process
    _deaf = deaf


def send_orphan(comm: Any, data: dict[str, Any]) -> None:
    """Send ``data`` on ``comm`` as the answer to no request."""
    parent = getattr(getattr(comm, "kernel", None), "_shell_parent", None)
    if not isinstance(parent, ContextVar):
        comm.send(data)
        return
    before = parent.set({})
    try:
        comm.send(data)
    finally:
        parent.reset(before)


@contextmanager
def watch_cell() -> Iterator[Callable[[], bool]]:
    """Let an interrupt reach the cell that this code waits in; yields whether it was cancelled."""
    task = _cell_task.get()
    if task is None:
        yield lambda: False
        return
    ticking = asyncio.get_running_loop().create_task(_tick())
    try:
        yield lambda: task.cancelled() or task.cancelling() > 0
    finally:
        ticking.cancel()


async def _tick() -> None:
    while True:  # noqa: ASYNC110  # there is no event: waking the loop is all it is for
        await asyncio.sleep(_TICK_S)


def stop_with_cell(stop: Callable[[], None]) -> None:
    """Call the bound method ``stop`` when the cell that is running now is run again."""
    shell = _shell()
    if shell is None:
        return
    if shell not in _hooked:
        # Before this cell ran, there was no hook that could have noted its task.
        _note_task()
        shell.events.register("pre_run_cell", _before_cell)
        shell.events.register("post_run_cell", _after_cell)
        _set_deaf(True)
        _hooked.add(shell)
    cell_id = _cell_id(shell)
    if cell_id is not None:
        _stops.setdefault(cell_id, []).append(weakref.WeakMethod(stop))


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _cell_id(shell: Any) -> str | None:
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    found = kernel.get_parent("shell").get("metadata", {}).get("cellId")
    return found if isinstance(found, str) else None


def _note_task() -> None:
    try:
        _cell_task.set(asyncio.current_task())
    except RuntimeError:  # no loop runs: the cell is synchronous in a plain IPython
        _cell_task.set(None)


def _before_cell(info: Any) -> None:
    _note_task()
    _set_deaf(True)
    for reference in _stops.pop(getattr(info, "cell_id", None) or "", []):
        stop = reference()
        if stop is not None:
            stop()


def _after_cell(_result: Any) -> None:
    _set_deaf(False)
