"""ChatNode: the widget, its traits and its public API.

Python's private state is the truth: the chat's snapshot, replaced on the turns' loop alone. The
synced traits are assigned from it there, browsers are told by deltas, and whatever a browser writes
into a trait is refused and put right.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import anywidget
import traitlets

from . import kernel, wire
from .answerer import choose
from .chat import CallbackKind, Chat
from .commands import Answer, Commands
from .conversation import ConversationInfo, Message
from .errors import ChatError
from .loop import turns
from .options import view_options
from .outbox import Outbox
from .rate import RateLimit
from .sources import SourceLike
from .sync import Outgoing, State
from .traits import OwnedDict, OwnedFlag, OwnedList, OwnedText
from .turn import Turn

T = TypeVar("T")
OnText = TypeVar("OnText", bound=Callable[[str], object])
OnReply = TypeVar("OnReply", bound=Callable[[Message], object])

logger = logging.getLogger("printer_widget")

_BUNDLE = Path(__file__).parent / "static" / "widget.js"
_OWNED = ("streamedText", "messages", "_view", "isStreaming")
_ALIASES = {"streamed_text": "streamedText", "is_streaming": "isStreaming"}
_KEYWORDS = ("chat_node_id", "layout", "locale", "project_id", "suggestions", "system", "token")


class ChatNode(anywidget.AnyWidget):
    """A chat in a notebook that streams its answers.

    Args:
        source: the URL of a Printer backend, a provider, or your own function that takes the
            messages (a list of ``{"role", "content"}``) and yields text. Without one:
            ``PRINTER_API_BASE_URL`` where it is set, else the demo model.
        token: the bearer token of the Printer backend; else ``PRINTER_AUTH_TOKEN``.
        system: what the model is told to be.
        project_id: the reader's project, for a Printer backend.
        chat_node_id: the name under which a Printer backend lists this chat's conversations; give
            the same one again to find them again. Without it, a random one.
        suggestions: questions that a reader can click on while nothing was said yet.
        locale: the language of the view, ``"en"`` or ``"de"``, which dates and numbers follow.
            Without it, English, with dates and numbers as the reader's browser has them.
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
        TypeError: for an unknown keyword, a source that is none, or suggestions that are no list
            of texts.
        ValueError: for a URL that cannot be one, a blank suggestion, or an unknown locale.
    """

    _esm = _BUNDLE.read_text("utf-8") if _BUNDLE.exists() else ""

    streamedText = OwnedText("").tag(sync=True)  # noqa: N815  # the name on both sides
    isStreaming = OwnedFlag(False).tag(sync=True)  # noqa: N815
    messages = OwnedList().tag(sync=True)
    _view = OwnedDict().tag(sync=True)
    _options = OwnedDict().tag(sync=True)

    def __init__(
        self,
        source: SourceLike | None = None,
        *,
        token: str | None = None,
        system: str | None = None,
        project_id: str | None = None,
        chat_node_id: str | None = None,
        suggestions: Sequence[str] | None = None,
        locale: str | None = None,
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
        made, labels, proposed = choose(source, token)
        options = view_options(proposed if suggestions is None else suggestions, locale)
        # AnyWidget's constructor already calls send_state, so private state comes first.
        self._chat = Chat(
            made,
            loop=turns,
            show=self._show,
            watch_cell=kernel.watch_cell,
            labels=labels,
            system=system,
            project_id=project_id,
            chat_node_id=chat_node_id,
        )
        self._commands = Commands(self._chat, self._send_custom)
        self._outbox = Outbox(self._chat.state, send=self._send_out, loop=turns)
        self._rate = RateLimit()
        self.set_trait("_options", options)
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

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        """Return the conversations that the backend keeps for this chat, the newest first.

        Raises:
            ValueError: if the source keeps none.
            ChatError: a subclass of it, if the backend fails or refuses.
        """
        return await _on_loop(self._chat.conversations())

    async def open_conversation(self, conversation_id: str) -> None:
        """Show a conversation that the backend keeps, and go on with it.

        Raises:
            BusyError: while a turn is running.
            ValueError: if the source keeps none.
            ChatError: a subclass of it, if the backend fails or refuses.
        """
        await _on_loop(self._chat.open(conversation_id))

    async def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title.

        Raises:
            ValueError: if the title is blank, or the source keeps no conversations.
            ChatError: a subclass of it, if the backend fails or refuses.
        """
        await _on_loop(self._chat.rename(conversation_id, title))

    async def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation at the backend; if it is the open one, a new one begins.

        Raises:
            BusyError: while a turn is running in it.
            ValueError: if the source keeps none.
            ChatError: a subclass of it, if the backend fails or refuses.
        """
        await _on_loop(self._chat.remove(conversation_id))

    async def idle(self) -> None:
        """Wait until no turn is running; however it ends, nothing is raised."""
        while (turn := self._chat.turn) is not None and not turn.done():
            with suppress(ChatError):
                await turn

    def close(self) -> None:
        """Stop what is streaming and take the widget off the screen, for good."""
        if "_chat" in self.__dict__ and not self._chat.closed and not turns.stopped:
            turns.call(self._shut)
        super().close()

    def _shut(self) -> None:
        self._chat.close()
        self._outbox.close()

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
        # Browsers first: a slow observer keeps Python waiting, not the screen.
        self._outbox.show(state)
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

    def _stop_soon(self) -> None:
        turns.post(self.stop)


async def _on_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of the chat on the turns' loop, and wait for it on the caller's."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, turns.loop))


def _traits(names: Any) -> Any:
    if isinstance(names, str):
        return _ALIASES.get(names, names)
    if isinstance(names, list | tuple):
        return [_ALIASES.get(name, name) for name in names]
    return names
