"""Every message between kernel and browser, both ways: its shape, its limits, its validation.

The twin of this file is ``js/src/wire.ts``; both are tested against ``tests/wire/*.json``.
All messages are plain JSON, no binary buffers (some hosts break on them). No message has a
top-level key named ``id``: ipykernel 7.4 remembers every such id for ever.

Synced state (ipywidgets ``update`` messages and the initial state)::

    streamedText   str    the answer of the current turn, or of the last one that ended
    isStreaming    bool   true while that turn has no ending
    messages       list   the conversation without the answer being streamed
    _view          {"turn": str | null,   whose answer streamedText is
                    "revision": int,      grows by one at every change but appended text
                    "conversation": str | null,  the server's id of the one that is open
                    "attempt": [attempt, of] | null,  while the connection is tried again
                    "labels": {...},      what the view says about the model: plain strings
                    "reasoning": str}     what the model thinks in this turn, as far as it has
                                          come; left out where there is none, and once it ended

Kernel to browser (custom messages), besides full ``update``\\ s of the four keys::

    {"type": "append", "turn", "offset", "text"}
        streamedText of that turn grows: ``text`` starts at ``offset``.
        Unknown turn, or offset beyond the text known: send resync.
        Offset before its end: append the unseen part only.
    {"type": "patch", "base", "at", "remove", "insert", "isStreaming", "view"}
        For a browser at revision ``base``: messages.splice(at, remove, ...insert), then
        isStreaming and _view as given; if view.turn is a new turn, streamedText becomes "".
        The view has no reasoning: what is known of it stays, but for a new turn.
        view.revision not above the revision known: change nothing and acknowledge, as the
        kernel asks so whether a browser is up to date. Another base: send resync.
    {"type": "reason", "base", "to", "text"}
        For a browser at revision ``base``: _view.reasoning grows by ``text``, and the revision
        becomes ``to``. Other revisions are treated as those of a patch.
    {"type": "reply", "nonce", "ok", "error"}
        The outcome of a command that carried this nonce; error is a sentence or null.
    {"type": "conversations", "list": [{"id", "title", "updated_at"}, …]}
        The conversations that the server keeps for this chat, the newest first.
    {"type": "asset", "name", "text"}
        An asset: the text of a JavaScript module that is not in the bundle.

Browser to kernel (custom messages); ``client`` is a random name made once per ``initialize``::

    {"type": "ready" | "ack" | "resync", "client", "turn", "offset", "revision"}
        what this browser knows: it is new here; up to date so far; or lost its place.
        Every ready is answered by one message at least.
    {"type": "send", "client", "nonce", "text"}
    {"type": "stop", "client", "turn"}
    {"type": "retry", "client", "nonce"}
    {"type": "edit", "client", "nonce", "message", "text"}
    {"type": "delete", "client", "nonce", "message"}
    {"type": "list" | "new", "client", "nonce"}
        send the list of conversations; begin a new one
    {"type": "open" | "remove", "client", "nonce", "conversation"}
    {"type": "rename", "client", "nonce", "conversation", "title"}
    {"type": "asset", "client", "nonce", "name"}
        send an asset: one of ASSETS

Offsets and text lengths count UTF-16 code units, as JavaScript's ``String.length`` does
(ECMA-262 §6.1.4). Unknown types are ignored; a known type with wrong, missing or additional
fields is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_TEXT = 1_000_000
"""Longest text of one ``send`` or ``edit``, in UTF-16 code units."""

MAX_NAME = 128
"""Longest client, nonce, turn or message name, in UTF-16 code units."""

MAX_TITLE = 200
"""Longest title of a conversation, in UTF-16 code units."""

MAX_COUNT = 2**53 - 1
"""Largest offset or revision: JavaScript's Number.MAX_SAFE_INTEGER (ECMA-262 §21.1.2.6)."""

ASSETS = ("conversations", "highlight")
"""The assets that a browser may ask for: each is a file of ``static/assets/``."""

JSON = dict[str, Any]


class WireError(ValueError):
    """A command from the browser does not have the shape that this module describes."""


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of ``text``: what JavaScript calls its length."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, start: int) -> str:
    """Return ``text`` from UTF-16 offset ``start`` on; never cuts a surrogate pair of ours.

    Raises:
        ValueError: if ``start`` lies between the halves of an astral character.
    """
    if text.isascii():
        return text[start:]
    return text.encode("utf-16-le", "surrogatepass")[2 * start :].decode("utf-16-le")


