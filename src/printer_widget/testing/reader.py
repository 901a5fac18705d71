"""What a reader does at a chat: the messages that a browser would send, and their replies."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import wire
from ..loop import turns
from ..widget import ChatNode

PATIENCE_S = 10.0
"""The longest wait for a reply."""

_nonces = itertools.count(1)
_listening = threading.RLock()


def ask(chat: ChatNode, text: str) -> None:
    """Type ``text`` and press Send; wait for the answer with ``await chat.idle()``.

    Raises:
        ValueError: with the sentence that the reader is shown, if the chat refuses.
    """
    press(chat, "send", text=text)


def press_stop(chat: ChatNode) -> None:
    """Press Stop; the turn has ended when this returns.

    Raises:
        ValueError: if no answer is streaming, for then there is no such button.
    """
    if not chat.is_streaming:
        raise ValueError("no answer is streaming: there is no Stop to be pressed")
    turn = chat.get_state("_view")["_view"]["turn"]
    _deliver(chat, {"type": "stop", "client": "test", "turn": turn})
    turns.call(lambda: None)


def press(chat: ChatNode, command: str, **fields: str) -> None:
    """Press anything else, and wait for the chat's reply.

    Args:
        chat: the chat.
        command: ``"send"`` (``text``), ``"retry"``, ``"edit"`` (``message``, ``text``),
            ``"delete"`` (``message``), ``"new"``, and what else :mod:`printer_widget.wire` lists.
        fields: what belongs to the command; a ``message`` is named by its id.

    Raises:
        ValueError: with the sentence that the reader is shown, if the chat refuses; or if there
            is no such command, or its fields are others.
        TimeoutError: if no reply comes.
        RuntimeError: on the stream's own thread, in a callback, where waiting would stop it.
    """
    if turns.is_here():
        raise RuntimeError("press() waits for a reply: it cannot do so on the stream's own thread")
    nonce = f"test-{next(_nonces)}"
    content = {"type": command, "client": "test", "nonce": nonce, **fields}
    if wire.parse_command(content) is None:
        raise ValueError(f"there is no command {command!r}: see printer_widget.wire")
    with _replies(chat, nonce) as (replied, replies):
        _deliver(chat, content)
        if not replied.wait(PATIENCE_S):
            raise TimeoutError(f"the chat did not reply to {command!r} within {PATIENCE_S:.0f} s")
    if replies[0]["error"] is not None:
        raise ValueError(replies[0]["error"])


def wait_for_text(chat: ChatNode, text: str, *, timeout: float = PATIENCE_S) -> None:
    """Wait until the answer that is streaming, or ended last, begins with ``text``.

    Raises:
        TimeoutError: if it does not within ``timeout`` seconds.
    """
    arrived = threading.Event()

    def look(_change: object = None) -> None:
        if chat.streamed_text.startswith(text):
            arrived.set()

    chat.observe(look, "streamed_text")
    try:
        look()
        if not arrived.wait(timeout):
            raise TimeoutError(
                f"expected an answer that begins with {text!r}; after {timeout} s it is "
                f"{chat.streamed_text!r}"
            )
    finally:
        chat.unobserve(look, "streamed_text")


def _deliver(chat: ChatNode, content: dict[str, Any]) -> None:
    data = {"method": "custom", "content": content}
    _comm(chat).handle_msg({"content": {"data": data}, "buffers": []})


@contextmanager
def _replies(chat: ChatNode, nonce: str) -> Iterator[tuple[threading.Event, list[dict[str, Any]]]]:
    """Listen for the reply to a command among what the chat sends to browsers.

    One thread at a time: each puts back what it found on the comm.
    """
    comm, replied, replies = _comm(chat), threading.Event(), list[dict[str, Any]]()

    def overhear(data: Any = None, *args: Any, **kwargs: Any) -> None:
        send(data, *args, **kwargs)
        content = data.get("content") if isinstance(data, dict) else None
        if isinstance(content, dict) and content.get("nonce") == nonce:
            replies.append(content)
            replied.set()

    with _listening:
        send = comm.send
        comm.send = overhear
        try:
            yield replied, replies
        finally:
            comm.send = send


def _comm(chat: ChatNode) -> Any:
    if chat.comm is None:
        raise ValueError("this chat was closed: nothing of it is on the screen")
    return chat.comm
