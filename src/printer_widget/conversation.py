"""Message and Conversation: immutable values; a stream's event makes a new one. No I/O.

A message, as a dict, in the ``messages`` trait and everywhere else::

    {"id", "conversation_id", "role": "user" | "assistant" | "system", "content", "timestamp",
     "status": "complete" | "stopped" | "interrupted" | "error",
     ... and where there is one: "error", "note", "model", "reasoning", "context",
     "usage": {"input_tokens", "output_tokens"}, "tools": [{"name", "arguments"}, …]}

and each item of ``context`` as ``{"name", "kind", "text"}``, with a ``"warning"`` if it needs one.

``timestamp`` is ISO 8601 in UTC. ``status`` says how the message ended; ``error`` is the
sentence that belongs to ``interrupted`` and ``error``. ``note`` is a sentence on what a reader
should know of an answer that did not fail: that a limit cut it short, say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Literal

from .escaped import escaped, text_as_html, without_controls

Role = Literal["user", "assistant", "system"]
Status = Literal["complete", "stopped", "interrupted", "error"]

_CLOSING = re.compile(r"<(?=/context\b)", re.ASCII | re.IGNORECASE)
_ENDING_NAMES = {"stopped": "stopped", "interrupted": "interrupted", "error": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Attachment:
    """Something that the reader shows to the model, as the text that the model gets of it.

    Attributes:
        name: what the reader calls it; ``""`` where it has no name.
        kind: what it is, in a word: ``"DataFrame"``, ``"text"``.
        text: exactly what the model is told of it.
        warning: one sentence on what the reader should look at before this is sent; None where
            there is nothing.
    """

    name: str
    kind: str
    text: str
    warning: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return it as plain JSON data; ``warning`` is left out where there is none."""
        data = {"name": self.name, "kind": self.kind, "text": self.text}
        return data if self.warning is None else {**data, "warning": self.warning}

    def __repr__(self) -> str:
        """Return what it is and how long, and not the text."""
        warning = f"; {self.warning}" if self.warning else ""
        return f"{self.name or 'unnamed'} ({self.kind}, {len(self.text):,} characters{warning})"

    def as_told(self) -> str:
        """Return what the model is told: the text between two tags, which it cannot close."""
        name = f' name="{escape(self.name)}"' if self.name else ""
        text = _CLOSING.sub("&lt;", self.text)
        return f"<context{name}>\n{text}\n</context>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation.

    Attributes:
        id: unique within its conversation.
        role: who wrote it.
        content: its text, whole or as far as it came.
        timestamp: when it was sent, or when its turn began: ISO 8601, UTC.
        status: how it ended.
        conversation_id: the server's id of the conversation; None while there is none.
        error: one sentence on what went wrong; None where nothing did.
        context: what the reader showed to the model with this message.
        note: one sentence on an answer that did not fail; None where there is nothing to say.
        model: which model answered, as its server calls it; None where that was not said.
        reasoning: what the model thought before it answered; None where it sent none.
        usage: ``input_tokens`` and ``output_tokens``; None where the server did not say both.
        tools: what the model asked for, each a ``name`` and its ``arguments``, a JSON text as far
            as it came. They are shown, and never run.
    """

    id: str
    role: Role
    content: str
    timestamp: str
    status: Status = "complete"
    conversation_id: str | None = None
    error: str | None = None
    context: tuple[Attachment, ...] = ()
    note: str | None = None
    model: str | None = None
    reasoning: str | None = None
    usage: Mapping[str, int] | None = field(default=None, hash=False)
    tools: tuple[Mapping[str, str], ...] = field(default=(), hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the message as plain JSON data; optional keys are left out where empty."""
        data: dict[str, Any] = {
            "id": self.id,
            "conversation_id": self.conversation_id,
            "role": self.role,
            "content": self.content,
            "timestamp": self.timestamp,
            "status": self.status,
        }
        for name in ("error", "note", "model", "reasoning"):
            text = getattr(self, name)
            if text is not None:
                data[name] = text
        if self.context:
            data["context"] = [item.to_dict() for item in self.context]
        if self.usage is not None:
            data["usage"] = dict(self.usage)
        if self.tools:
            data["tools"] = [dict(tool) for tool in self.tools]
        return data

    @property
    def ending(self) -> str:
        """How it ended, for a reader; ``""`` where it is complete."""
        name = _ENDING_NAMES.get(self.status, "")
        return f"{name}: {self.error}" if name and self.error else name

    def __repr__(self) -> str:
        """Return role, ending and text alone, so that a stored output compares equal."""
        ending = f" [{self.ending}]" if self.ending else ""
        return without_controls(f"{self.role}{ending}: {self.content}")

    def _repr_html_(self) -> str:
        """Return the text escaped, for a notebook: a message is never HTML.

        There is no ``_repr_markdown_``: what reads it would load pictures and run HTML.
        """
        notes = [self.note or "", f"[{self.ending}]" if self.ending else ""]
        return text_as_html(self.content) + "".join(
            f"<p><em>{escaped(note)}</em></p>" for note in notes if note
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationInfo:
    """A conversation as a server lists it.

    Attributes:
        id: the server's id of it.
        title: what it is about.
        updated_at: when something was last said in it: ISO 8601, or ``""``.
    """

    id: str = field(repr=False)
    title: str
    updated_at: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation's finished messages, and the id that its server gave it."""

    messages: tuple[Message, ...] = ()
    id: str | None = field(default=None, repr=False)

    def add(self, message: Message) -> Conversation:
        """Return this conversation with ``message`` at its end."""
        return replace(self, messages=(*self.messages, message))

    def before(self, message_id: str) -> Conversation:
        """Return this conversation up to, and without, a message.

        Raises:
            KeyError: if it has no such message.
        """
        return replace(self, messages=self.messages[: self.index(message_id)])

    def without(self, message_id: str) -> Conversation:
        """Return this conversation without a message.

        Raises:
            KeyError: if it has no such message.
        """
        at = self.index(message_id)
        return replace(self, messages=self.messages[:at] + self.messages[at + 1 :])

    def index(self, message_id: str) -> int:
        """Return the place of a message.

        Raises:
            KeyError: if there is none with this id.
        """
        for at, message in enumerate(self.messages):
            if message.id == message_id:
                return at
        raise KeyError(message_id)

    def stored_as(self, stored: Sequence[Message]) -> Conversation:
        """Return this conversation with the ids and times under which a server stored it.

        Messages are told by role and text, from the end; what the server does not have stays.
        """
        messages = list(self.messages)
        left = list(stored)
        for at in range(len(messages) - 1, -1, -1):
            ours = messages[at]
            for index in range(len(left) - 1, -1, -1):
                theirs = left[index]
                if (theirs.role, theirs.content) == (ours.role, with_context(ours)):
                    messages[at] = replace(ours, id=theirs.id, timestamp=theirs.timestamp)
                    del left[index:]
                    break
        return replace(self, messages=tuple(messages))

    def assigned(self, conversation_id: str) -> Conversation:
        """Return this conversation under the id that its server gave it."""
        return replace(
            self,
            id=conversation_id,
            messages=tuple(replace(m, conversation_id=conversation_id) for m in self.messages),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a turn asks: the conversation up to and with the user's message, and its setting.

    Attributes:
        conversation: ends with the user's message.
        system: what the model is told to be; None where nothing was said.
        chat_node_id: names the widget to a Printer backend.
        project_id: names the reader's project to a Printer backend.
        run_id: names this asking of it: another one when the same question is asked again.
    """

    conversation: Conversation
    system: str | None = None
    chat_node_id: str | None = None
    project_id: str | None = None
    run_id: str | None = None

    @property
    def prompt(self) -> str:
        """The text of the user's message, after the context that was added to it."""
        return with_context(self.conversation.messages[-1])

    def to_messages(self) -> list[dict[str, str]]:
        """Return what the model is told: a list of ``{"role", "content"}``.

        The system prompt comes first, then what :meth:`told` has.
        """
        system = [{"role": "system", "content": self.system}] if self.system else []
        return system + [{"role": m.role, "content": with_context(m)} for m in self.told()]

    def told(self) -> tuple[Message, ...]:
        """Return the messages that the model is told, whatever the protocol.

        Of several answers to one question (after a retry) only the last is told, and none that is
        empty. An answer that was stopped or broke off is told as far as it came: the reader saw
        that much, and may ask about it. Reasoning, tools and errors are not told.
        """
        told: list[Message] = []
        for message in self.conversation.messages:
            if message.role == "assistant":
                if not message.content:
                    continue
                if told and told[-1].role == "assistant":
                    told.pop()
            told.append(message)
        return tuple(told)

    @property
    def thread_id(self) -> str:
        """The server's id of the conversation, else one of our own that stays with it."""
        return self.conversation.id or self.conversation.messages[0].id


def with_context(message: Message) -> str:
    """Return the text of a message, after the context that was added to it."""
    return "\n\n".join([*(item.as_told() for item in message.context), message.content])
