"""ChatNode: the widget as its user in Python knows it."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from os import PathLike
from typing import Any, NoReturn, Self, TypeVar

import traitlets

from . import kernel, terminal
from .answerer import choose
from .attachments import attach_all
from .chat import CallbackKind, Chat
from .context import Context
from .conversation import ConversationInfo, Message
from .errors import ChatError
from .lesson import Lesson
from .loop import turns
from .options import view_options
from .providers.base import without_local_port
from .sources import SourceLike
from .stamps import FixedStamps, Stamps
from .sync import State
from .synced import SyncedChat
from .transcript import Transcript
from .turn import Turn

T = TypeVar("T")
OnText = TypeVar("OnText", bound=Callable[[str], object])
OnReply = TypeVar("OnReply", bound=Callable[[Message], object])

_ALIASES = {"streamed_text": "streamedText", "is_streaming": "isStreaming"}
_KEYWORDS = (
    "chat_node_id",
    "deterministic",
    "layout",
    "lesson",
    "locale",
    "project_id",
    "static",
    "suggestions",
    "system",
    "token",
)


class ChatNode(SyncedChat):
    """A chat in a notebook that streams its answers.

    Args:
        source: a name, as ``"openai:gpt-4o"`` (see ``providers.KINDS``), the URL of a Printer
            backend, a provider, or your own function of the messages (``{"role", "content"}``
            each) that yields text. Else ``PRINTER_API_BASE_URL``, else the demo model.
        token: the bearer token of the Printer backend; else ``PRINTER_AUTH_TOKEN``.
        system: what the model is told to be.
        project_id: the reader's project, for a Printer backend.
        chat_node_id: the name under which a Printer backend lists this chat's conversations; give
            the same one again to find them again. Without it, a random one.
        suggestions: questions that a reader can click on while nothing was said yet.
        locale: the language of the view, ``"en"`` or ``"de"``, which dates and numbers follow.
            Without it, English, with dates and numbers as the reader's browser has them.
        lesson: how much may be asked, and whether it is logged; see :class:`Lesson`, which may
            hold ``system`` and ``suggestions`` as well.
        deterministic: whether ``messages`` shall be the same in every run of a test or of a
            notebook that is executed again: ids are counted and the clock stands still. Ids that
            a server gives stay the server's, so the demo model then answers without one.
        static: whether to keep a transcript beside the displayed chat, as an output of its own
            that is brought up to date at each ending. It stays in the saved notebook, and is
            readable without a kernel. nbval knows no outputs that change: there, end with a cell
            ``chat.transcript()`` instead.
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
        TypeError: for an unknown keyword, a source or lesson that is none, or suggestions that are
            no list of texts.
        ValueError: for a bad URL or name, a missing key, a blank suggestion, an unknown locale, or
            a lesson's log that cannot be written.
    """

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
        lesson: Lesson | None = None,
        deterministic: bool = False,
        static: bool = False,
        **kwargs: Any,
    ) -> None:
        for name in kwargs:
            if name not in _KEYWORDS:
                near = difflib.get_close_matches(name, _KEYWORDS, n=1)
                hint = f"did you mean {near[0]}=?" if near else f"it takes {', '.join(_KEYWORDS)}"
                raise TypeError(f"ChatNode got an unknown keyword {name!r}: {hint}")
        texts = {"system": system, "project_id": project_id, "chat_node_id": chat_node_id}
        for name, text in texts.items():
            if not isinstance(text, str | None):
                raise TypeError(f"{name} must be text, got {type(text).__name__}")
        if not isinstance(lesson, Lesson | None):
            raise TypeError(f"lesson must be a Lesson(…), got {type(lesson).__name__}")
        made, labels, proposed = choose(source, token, embed=not deterministic)
        if lesson is not None:
            system, suggestions = lesson.settings(system, suggestions)
        options = view_options(proposed if suggestions is None else suggestions, locale, lesson)
        chat = Chat(
            made,
            loop=turns,
            show=self._show,
            watch_cell=kernel.watch_cell,
            echo=terminal.echo,
            labels=labels,
            system=system,
            project_id=project_id,
            chat_node_id=chat_node_id,
            stamps=FixedStamps() if deterministic else Stamps(),
            lesson=lesson or Lesson(),
        )
        self._still = kernel.StaticOutput() if static else None
        self._context = Context(chat)
        super().__init__(chat, options, **kwargs)
        kernel.stop_with_cell(self)

    # For its user: any thread ----------------------------------------------------------------

    def send(self, text: str, *, context: Sequence[object] = ()) -> Turn:
        """Ask ``text``; the answer streams while the caller goes on.

        Args:
            text: the question.
            context: what the model should know beside ``chat.context``: texts, DataFrames and
                whatever :meth:`Context.add` takes.

        Returns:
            A Turn: ``await`` it, or call ``.result()``, for the reply.

        Raises:
            BusyError: while a turn is running.
            LessonLimit: if the chat's lesson does not allow the question.
            ValueError: if the text is blank.
            TypeError: if the text is none, or there is no way to show something of the context.
            ClosedError: after :meth:`close`.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected the question as text, got {type(text).__name__}")
        return turns.call(self._chat.ask, text, attach_all(context))

    def retry(self) -> Turn:
        """Ask the last question again; the new answer comes after the earlier one.

        Raises:
            BusyError: while a turn is running.
            LessonLimit: if the chat's lesson allows no more questions.
            ValueError: if nothing was asked yet.
            ClosedError: after :meth:`close`.
        """
        return turns.call(self._chat.retry)

    def edit(self, message_id: str, text: str) -> Turn:
        """Ask ``text`` in the place of an earlier question; what came after it is dropped.

        Raises:
            BusyError: while a turn is running.
            LessonLimit: if the chat's lesson does not allow the question.
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

    def transcript(self) -> Transcript:
        """Return the conversation as it stands now, to be displayed or saved.

        An answer that is still coming is in it as far as it came, and says so.
        """
        if turns.stopped:
            return self._chat.transcript()
        return turns.call(self._chat.transcript)

    @classmethod
    def load(
        cls,
        transcript: str | PathLike[str] | Transcript,
        source: SourceLike | None = None,
        **kwargs: Any,
    ) -> Self:
        """Return a chat that goes on with a conversation that was kept.

        A model is told all of it with the next question. A Printer backend keeps conversations
        itself: it goes on with this one if it knows it, and else begins a new one.

        Args:
            transcript: a Transcript, or a file as ``chat.transcript().save(path)`` wrote it:
                ``.json``, ``.jsonl`` or ``.md``.
            source: who answers from now on; see :class:`ChatNode`.
            kwargs: what else a ChatNode takes.

        Raises:
            ValueError: if the file is none of these.
            OSError: if it cannot be read.
            TypeError: as ChatNode does.
        """
        if not isinstance(transcript, Transcript):
            transcript = Transcript.load(transcript)
        chat = cls(source, **kwargs)
        turns.call(chat._chat.restore, transcript.messages)
        return chat

    async def idle(self) -> None:
        """Wait until no turn is running; however it ends, nothing is raised."""
        while (turn := self._chat.turn) is not None and not turn.done():
            with suppress(ChatError):
                await turn

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
    def context(self) -> Context:
        """What goes to the model with the next question; see :class:`Context`."""
        return self._context

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

    def _show(self, state: State) -> None:
        super()._show(state)
        if self._still is not None and not state.streaming:
            self._still.update(self._chat.transcript())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            # What still streams is left out: a notebook shall put out the same in every run.
            said = self._chat.transcript(ended=True)
            bundle[0]["text/html"] = said.to_fallback(repr(self))
            if said.messages:
                bundle[0]["text/plain"] = f"{self!r}\n\n{said!r}"
        return bundle

    def _ipython_display_(self) -> None:
        if self._still is None or not kernel.is_running():
            raise NotImplementedError  # IPython then takes the bundle, as for any widget
        self._still.show(self._repr_mimebundle_(), self.transcript())

    def __repr__(self) -> str:
        """Return what stays the same in every run, so that a stored output compares equal."""
        if "_chat" not in self.__dict__:  # not made yet
            return "ChatNode()"
        return f"ChatNode({without_local_port(self._chat.source.label)})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: always; it names what can be kept instead.
        """
        raise TypeError(
            "a ChatNode cannot be pickled or copied: it holds a live stream and maybe a token. "
            "Keep chat.transcript(), or chat.messages, which is plain JSON data"
        )


async def _on_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of the chat on the turns' loop, and wait for it on the caller's."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, turns.loop))


def _traits(names: Any) -> Any:
    if isinstance(names, str):
        return _ALIASES.get(names, names)
    if isinstance(names, list | tuple):
        return [_ALIASES.get(name, name) for name in names]
    return names
