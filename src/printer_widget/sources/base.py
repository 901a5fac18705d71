"""What a source is, how one is made of what the user gave, and the stream on its own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from ..conversation import Conversation, ConversationInfo, Message, Question
from ..events import StreamEvent
from ..providers import Answerer, Function, Provider, provider_named

if TYPE_CHECKING:
    from .http import HttpSource


@runtime_checkable
class Source(Protocol):
    """Turns a question into the events of its answer."""

    @property
    def label(self) -> str:
        """What the view calls it: a few words without anything secret."""
        ...

    def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield the events of the answer; the last one is its StreamEnd.

        An async generator: closing it, or cancelling the task that reads it, stops the answer
        and frees what it holds.

        Raises:
            ChatError: a subclass of it, if the answer fails; what was yielded stays valid.
        """
        ...


class Archive(Protocol):
    """What a server keeps of conversations, beside answering questions.

    A source that has one names it in its attribute ``archive``. Every method raises a ChatError if
    the server fails, refuses, or speaks another protocol.
    """

    async def stored(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the messages of a conversation, in order."""
        ...

    async def conversations(self, chat_node_id: str) -> tuple[ConversationInfo, ...]:
        """Return the conversations of a widget, the newest first."""
        ...

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        ...

    async def remove(self, conversation_id: str) -> None:
        """Delete a conversation with its messages."""
        ...


class DeferredSource:
    """A server that takes a while to start: started on a thread, when it is first needed."""

    def __init__(self, make: Callable[[], HttpSource], *, label: str) -> None:
        self._make = make
        self._made: HttpSource | None = None
        self._label = label

    def __repr__(self) -> str:
        """Return the label."""
        return f"DeferredSource({self._label})"

    @property
    def label(self) -> str:
        """What the view calls it."""
        return self._label

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield the events of the answer; see :class:`Source`."""
        source = await self._source()
        async with aclosing(cast("Any", source.stream(question))) as events:
            async for event in events:
                yield event

    @property
    def archive(self) -> Archive:
        """What the server keeps of conversations."""
        return self

    async def stored(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the messages of a conversation; see :class:`Archive`."""
        return await (await self._source()).stored(conversation_id)

    async def conversations(self, chat_node_id: str) -> tuple[ConversationInfo, ...]:
        """Return the conversations of a widget; see :class:`Archive`."""
        return await (await self._source()).conversations(chat_node_id)

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; see :class:`Archive`."""
        await (await self._source()).rename(conversation_id, title)

    async def remove(self, conversation_id: str) -> None:
        """Delete a conversation; see :class:`Archive`."""
        await (await self._source()).remove(conversation_id)

    async def _source(self) -> HttpSource:
        if self._made is None:
            self._made = await asyncio.to_thread(self._make)
        return self._made


SourceLike = Source | Provider | Function | Answerer | str


def as_source(source: SourceLike, *, token: str | None = None) -> Source:
    """Make a source of a name or URL, a provider, a function, or a source itself.

    Raises:
        TypeError: if it is none of these, or a token is given to anything but a URL.
        ValueError: if the URL or the name cannot be one, or a key is missing.
    """
    from .function import FunctionSource
    from .http import HttpSource

    if isinstance(source, str):
        return HttpSource(provider_named(source, token=token))
    if token is not None:
        raise TypeError(
            f"token= goes with the URL of a Printer backend; "
            f"give it to {type(source).__name__} itself"
        )
    if isinstance(source, type):
        raise TypeError(
            f"expected a {source.__name__}, got the class itself: write {source.__name__}(…)"
        )
    if isinstance(source, Source):
        return source
    if isinstance(source, Function):
        return FunctionSource(source.function, label=source.label)
    if hasattr(source, "request") and hasattr(source, "decode"):
        return HttpSource(cast("Provider", source))
    if callable(source):
        return FunctionSource(source)
    raise TypeError(
        "expected the URL of a backend, a name such as 'openai:gpt-4o', a provider such as "
        "OpenAIChat(...), or a function that takes the messages and yields text; "
        f"got {type(source).__name__}"
    )


async def stream_chat(
    source: SourceLike,
    messages: str | Sequence[Mapping[str, Any] | Message],
    *,
    token: str | None = None,
    system: str | None = None,
) -> AsyncIterator[StreamEvent]:
    """Ask a question and yield the events of its answer: the stream alone, without a widget.

    Args:
        source: the URL of a Printer backend, a name such as ``"openai:gpt-4o"``, a provider, or
            your own function.
        messages: the question, or a conversation that ends with it: Messages, or mappings with
            "role" and "content".
        token: for the Printer backend at that URL.
        system: what the model is told to be.

    Yields:
        StreamStart, ConversationAssigned, TextDelta …, and at last StreamEnd; what else there is,
        see :mod:`printer_widget.events`.

    Raises:
        ChatError: a subclass of it, if the answer fails.
        TypeError: if the source is none, or the messages are none.
        ValueError: if the last message is not a user's, or is blank.
    """
    run_id = uuid.uuid4().hex
    question = Question(conversation=_conversation(messages), system=system, run_id=run_id)
    async with aclosing(cast("Any", as_source(source, token=token).stream(question))) as events:
        async for event in events:
            yield event


def _conversation(messages: str | Iterable[Mapping[str, Any] | Message]) -> Conversation:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    read = tuple(_message(at, message) for at, message in enumerate(messages))
    if not read or read[-1].role != "user" or not read[-1].content.strip():
        raise ValueError("messages must end with a user's message that is not blank")
    return Conversation(messages=read)


def _message(at: int, message: Mapping[str, Any] | Message) -> Message:
    if isinstance(message, Message):
        return message
    if not isinstance(message, Mapping):
        raise TypeError(
            f"messages must be text, or a list of Messages or mappings with 'role' and 'content'; "
            f"message {at} is of type {type(message).__name__}"
        )
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system") or not isinstance(content, str):
        raise ValueError(
            f"message {at} must have a 'role' (user, assistant or system) and a 'content' (text); "
            f"got role {role!r} and content of type {type(content).__name__}"
        )
    return Message(id=uuid.uuid4().hex, role=role, content=content, timestamp="")
