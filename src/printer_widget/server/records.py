"""What runs and the store tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A question, and the run that is to answer it."""

    id: str
    owner: str
    conversation_id: str
    question_id: str
    question: str
    message_id: str
    model: str
    system: str | None = None
    chat_node_id: str | None = None
    project_id: str | None = None
    idempotency_key: str | None = None
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the store knows about a question's conversation.

    ``before`` are the messages before it, oldest first: id, role, content, timestamp and status.
    ``upstream_id`` is the conversation's id at the backend behind this one, if there is one.
    """

    before: list[dict[str, Any]]
    upstream_id: str | None


class AllowanceUsedError(Exception):
    """The user's characters of the day do not suffice for the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, and the text that it leaves."""

    status: str
    error: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run has to store: its next events, and its ending if it has come to one.

    ``characters`` is how much text the events hold that is to be paid for.
    """

    run_id: str
    owner: str
    message_id: str
    first_id: int
    blocks: Sequence[bytes]
    characters: int = 0
    ending: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run as the store has it, with all events that were sent."""

    id: str
    owner: str
    conversation_id: str
    message_id: str
    model: str
    system: str | None
    fingerprint: bytes
    state: str
    blocks: tuple[bytes, ...]
