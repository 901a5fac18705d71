"""The typed events of an answer's stream, that every provider decodes to.

====================  ===========================================================
event                 in the Printer protocol
====================  ===========================================================
StreamStart           ``stream_start {"status", "run_id"}``
ConversationAssigned  ``conversation_id {"conversation_id"}``
TextDelta             ``message {"token"}`` or ``data {"token"}``
StreamEnd             ``stream_end {"message_id", "status"}``
StreamError           ``error {"error"}``
Reconnecting          none: the source tells that it tries again
====================  ===========================================================

What the Printer protocol does not have, and others do:

====================  ===========================================================
event                 says
====================  ===========================================================
ReasoningDelta        what the model thinks before it answers
ToolCallDelta         a tool that the model asks for: its name, its arguments
ModelNamed            which model answers
Usage                 how many tokens were read and written
FinishReason          why the model stopped
====================  ===========================================================

No repr shows an id, which a server makes up: what a notebook prints shall be the same in every run.
A stream is complete only if its StreamEnd was seen; the first StreamError is its ending. A
refusal that a model writes is said to the reader, so it is text of the answer: a TextDelta.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StreamStart:
    """The server took the question and will answer.

    ``run_id`` names the answer where the server can resume and stop it by name; ``message_id`` is
    the server's id of the answer, where it gives that at once.
    """

    run_id: str | None = field(default=None, repr=False)
    message_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConversationAssigned:
    """The server keeps this conversation under an id, to be sent with the next question."""

    conversation_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The answer goes on with ``text``; it may be empty or end in half a surrogate pair."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The model's reasoning goes on with ``text``, which may end in half a surrogate pair."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A call of a tool goes on.

    ``call`` tells one call of an answer from another. ``arguments`` is the next piece of a JSON
    text; where ``is_whole``, all of it, and news only if no piece came before.
    """

    call: str = field(repr=False)
    name: str = ""
    arguments: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class ModelNamed:
    """The server says which model answers."""

    name: str


@dataclass(frozen=True, slots=True)
class Usage:
    """How many tokens were read and written so far; None is not known, and changes nothing."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class FinishReason:
    """Why the model stopped; more may be said of the answer, but no more of its text comes.

    ``reason`` is ``stop``, ``length``, ``content_filter``, ``tool_calls`` or ``refusal``, or what
    the server calls it where it is none of these.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The answer is complete; ``message_id`` is the server's id of it, where it gave one."""

    message_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StreamError:
    """The server could not go on; ``message`` is its sentence."""

    message: str


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection failed and is tried again: ``attempt`` (from 2) of ``of``."""

    attempt: int
    of: int


StreamEvent = (
    StreamStart
    | ConversationAssigned
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ModelNamed
    | Usage
    | FinishReason
    | StreamEnd
    | StreamError
    | Reconnecting
)
