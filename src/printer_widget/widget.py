"""ChatNode: the widget, its traits and its public API.

Python's private state is the truth: the chat's snapshot, replaced on the turns' loop alone. The
synced traits are assigned from it there, browsers are told by deltas, and whatever a browser writes
into a trait is refused and put right.
"""

from __future__ import annotations

import difflib
import logging
import os
import time
from asyncio import TimerHandle
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import anywidget
import traitlets

from . import kernel, wire
from .chat import CallbackKind, Chat
from .conversation import Message
from .errors import ChatError
from .loop import turns
from .providers import Printer
from .sources import DeferredSource, FunctionSource, HttpSource, Source, SourceLike, as_source
from .sync import State, Sync
from .traits import OwnedDict, OwnedFlag, OwnedList, OwnedText
from .turn import Turn

OnText = TypeVar("OnText", bound=Callable[[str], object])
OnReply = TypeVar("OnReply", bound=Callable[[Message], object])

logger = logging.getLogger("printer_widget")

_BUNDLE = Path(__file__).parent / "static" / "widget.js"
_DEMO_NOTICE = (
    "This is the demo model that comes with printer_widget. To talk to a real one: "
    'ChatNode("http://127.0.0.1:8000", token="…") or ChatNode(your_function)'
)
_OWNED = ("streamedText", "messages", "_view", "isStreaming")
_ALIASES = {"streamed_text": "streamedText", "is_streaming": "isStreaming"}
_KEYWORDS = ("token", "system", "project_id", "layout")


