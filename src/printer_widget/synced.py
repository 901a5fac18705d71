"""What a ChatNode says to the browsers and hears of them: its traits, deltas and commands.

Python's private state is the truth: the chat's snapshot, replaced on the turns' loop alone. The
synced traits are assigned from it there, browsers are told by deltas, and whatever a browser writes
into a trait is refused and put right.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget

from . import kernel, wire
from .chat import Chat
from .commands import Answer, Commands
from .loop import turns
from .outbox import Outbox
from .rate import RateLimit
from .sync import Outgoing, State
from .traits import OwnedDict, OwnedFlag, OwnedList, OwnedText

logger = logging.getLogger("printer_widget")

_BUNDLE = Path(__file__).parent / "static" / "widget.js"
_OWNED = ("streamedText", "messages", "_view", "isStreaming")


class SyncedChat(anywidget.AnyWidget):
    """A widget whose traits show a chat.

    Args:
        chat: the chat, which shows its state by :meth:`_show`.
        options: what the view is set to, for good.
        kwargs: traits of every widget, as ``layout``.

    Raises:
        FileNotFoundError: if the browser's part is not built.
    """

    _esm = _BUNDLE.read_text("utf-8") if _BUNDLE.exists() else ""

    streamedText = OwnedText("").tag(sync=True)  # noqa: N815  # the name on both sides
    isStreaming = OwnedFlag(False).tag(sync=True)  # noqa: N815
    messages = OwnedList().tag(sync=True)
    _view = OwnedDict().tag(sync=True)
    _options = OwnedDict().tag(sync=True)

    def __init__(self, chat: Chat, options: dict[str, Any], **kwargs: Any) -> None:
        if not self._esm:
            raise FileNotFoundError(
                "the browser's part of the widget is not built: static/widget.js is missing. "
                "In a checkout, run: make build"
            )
        # AnyWidget's constructor already calls send_state, so private state comes first.
        self._chat = chat
        self._commands = Commands(chat, self._send_custom, things=kernel.things)
        self._outbox = Outbox(chat.state, send=self._send_out, is_deaf=kernel.is_deaf, loop=turns)
        self._rate = RateLimit()
        self._bulk_rate = RateLimit(per_second=2, burst=20)  # what is answered with the bundle
        self.set_trait("_options", options)
        super().__init__(**kwargs)
        self._own_layout = None if self.layout is kwargs.get("layout") else self.layout
        turns.call(self._assign, chat.state)

    def close(self) -> None:
        """Stop what is streaming and take the widget off the screen, for good."""
        if "_chat" in self.__dict__ and not self._chat.closed and not turns.stopped:
            turns.call(self._shut)
        super().close()
        # ipywidgets makes a layout for each widget, and would leave it open.
        layout = self.__dict__.get("_own_layout")
        if layout is not None:
            layout.close()

    def _shut(self) -> None:
        self._chat.close()
        self._outbox.close()

    # To browsers and observers: on the turns' loop -------------------------------------------

    def _show(self, state: State) -> None:
        # Browsers first: a slow observer keeps Python waiting, not the screen.
        self._outbox.show(state)
        self._assign(state)

    def _assign(self, state: State) -> None:
        started = time.perf_counter()
        values = state.full()
        for name in _OWNED:
            if state is not self._chat.state:
                break  # an observer changed the chat, and all is assigned that came of it
            try:
                self.set_trait(name, values[name])
            except Exception:
                logger.exception("an observer of the chat's %s failed", name)
        self._chat.warn_if_slow(time.perf_counter() - started)

    def _send_out(self, message: Outgoing) -> None:
        if isinstance(message, wire.Update):
            self._send({"method": "update", "state": message.state, "buffer_paths": []})
        elif isinstance(message, wire.Append | wire.Reason) and self.comm is not None:
            kernel.send_orphan(self.comm, {"method": "custom", "content": message.to_json()})
        else:
            self._send_custom(message)

    def _put_right(self, keys: set[str]) -> None:
        others = keys.difference(_OWNED)
        if others:
            super().send_state(others)
        if len(others) < len(keys):
            self._outbox.send_all()

    # Called by ipywidgets --------------------------------------------------------------------

    def open(self) -> None:
        """Open the comm, if none is open yet."""
        super().open()
        kernel.tune_comm(self.comm, self._handle_msg)

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send state to the browsers; the chat's own keys go out as deltas and keyframes."""
        if "_outbox" not in self.__dict__:
            return
        keys = {key} if isinstance(key, str) else set(self.keys if key is None else key)
        own = keys.intersection(_OWNED)
        if not own:
            super().send_state(keys)
        elif key is None or not turns.is_here():
            # A front end or a user asked: answered in order with what the loop sends. On the
            # loop it is our own assignment of a trait, whose news is already on its way.
            turns.post(self._put_right, keys)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        """Return the state of the keys, the chat's own all from one snapshot."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if "_chat" in self.__dict__:
            full = self._chat.state.full()
            state.update((name, full[name]) for name in _OWNED if name in state)
        return state

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Refuse what a browser writes into a trait, and show it the truth again."""
        refused = set(sync_data).intersection(self.keys)
        if refused and self._bulk_rate.allows(turns.loop.time()):
            turns.post(self._put_right, refused)

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        # As in ipywidgets, which prints a traceback into the notebook for what has no shape.
        match msg["content"]["data"]:
            case {"method": "custom", "content": content}:
                self._handle_custom_msg(content, msg["buffers"])
            case {"method": "update", "state": dict(state)}:
                self.set_state(state)
            case {"method": "request_state"} if self._bulk_rate.allows(turns.loop.time()):
                self.send_state()

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        try:
            command = wire.parse_command(content)
        except wire.WireError as error:
            logger.debug("refused a message from the browser: %s", error)
            return
        if command is None:
            super()._handle_custom_msg(content, buffers)
        elif isinstance(command, wire.Stop) or self._rate.allows(turns.loop.time()):
            turns.post(self._obey, command)

    def _obey(self, command: wire.Command) -> None:
        match command:
            case wire.Report():
                self._outbox.heard(command)
            case wire.Stop(turn=turn):
                self._commands.stop(turn)
            case _:
                self._commands.obey(command)

    def _send_custom(self, message: wire.Append | wire.Patch | wire.Reason | Answer) -> None:
        self._send({"method": "custom", "content": message.to_json()})
