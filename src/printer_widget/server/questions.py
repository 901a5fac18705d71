"""One question as it was asked, and what the model is told with it. No I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..conversation import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, as it was asked.

    Attributes:
        text: what the user says.
        conversation_id: None begins a new one.
        system: what the model is told to be.
        chat_node_id: the client's chat.
        project_id: the client's project.
        idempotency_key: names this very request, if it should be sent again.
    """

    text: str
    conversation_id: str | None = None
    system: str | None = None
    chat_node_id: str | None = None
    project_id: str | None = None
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> bytes:
        """A digest by which a repeated request is told from another one under the same key."""
        parts = (self.text, self.conversation_id, self.system, self.chat_node_id, self.project_id)
        return hashlib.sha256(json.dumps(parts).encode()).digest()


def told(rows: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> tuple[Message, ...]:
    """Return what the model is told of a conversation that ends with its question.

    ``texts`` are answers still under way, by id: as much of them as there is. An earlier question
    without any answer (it failed, or was stopped before the first token) is left out: the client
    has asked it again or given it up, and many models refuse two user messages in a row.
    """
    *earlier, question = rows
    said: list[Mapping[str, Any]] = []
    for row in earlier:
        content = texts.get(row["id"], row["content"])
        if row["role"] == "user":
            if said and said[-1]["role"] == "user":
                said.pop()
            said.append(row)
        elif content and said:
            said.append({**row, "content": content})
    if said and said[-1]["role"] == "user":
        said.pop()
    return tuple(
        Message(id=row["id"], role=row["role"], content=row["content"], timestamp=row["timestamp"])
        for row in (*said, question)
    )
