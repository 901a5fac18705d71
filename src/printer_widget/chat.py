"""The conversation and the turn that adds to it: one immutable State after another.

A :class:`Chat` knows no widget and no kernel. Every method runs on the turns' loop, so there is one
order of all changes; whoever shows the chat is told each new State, and any thread may read the
last one.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from .answer_log import AnswerLog
from .batching import INTERVAL_S, Batcher, join_surrogates
from .conversation import Attachment, Conversation, ConversationInfo, Message, Question
from .errors import BusyError, ChatError, ClosedError
from .lesson import Lesson
from .loop import BackgroundLoop
from .providers.base import without_local_port
from .sources import Archive, Source
from .stamps import Stamps
from .sync import State
from .transcript import Transcript
from .turn import Echo, Turn, WatchCell, silent
from .wire import JSON, utf16_length

logger = logging.getLogger("printer_widget")

MAX_FLUSHES_PER_S = 300
"""What all chats of a process may send together: Jupyter Server drops beyond 1,000."""

SLOW_CALLBACK_S = 0.1

MAX_PENDING = 20
"""How much may be attached to one question."""

MAX_KNOWN = 100
"""How many attachments are known by name, to be attached again."""

CallbackKind = Literal["token", "complete", "error"]

_running: set[Turn] = set()


class Chat:
    """One conversation with one source.

    Attributes:
        state: the last snapshot; may be read from any thread.
        known: what was attached, by its name, as it was then; may be read from any thread.
        turn: the turn that runs, or the last one; None before the first.
    """

    def __init__(
        self,
        source: Source,
        *,
        loop: BackgroundLoop,
        show: Callable[[State], None],
        watch_cell: WatchCell,
        labels: Mapping[str, str],
        echo: Echo = silent,
        system: str | None = None,
        project_id: str | None = None,
        chat_node_id: str | None = None,
        stamps: Stamps,
        lesson: Lesson,
    ) -> None:
        self.source = source
        self.state = State(labels=labels, left=lesson.left(0))
        self.known: Mapping[str, Attachment] = {}
        self.turn: Turn | None = None
        self.closed = False
        self._loop = loop
        self._show = show
        self._watch_cell = watch_cell
        self._echo = echo
        self._system = join_surrogates(system) if system else None
        self._project_id = project_id
        self._node_id = chat_node_id or uuid.uuid4().hex
        self._stamps = stamps
        self._lesson = lesson
        self._labels = labels
        self._log = AnswerLog(lesson.log) if lesson.log else None
        self._asked = 0
        self._conversation = Conversation()
        self._callbacks: dict[CallbackKind, list[Callable[[Any], object]]] = {}
        self._warned = False
        self._refreshing: set[asyncio.Task[None]] = set()

    # Commands --------------------------------------------------------------------------------

    def ask(self, text: str, context: tuple[Attachment, ...] = ()) -> Turn:
        """Add a question with all that is pending, and start its turn; see ``ChatNode.send``."""
        if context:
            self._lesson.check_context()
        return self._ask(text, (*self.state.pending, *context), pending=())

    def attach(self, item: Attachment) -> None:
        """Keep ``item`` for the next question, in the place of what has its name."""
        self._check_open()
        self._lesson.check_context()
        others = [one for one in self.state.pending if one.name != item.name]
        if len(others) >= MAX_PENDING:
            raise ValueError(
                f"{MAX_PENDING} things are attached already: send them, or remove some first"
            )
        known = {name: one for name, one in self.known.items() if name != item.name}
        self.known = dict([*known.items(), (item.name, item)][-MAX_KNOWN:])
        self._change(pending=(*others, item))

    def detach(self, name: str) -> None:
        """Take what has this name from what is pending."""
        left = tuple(one for one in self.state.pending if one.name != name)
        if len(left) == len(self.state.pending):
            raise ValueError(f"nothing with the name {name!r} is attached")
        self._change(pending=left)

    def detach_all(self) -> None:
        """Take all that is pending away."""
        if self.state.pending:
            self._change(pending=())

    def _ask(self, text: str, context: tuple[Attachment, ...], **changes: Any) -> Turn:
        self._check_free()
        _check_not_blank(text)
        self._lesson.check(asked=self._asked, text=text)
        message = Message(
            id=self._name("message"),
            role="user",
            content=join_surrogates(text),
            timestamp=self._stamps.time(),
            conversation_id=self._conversation.id,
            context=context,
        )
        return self._begin(self._conversation.add(message), **changes)

    def retry(self) -> Turn:
        """Start another turn for the last question; see ``ChatNode.retry``."""
        self._check_free()
        if not any(message.role == "user" for message in self._conversation.messages):
            raise ValueError("there is no question to ask again: send() one first")
        self._lesson.check(asked=self._asked)
        return self._begin(self._conversation)

    def edit(self, message_id: str, text: str) -> Turn:
        """Put another question in the place of one; see ``ChatNode.edit``."""
        self._check_free()
        message = self._find(message_id)
        if message.role != "user":
            raise ValueError("only a question can be edited: this message is an answer")
        _check_not_blank(text)
        self._lesson.check(asked=self._asked, text=text)
        self._conversation = self._conversation.before(message_id)
        return self._ask(text, message.context)

    def delete(self, message_id: str) -> None:
        """Delete a message; see ``ChatNode.delete``."""
        self._check_free()
        self._find(message_id)
        self._conversation = self._conversation.without(message_id)
        self._change(messages=self._dicts())

    def clear(self) -> None:
        """Begin a new conversation; see ``ChatNode.clear``."""
        self._check_free()
        self._show_conversation(Conversation())

    def restore(self, messages: tuple[Message, ...]) -> None:
        """Go on with a conversation that was kept; see ``ChatNode.load``."""
        self._check_free()
        name = messages[-1].conversation_id if messages else None
        self._show_conversation(Conversation(messages=messages, id=name))

    def transcript(self, *, ended: bool = False) -> Transcript:
        """Return the conversation as it stands, or (``ended``) without what still streams."""
        messages = self._conversation.messages
        if self.state.streaming and self.turn is not None and not ended:
            messages += (self.turn.so_far(),)
        return Transcript(messages, f"Conversation with {without_local_port(self.source.label)}")

    async def conversations(self) -> tuple[ConversationInfo, ...]:
        """Return what the server keeps; see ``ChatNode.conversations``."""
        return await self._kept().conversations(self._node_id)

    async def open(self, conversation_id: str) -> None:
        """Show another conversation; see ``ChatNode.open_conversation``."""
        self._check_free()
        messages = await self._kept().stored(conversation_id)
        self._check_free()  # a turn may have begun meanwhile
        self._show_conversation(Conversation(messages=messages, id=conversation_id))

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; see ``ChatNode.rename_conversation``."""
        if not title.strip():
            raise ValueError("the title is blank: expected some text")
        await self._kept().rename(conversation_id, join_surrogates(title.strip()))

    async def remove(self, conversation_id: str) -> None:
        """Delete a conversation; see ``ChatNode.delete_conversation``."""
        if conversation_id == self._conversation.id:
            self._check_free()
        await self._kept().remove(conversation_id)
        if conversation_id == self._conversation.id and not self.state.streaming:
            self._show_conversation(Conversation())

    @property
    def archive(self) -> Archive | None:
        """What the server keeps of conversations; None where it keeps none."""
        return getattr(self.source, "archive", None)

    def _kept(self) -> Archive:
        self._check_open()
        if self.archive is None:
            raise ValueError(
                f"{self.source.label} keeps no conversations: a Printer backend does, "
                "as in ChatNode(url)"
            )
        return self.archive

    def close(self) -> None:
        """Stop the turn and take no more commands."""
        self.closed = True
        for task in self._refreshing:
            task.cancel()
        if self.turn is not None:
            self.turn.stop()

    def add_callback(self, kind: CallbackKind, callback: Callable[[Any], object]) -> None:
        """Call ``callback`` from now on; see ``ChatNode.on_token``."""
        self._callbacks.setdefault(kind, []).append(callback)

    # What the turn tells ---------------------------------------------------------------------

    def text_arrived(self, turn: Turn, text: str) -> None:
        """Take the next piece of the answer."""
        if turn is self.turn:
            state = self.state
            units = state.units + utf16_length(text)
            self._change(revised=False, text=state.text + text, units=units)
            self._call_back("token", text)

    def reasoning_arrived(self, turn: Turn, text: str) -> None:
        """Take the next piece of the model's reasoning."""
        if turn is self.turn:
            self._change(reasoning=self.state.reasoning + text)

    def conversation_assigned(self, turn: Turn, conversation_id: str) -> None:
        """Take the id under which the server keeps the conversation."""
        if turn is self.turn and self._conversation.id != conversation_id:
            self._conversation = self._conversation.assigned(conversation_id)
            self._change(messages=self._dicts(), conversation=conversation_id)

    def connection_tried(self, turn: Turn, attempt: tuple[int, int] | None) -> None:
        """Take that the connection is tried again, or is there again."""
        if turn is self.turn:
            self._change(attempt=attempt)

    def turn_ended(self, turn: Turn, reply: Message) -> None:
        """Take the ending: the reply and ``streaming=False`` are one change."""
        _running.discard(turn)
        _share_budget()
        if turn is self.turn:
            self._conversation = self._conversation.add(reply)
            news = self._count(turn, reply)
            self._change(
                messages=self._dicts(), streaming=False, attempt=None, reasoning="", **news
            )
            self._refresh(turn, reply)
            well = reply.status in {"complete", "stopped"}
            self._call_back("complete" if well else "error", reply)

    def _count(self, turn: Turn, reply: Message) -> dict[str, Any]:
        """Do what a lesson asks for at an ending; return what of the state changes by it."""
        news: dict[str, Any] = {}
        if self._log is not None:
            question = turn.question.conversation.messages[-1]
            complaint = self._log.write(self._asked, question, reply)
            notice = {} if complaint is None else {"notice": complaint}
            news["labels"] = {**self._labels, **notice}
        if reply.status in {"error", "interrupted"} and not reply.content:
            self._asked -= 1
        return {**news, "left": self._lesson.left(self._asked)}

    def _refresh(self, turn: Turn, reply: Message) -> None:
        """Put the messages as the server stored them in the place of ours, once it has them."""
        archive, conversation_id = self.archive, reply.conversation_id
        if archive is None or conversation_id is None or reply.status == "error":
            return

        async def refresh() -> None:
            try:
                messages = await archive.stored(conversation_id)
            except ChatError as error:
                logger.debug("the stored messages could not be fetched: %s", error)
                return
            conversation = self._conversation.stored_as(messages)
            if turn is self.turn and not self.closed and conversation != self._conversation:
                self._conversation = conversation
                self._change(messages=self._dicts())

        task = self._loop.loop.create_task(refresh())
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    # Inside ----------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("this chat was closed: make a new ChatNode")

    def _check_free(self) -> None:
        self._check_open()
        if self.state.streaming:
            raise BusyError(
                "an answer is still streaming: wait for it (await chat.idle()), or chat.stop() it"
            )

    def _name(self, kind: str) -> str:
        """Return a name that no message has, not even one that was loaded."""
        taken = {message.id for message in self._conversation.messages}
        while (name := self._stamps.name(kind)) in taken:
            pass
        return name

    def _find(self, message_id: str) -> Message:
        try:
            return self._conversation.messages[self._conversation.index(message_id)]
        except KeyError:
            raise ValueError(f"there is no message with the id {message_id!r}") from None

    def _begin(self, conversation: Conversation, **changes: Any) -> Turn:
        self._conversation = conversation
        last = max(at for at, m in enumerate(conversation.messages) if m.role == "user")
        question = Question(
            conversation=replace(conversation, messages=conversation.messages[: last + 1]),
            system=self._system,
            chat_node_id=self._node_id,
            project_id=self._project_id,
            run_id=uuid.uuid4().hex,  # random always: only a server sees it, and may know the last
        )
        turn = Turn(
            question,
            self.source,
            id=self._name("turn"),
            timestamp=self._stamps.time(),
            loop=self._loop,
            listener=self,
            batcher=Batcher(),
            watch_cell=self._watch_cell,
            echo=self._echo,
        )
        self.turn = turn
        _running.add(turn)
        _share_budget()
        self._asked += 1
        self._change(
            messages=self._dicts(),
            turn=turn.id,
            text="",
            units=0,
            streaming=True,
            left=self._lesson.left(self._asked),
            **changes,
        )
        turn._start()  # noqa: SLF001  # the engine's half of a Turn is ours
        return turn

    def _show_conversation(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._change(
            messages=self._dicts(), conversation=conversation.id, turn=None, text="", units=0
        )

    def _dicts(self) -> tuple[JSON, ...]:
        return tuple(message.to_dict() for message in self._conversation.messages)

    def _change(self, *, revised: bool = True, **changes: Any) -> None:
        self.state = replace(self.state, revision=self.state.revision + revised, **changes)
        self._show(self.state)

    def _call_back(self, kind: CallbackKind, value: object) -> None:
        started = time.perf_counter()
        for callback in self._callbacks.get(kind, []):
            try:
                callback(value)
            except Exception:
                logger.exception("a callback of chat.on_%s failed", kind)
        self.warn_if_slow(time.perf_counter() - started)

    def warn_if_slow(self, seconds: float) -> None:
        """Say once that callbacks or observers took too long."""
        if seconds > SLOW_CALLBACK_S and not self._warned:
            self._warned = True
            logger.warning(
                "a callback or observer of this chat took %.0f ms on the stream's own thread, "
                "where every answer waits for it: hand long work to a thread or a task",
                seconds * 1000,
            )


def _share_budget() -> None:
    """Give every running turn the same part of what all may send together."""
    interval_s = max(INTERVAL_S, len(_running) / MAX_FLUSHES_PER_S)
    for turn in _running:
        turn._batcher.interval_s = turn._thoughts.interval_s = interval_s  # noqa: SLF001  # as above


def _check_not_blank(text: str) -> None:
    if not text.strip():
        raise ValueError("the question is blank: expected some text to send")
