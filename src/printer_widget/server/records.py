"""What runs and the store tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
class Ending:
    """How a run ended, and the text that it leaves."""

    status: str
    error: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run has to store: its next events, and its ending if it has come to one."""

    run_id: str
    message_id: str
    first_id: int
    blocks: Sequence[bytes]
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
