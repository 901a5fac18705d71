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

A stream is complete only if its StreamEnd was seen; the first StreamError is its ending.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamStart:
    """The server took the question and will answer.

    ``run_id`` names the answer where the server can resume and stop it by name.
    """

    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationAssigned:
    """The server keeps this conversation under an id, to be sent with the next question."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The answer goes on with ``text``; it may be empty or end in half a surrogate pair."""

    text: str


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The answer is complete; ``message_id`` is the server's id of it, where it gave one."""

    message_id: str | None = None


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
    StreamStart | ConversationAssigned | TextDelta | StreamEnd | StreamError | Reconnecting
)
