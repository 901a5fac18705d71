"""From the kernel to the browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .limits import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """The streamed text of ``turn`` grows by ``text`` at ``offset`` (UTF-16 code units)."""

    turn: str
    offset: int
    text: str

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "append", "turn": self.turn, "offset": self.offset, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Everything but the streamed text moves from revision ``base`` to ``view["revision"]``."""

    base: int
    at: int
    remove: int
    insert: Sequence[JSON]
    streaming: bool
    view: JSON

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {
            "type": "patch",
            "base": self.base,
            "at": self.at,
            "remove": self.remove,
            "insert": list(self.insert),
            "isStreaming": self.streaming,
            "view": self.view,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The model's reasoning grows by ``text`` from revision ``base`` to revision ``to``.

    It needs no offset: whoever is at a revision knows the reasoning of that revision.
    """

    base: int
    to: int
    text: str

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "reason", "base": self.base, "to": self.to, "text": self.text}


@dataclass(frozen=True, slots=True)
class Update:
    """A full ipywidgets state update of ``state``'s keys: a keyframe or an ending."""

    state: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The outcome of the command that carried ``nonce``; ``error`` is None where it was done."""

    nonce: str
    error: str | None = None

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {
            "type": "reply",
            "nonce": self.nonce,
            "ok": self.error is None,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """The conversations that the server keeps for this chat: objects of id, title, updated_at."""

    list: Sequence[JSON]

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "conversations", "list": [*self.list]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the reader may attach: objects of name and kind."""

    list: Sequence[JSON]

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "names", "list": [*self.list]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Exactly what the model will be told of something that is pending."""

    name: str
    text: str

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "preview", "name": self.name, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """The text of a JavaScript module that is not in the bundle."""

    name: str
    text: str

    def to_json(self) -> JSON:
        """Return the custom message."""
        return {"type": "asset", "name": self.name, "text": self.text}


def splice(old: Sequence[JSON], new: Sequence[JSON]) -> tuple[int, int, list[JSON]]:
    """Return ``(at, remove, insert)``, the one splice that turns ``old`` into ``new``."""
    shortest = min(len(old), len(new))
    at = 0
    while at < shortest and old[at] == new[at]:
        at += 1
    tail = 0
    while tail < shortest - at and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return at, len(old) - at - tail, list(new[at : len(new) - tail])
