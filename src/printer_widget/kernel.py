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
- ``%autoreload`` puts a module's new classes in the place of the old ones, whose objects live on.
  Slots of the one do not fit the other: a chat that streams would never end. From the first chat
  on, this package is left out of it.
- Updating a widget's own output takes its view away, with focus and draft. :class:`StaticOutput` is
  an output of its own beside it.
- What the reader named, and the cells that ran, are IPython's. :func:`things` finds them.

Outside of IPython all of these do nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any, Protocol

from .attachments import Cell
from .loop import turns

logger = logging.getLogger("printer_widget")

_TICK_S = 0.05
_CELLS = 50

_cell_task: ContextVar[asyncio.Task[Any] | None] = ContextVar("cell_task", default=None)
_chats_of: dict[str, weakref.WeakSet[Stoppable]] = {}
_hooked: weakref.WeakSet[Any] = weakref.WeakSet()
_deaf = False


class Stoppable(Protocol):
    """What streams, and can be stopped."""

    def stop(self) -> None:
        """Stop what is streaming, if anything is; called on the turns' loop."""


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


def stop_with_cell(chat: Stoppable) -> None:
    """Stop ``chat``, if it is still there, when the cell that is running now is run again."""
    shell = running_shell()
    if shell is None:
        return
    if shell not in _hooked:
        # Before this cell ran, there was no hook that could have noted its task.
        _note_task()
        shell.events.register("pre_run_cell", _before_cell)
        shell.events.register("post_run_cell", _after_cell)
        _set_deaf(True)
        _hooked.add(shell)
    _keep_loaded(shell)
    cell_id = _cell_id(shell)
    if cell_id is not None:
        _chats_of.setdefault(cell_id, weakref.WeakSet()).add(chat)


def things() -> dict[str, Any]:
    """Return what the reader has named, then the last cells as ``In[3]``; from any thread.

    Private names are not among them, nor what IPython itself put there.
    """
    shell = running_shell()
    hidden = getattr(shell, "user_ns_hidden", {})
    named = {
        name: thing
        for name, thing in dict(getattr(shell, "user_ns", {})).items()
        if not name.startswith("_") and name not in hidden
    }
    for cell in cells()[-_CELLS:]:
        named.setdefault(f"In[{cell.number}]", cell)
    return named


def cells() -> list[Cell]:
    """Return the cells that ran in this kernel, but for blank ones."""
    history = getattr(running_shell(), "history_manager", None)
    sources = list(getattr(history, "input_hist_raw", []))
    return [Cell(number, source) for number, source in enumerate(sources) if source.strip()]


def name_of(thing: object) -> str | None:
    """Return the reader's first name for the very same object; None where there is none."""
    return next((name for name, one in things().items() if one is thing), None)


def running_shell() -> Any:
    """Return IPython's shell; None where IPython does not run."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def is_terminal(shell: Any) -> bool:
    """Say whether a shell is one in a terminal."""
    module = sys.modules.get("IPython.terminal.interactiveshell")
    return module is not None and isinstance(shell, module.TerminalInteractiveShell)


def is_running() -> bool:
    """Say whether this process is a kernel, whose outputs a notebook shows."""
    return getattr(running_shell(), "kernel", None) is not None


class StaticOutput:
    """An output of a kernel beside a widget, which changes while the widget's own must not."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._content: object = None

    def show(self, bundle: Any, content: object) -> None:
        """Display a widget's bundle, and ``content`` below it."""
        from IPython.display import display

        data, metadata = bundle
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        self._content = content
        display(content, display_id=self._id)  # type: ignore[no-untyped-call]

    def update(self, content: object) -> None:
        """Put ``content`` in its place wherever it was displayed; raises nothing."""
        if self._content is None or content == self._content:
            return
        from IPython.display import update_display

        self._content = content
        try:
            # Without the context that the caller's turn began in: a notebook that is executed
            # without a front end takes an update from the cell that runs now.
            Context().run(update_display, content, display_id=self._id)
        except Exception:
            logger.exception("the transcript beside a chat could not be brought up to date")


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


def _keep_loaded(shell: Any) -> None:
    aimport = shell.find_line_magic("aimport")
    if aimport is None:  # %autoreload is not there, or not yet
        return
    mine = [name for name in tuple(sys.modules) if name.partition(".")[0] == __package__]
    aimport(", ".join(f"-{name}" for name in mine))


def _before_cell(info: Any) -> None:
    _note_task()
    _keep_loaded(running_shell())
    _set_deaf(True)
    for chat in _chats_of.pop(getattr(info, "cell_id", None) or "", ()):
        turns.post(chat.stop)


def _after_cell(_result: Any) -> None:
    _set_deaf(False)
