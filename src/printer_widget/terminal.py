"""What a chat does at a prompt of a terminal, where no widget can be drawn.

There, waiting for an answer prints it as it comes, and Ctrl-C stops it: ``await chat.send("…")`` or
``chat.send("…").result()`` at the prompt of IPython or of Python. In a notebook, in a script and on
any thread but the main one nothing is printed.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import kernel
from .conversation import Message
from .escaped import without_controls

_printed = (0, "")  # what was printed last, and the count of the cell that waited for it


@contextmanager
def echo(stop: Callable[[], None]) -> Iterator[Callable[[str], None] | None]:
    """Give what prints a piece of an answer; None where there is no prompt to print below.

    Args:
        stop: is called when Ctrl-C is pressed. It must not wait: it runs in a signal handler.

    Raises:
        KeyboardInterrupt: at the end, if Ctrl-C was pressed; at once, if it is pressed again.
    """
    if not _is_at_prompt():
        yield None
        return
    pieces: list[str] = []
    presses = 0

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        stop()

    def write(piece: str) -> None:
        pieces.append(piece)
        sys.stdout.write(without_controls(piece))
        sys.stdout.flush()

    # IPython leaves a cell that is torn out of its loop behind, to go on with the next one. So the
    # turn ends first, and what waits for it raises.
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield write
    finally:
        signal.signal(signal.SIGINT, before)
        _note("".join(pieces))
    if presses:
        raise KeyboardInterrupt


def _is_at_prompt() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    shell = kernel.running_shell()
    return hasattr(sys, "ps1") if shell is None else kernel.is_terminal(shell)


def _note(text: str) -> None:
    """Remember what was printed, so that IPython does not print it again as the cell's result."""
    global _printed  # noqa: PLW0603  # there is one terminal
    if not text:
        return
    sys.stdout.write("\n")
    shell = kernel.running_shell()
    if shell is not None:
        _printed = (shell.execution_count, text)
        shell.display_formatter.formatters["text/plain"].for_type(Message, _print_reply)


def _print_reply(reply: Message, printer: Any, _is_cycle: bool) -> None:  # noqa: FBT001  # IPython's
    is_above = _printed == (kernel.running_shell().execution_count, reply.content)
    ending = f" [{reply.ending}]" if reply.ending else ""
    printer.text(f"<the answer above{ending}>" if is_above else repr(reply))