# Kernel to browser ----------------------------------------------------------------------------


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

    Only the new piece is in it: to send all of it at each flush would cost O(n²) bytes. Its place
    needs no offset, as whoever is at a revision knows the reasoning of that revision.
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


# Browser to kernel ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one browser knows. ``kind``: it is new here, up to date so far, or lost its place."""

    kind: Literal["ready", "ack", "resync"]
    client: str
    turn: str | None
    offset: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """The reader asks ``text``."""

    client: str
    nonce: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The reader stops ``turn``."""

    client: str
    turn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The reader asks the last question again."""

    client: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The reader asks ``text`` in the place of the user's ``message``."""

    client: str
    nonce: str
    message: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """The reader deletes ``message``."""

    client: str
    nonce: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConversations:
    """The reader looks at the list of conversations."""

    client: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """The reader begins a new conversation."""

    client: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConversation:
    """The reader opens ``conversation``."""

    client: str
    nonce: str
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConversation:
    """The reader gives ``conversation`` another title."""

    client: str
    nonce: str
    conversation: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveConversation:
    """The reader deletes ``conversation``."""

    client: str
    nonce: str
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAsset:
    """The browser needs the asset of this name, one of ASSETS."""

    client: str
    nonce: str
    name: str


Answered = (
    Send
    | Retry
    | Edit
    | Delete
    | ListConversations
    | NewConversation
    | OpenConversation
    | RenameConversation
    | RemoveConversation
    | GetAsset
)
"""The commands that a Reply answers, by their nonce."""

Command = Report | Stop | Answered


def _name(value: object) -> bool:
    return isinstance(value, str) and 0 < utf16_length(value) <= MAX_NAME


def _turn(value: object) -> bool:
    return value is None or _name(value)


def _text(value: object) -> bool:
    return isinstance(value, str) and utf16_length(value) <= MAX_TEXT


def _title(value: object) -> bool:
    return isinstance(value, str) and 0 < utf16_length(value) <= MAX_TITLE and bool(value.strip())


def _asset(value: object) -> bool:
    return isinstance(value, str) and value in ASSETS


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


_REPORT = {"client": _name, "turn": _turn, "offset": _count, "revision": _count}
_FIELDS = {
    "ready": _REPORT,
    "ack": _REPORT,
    "resync": _REPORT,
    "send": {"client": _name, "nonce": _name, "text": _text},
    "stop": {"client": _name, "turn": _name},
    "retry": {"client": _name, "nonce": _name},
    "edit": {"client": _name, "nonce": _name, "message": _name, "text": _text},
    "delete": {"client": _name, "nonce": _name, "message": _name},
    "list": {"client": _name, "nonce": _name},
    "new": {"client": _name, "nonce": _name},
    "open": {"client": _name, "nonce": _name, "conversation": _name},
    "rename": {"client": _name, "nonce": _name, "conversation": _name, "title": _title},
    "remove": {"client": _name, "nonce": _name, "conversation": _name},
    "asset": {"client": _name, "nonce": _name, "name": _asset},
}
_CLASSES: dict[str, type[Stop | Answered]] = {
    "send": Send,
    "stop": Stop,
    "retry": Retry,
    "edit": Edit,
    "delete": Delete,
    "list": ListConversations,
    "new": NewConversation,
    "open": OpenConversation,
    "rename": RenameConversation,
    "remove": RemoveConversation,
    "asset": GetAsset,
}


def parse_command(content: object) -> Command | None:
    """Validate a custom message from the browser; None where its type is not one of ours.

    Raises:
        WireError: if the type is known and a field is missing, unknown or of a wrong shape.
    """
    if not isinstance(content, Mapping):
        raise WireError(f"expected a JSON object, got {type(content).__name__}")
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        return None
    checks = _FIELDS[kind]
    fields = {name: value for name, value in content.items() if name != "type"}
    if fields.keys() != checks.keys():
        raise WireError(
            f"{kind!r} takes the fields {sorted(checks)}, got {sorted(map(str, fields))}"
        )
    for name, is_valid in checks.items():
        if not is_valid(fields[name]):
            raise WireError(f"{kind!r} has a {name!r} of a wrong type or size")
    if kind in _CLASSES:
        return _CLASSES[kind](**fields)
    return Report(kind=kind, **fields)  # type: ignore[arg-type]  # checked against _FIELDS