class ChatNode(anywidget.AnyWidget):
    """A chat in a notebook that streams its answers.

    Args:
        source: the URL of a Printer backend, a provider, or your own function that takes the
            messages (a list of ``{"role", "content"}``) and yields text. Without one:
            ``PRINTER_API_BASE_URL`` where it is set, else the demo model.
        token: the bearer token of the Printer backend; else ``PRINTER_AUTH_TOKEN``.
        system: what the model is told to be.
        project_id: the reader's project, for a Printer backend.
        layout: an ipywidgets Layout.

    Attributes:
        messages: the conversation, a new list of dicts at every change (see
            :mod:`printer_widget.conversation`); the answer being streamed is not in it yet.
        streamedText: the answer of the current turn, or of the last one.
        isStreaming: true while a turn has no ending.

    The attributes are synced traits and read-only; ``observe()`` works, and takes the names
    ``streamed_text`` and ``is_streaming`` too. Observers and callbacks run on the stream's own
    thread: keep them fast. All methods may be called from any thread.

    Raises:
        TypeError: for an unknown keyword, or a source that is none.
        ValueError: for a URL that cannot be one.
    """

    _esm = _BUNDLE.read_text("utf-8") if _BUNDLE.exists() else ""

    streamedText = OwnedText("").tag(sync=True)  # noqa: N815  # the name on both sides
    isStreaming = OwnedFlag(False).tag(sync=True)  # noqa: N815
    messages = OwnedList().tag(sync=True)
    _view = OwnedDict().tag(sync=True)

    def __init__(
        self,
        source: SourceLike | None = None,
        *,
        token: str | None = None,
        system: str | None = None,
        project_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        for name in kwargs:
            if name not in _KEYWORDS:
                near = difflib.get_close_matches(name, _KEYWORDS, n=1)
                hint = f"did you mean {near[0]}=?" if near else f"it takes {', '.join(_KEYWORDS)}"
                raise TypeError(f"ChatNode got an unknown keyword {name!r}: {hint}")
        if not self._esm:
            raise FileNotFoundError(
                "the browser's part of the widget is not built: static/widget.js is missing. "
                "In a checkout, run: make build"
            )
        made, labels = _source_and_labels(source, token)
        # AnyWidget's constructor already calls send_state, so private state comes first.
        self._chat = Chat(
            made,
            loop=turns,
            show=self._show,
            watch_cell=kernel.watch_cell,
            labels=labels,
            system=system,
            project_id=project_id,
        )
        self._sync = Sync(self._chat.state)
        self._rate = wire.RateLimit()
        self._timer: TimerHandle | None = None
        super().__init__(**kwargs)
        turns.call(self._assign, self._chat.state)
        kernel.stop_with_cell(self._stop_soon)

    # For its user: any thread ----------------------------------------------------------------

    def send(self, text: str, *, context: Sequence[str] = ()) -> Turn:
        """Ask ``text``; the answer streams while the caller goes on.

        Args:
            text: the question.
            context: texts for the model to know, told to it before the question.

        Returns:
            A Turn: ``await`` it, or call ``.result()``, for the reply.

        Raises:
            BusyError: while a turn is running.
            ValueError: if the text is blank.
            ClosedError: after :meth:`close`.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected the question as text, got {type(text).__name__}")
        if isinstance(context, str) or not all(isinstance(part, str) for part in context):
            raise TypeError("context must be a list of texts, such as context=[notes]")
        return turns.call(self._chat.ask, text, tuple(context))

    def retry(self) -> Turn:
        """Ask the last question again; the new answer comes after the earlier one.

        Raises:
            BusyError: while a turn is running.
            ValueError: if nothing was asked yet.
            ClosedError: after :meth:`close`.
        """
        return turns.call(self._chat.retry)

    def edit(self, message_id: str, text: str) -> Turn:
        """Ask ``text`` in the place of an earlier question; what came after it is dropped.

        Raises:
            BusyError: while a turn is running.
            ValueError: if the text is blank, or there is no such question.
            ClosedError: after :meth:`close`.
        """
        return turns.call(self._chat.edit, message_id, text)

    def delete(self, message_id: str) -> None:
        """Delete one message.

        Raises:
            BusyError: while a turn is running.
            ValueError: if there is no such message.
            ClosedError: after :meth:`close`.
        """
        turns.call(self._chat.delete, message_id)

    def clear(self) -> None:
        """Empty the conversation and begin a new one.

        Raises:
            BusyError: while a turn is running.
            ClosedError: after :meth:`close`.
        """
        turns.call(self._chat.clear)

    def stop(self) -> None:
        """Stop the answer that is streaming, if any, and keep what came."""
        turn = self._chat.turn
        if turn is not None:
            turn.stop()

    async def idle(self) -> None:
        """Wait until no turn is running; however it ends, nothing is raised."""
        while (turn := self._chat.turn) is not None and not turn.done():
            with suppress(ChatError):
                await turn

    def close(self) -> None:
        """Stop what is streaming and take the widget off the screen, for good."""
        if "_chat" in self.__dict__ and not self._chat.closed and not turns.stopped:
            turns.call(self._chat.close)
        super().close()

    def on_token(self, callback: OnText) -> OnText:
        """Call ``callback(text)`` with each piece of an answer, every 16 ms at most.

        Returns:
            The callback, so that this may be used as a decorator. Callbacks run on the stream's
            thread; what one raises is logged and stops nothing.
        """
        self._add_callback("token", callback)
        return callback

    def on_complete(self, callback: OnReply) -> OnReply:
        """Call ``callback(reply)`` when an answer is complete or was stopped; see on_token."""
        self._add_callback("complete", callback)
        return callback

    def on_error(self, callback: OnReply) -> OnReply:
        """Call ``callback(reply)`` when an answer failed or broke off; see on_token."""
        self._add_callback("error", callback)
        return callback

    def _add_callback(self, kind: CallbackKind, callback: Callable[[Any], object]) -> None:
        if not callable(callback):
            raise TypeError(f"expected a function, got {type(callback).__name__}")
        turns.call(self._chat.add_callback, kind, callback)

    @property
    def streamed_text(self) -> str:
        """The trait ``streamedText``."""
        return self._chat.state.text

    @property
    def is_streaming(self) -> bool:
        """The trait ``isStreaming``."""
        return self._chat.state.streaming

    def observe(
        self, handler: Callable[..., Any], names: Any = traitlets.All, **kwargs: Any
    ) -> None:
        """Observe traits, as every widget does; takes the Pythonic names too."""
        super().observe(handler, _traits(names), **kwargs)

    def unobserve(
        self, handler: Callable[..., Any], names: Any = traitlets.All, **kwargs: Any
    ) -> None:
        """Stop observing traits; takes the Pythonic names too."""
        super().unobserve(handler, _traits(names), **kwargs)

    def __repr__(self) -> str:
        """Return what stays the same in every run, so that a stored output compares equal."""
        return f"ChatNode({self._chat.source.label})" if "_chat" in self.__dict__ else "ChatNode()"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: always; it names what can be kept instead.
        """
        raise TypeError(
            "a ChatNode cannot be pickled or copied: it holds a live stream and maybe a token. "
            "Keep chat.messages, which is plain JSON data"
        )

    # To browsers and observers: on the turns' loop -------------------------------------------

    def _show(self, state: State) -> None:
        self._pump()
        self._assign(state)

    def _assign(self, state: State) -> None:
        started = time.perf_counter()
        values = state.full()
        for name in _OWNED:
            try:
                self.set_trait(name, values[name])
            except Exception:
                logger.exception("an observer of the chat's %s failed", name)
        self._chat.warn_if_slow(time.perf_counter() - started)

    def _pump(self) -> None:
        """Send what is due, and come back when more will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.comm is None:
            return
        state = self._chat.state
        try:
            for message in self._sync.plan(state, time.monotonic()):
                if isinstance(message, wire.Update):
                    self._send({"method": "update", "state": message.state, "buffer_paths": []})
                else:
                    custom = {"method": "custom", "content": message.to_json()}
                    if isinstance(message, wire.Append):
                        kernel.send_orphan(self.comm, custom)
                    else:
                        self._send(custom)
        except Exception:
            logger.exception("a message to the browser could not be sent")
            self._sync.reset(since=time.monotonic())
        due = self._sync.deadline(state)
        if due is not None and not self._chat.closed:
            self._timer = turns.loop.call_later(max(0.0, due - time.monotonic()), self._pump)

    def _put_right(self, keys: set[str]) -> None:
        others = keys.difference(_OWNED)
        if others:
            super().send_state(others)
        if len(others) < len(keys):
            self._sync.reset()
            self._pump()

    # Called by ipywidgets --------------------------------------------------------------------

    def open(self) -> None:
        """Open the comm, if none is open yet."""
        super().open()
        kernel.tune_comm(self.comm, self._handle_msg)

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send state to the browsers; the chat's own keys go out as deltas and keyframes."""
        if "_sync" not in self.__dict__:
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
        if refused and self._rate.allows(time.monotonic()):
            turns.post(self._put_right, refused)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        try:
            command = wire.parse_command(content)
        except wire.WireError as error:
            logger.debug("refused a message from the browser: %s", error)
            return
        if command is None:
            super()._handle_custom_msg(content, buffers)
        elif isinstance(command, wire.Stop) or self._rate.allows(time.monotonic()):
            turns.post(self._obey, command)

    # A browser's commands, on the turns' loop ------------------------------------------------

    def _obey(self, command: wire.Command) -> None:
        chat = self._chat
        match command:
            case wire.Report():
                self._sync.heard(command, time.monotonic())
                self._pump()
            case wire.Stop(turn=turn):
                if chat.turn is not None and chat.turn.id == turn:
                    chat.turn.stop()
            case wire.Send(nonce=nonce, text=text):
                self._reply(nonce, chat.ask, text)
            case wire.Retry(nonce=nonce):
                self._reply(nonce, chat.retry)
            case wire.Edit(nonce=nonce, message=message, text=text):
                self._reply(nonce, chat.edit, message, text)
            case wire.Delete(nonce=nonce, message=message):
                self._reply(nonce, chat.delete, message)

    def _reply(self, nonce: str, command: Callable[..., object], *args: str) -> None:
        error: str | None = None
        try:
            command(*args)
        except (ChatError, ValueError) as refusal:
            error = str(refusal)
        reply = wire.Reply(nonce=nonce, error=error)
        self._send({"method": "custom", "content": reply.to_json()})

    def _stop_soon(self) -> None:
        turns.post(self.stop)


def _source_and_labels(
    source: SourceLike | None, token: str | None
) -> tuple[Source, dict[str, str]]:
    if source is not None or token is not None or os.environ.get("PRINTER_API_BASE_URL"):
        made = (
            HttpSource(Printer(token=token)) if source is None else as_source(source, token=token)
        )
        return made, {"title": made.label}
    return _demo_source(), {"title": "Demo model", "notice": _DEMO_NOTICE}


def _demo_source() -> Source:
    from .demo import demo_model
    from .server.embedded import available, embedded_server

    def embedded() -> Source:
        server = embedded_server()
        server.start()
        return HttpSource(Printer(server.url, token=server.token))

    if available():
        return DeferredSource(embedded, label="demo model")
    return FunctionSource(demo_model, label="demo model")


def _traits(names: Any) -> Any:
    if isinstance(names, str):
        return _ALIASES.get(names, names)
    if isinstance(names, list | tuple):
        return [_ALIASES.get(name, name) for name in names]
    return names
