"""From a browser to the kernel: hostile until :func:`parse_command` has looked at it."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .limits import ASSETS, MAX_COUNT, MAX_NAME, MAX_TEXT, MAX_TITLE, is_within


class WireError(ValueError):
    """A command from the browser does not have the shape that this package describes."""


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
class ListNames:
    """The reader looks for something to attach."""

    client: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """The reader puts what is called ``name`` beside the next question."""

    client: str
    nonce: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detach:
    """The reader takes ``name`` away from the next question."""

    client: str
    nonce: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPreview:
    """The reader looks at what the model will be told of ``name``."""

    client: str
    nonce: str
    name: str


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
    | ListNames
    | Attach
    | Detach
    | GetPreview
    | GetAsset
)
"""The commands that a Reply answers, by their nonce."""

Command = Report | Stop | Answered


def _name(value: object) -> bool:
    return isinstance(value, str) and value != "" and is_within(value, MAX_NAME)


def _turn(value: object) -> bool:
    return value is None or _name(value)


def _text(value: object) -> bool:
    return isinstance(value, str) and is_within(value, MAX_TEXT)


def _title(value: object) -> bool:
    return isinstance(value, str) and is_within(value, MAX_TITLE) and bool(value.strip())


def _asset(value: object) -> bool:
    return isinstance(value, str) and value in ASSETS


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


_REPORT = {"client": _name, "turn": _turn, "offset": _count, "revision": _count}
_NAMED = {"client": _name, "nonce": _name, "name": _name}
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
    "names": {"client": _name, "nonce": _name},
    "attach": _NAMED,
    "detach": _NAMED,
    "preview": _NAMED,
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
    "names": ListNames,
    "attach": Attach,
    "detach": Detach,
    "preview": GetPreview,
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
            f"{kind!r} takes the fields {sorted(checks)}, got {reprlib.repr([*fields])}"
        )
    for name, is_valid in checks.items():
        if not is_valid(fields[name]):
            raise WireError(f"{kind!r} has a {name!r} of a wrong type or size")
    if kind in _CLASSES:
        return _CLASSES[kind](**fields)
    return Report(kind=kind, **fields)  # type: ignore[arg-type]  # checked against _FIELDS
