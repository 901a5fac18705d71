"""What a transcript says of a message beside its text, the same in every format."""

from __future__ import annotations

from datetime import UTC, datetime

from ..conversation import Attachment, Message

_WHO = {"user": "You", "assistant": "Assistant", "system": "System"}


def who(message: Message) -> str:
    """Return who wrote it."""
    return _WHO[message.role]


def when(message: Message) -> str:
    """Return its time in UTC, to the minute; as it is written, if that is no time there."""
    try:
        time = datetime.fromisoformat(message.timestamp)
        if time.tzinfo is None:
            return time.strftime("%Y-%m-%d %H:%M")
        return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):  # in UTC it may be before the year 1, or after 9999
        return message.timestamp


def shown_with(item: Attachment) -> str:
    """Return what was shown to the model, in a few words, as ``sales (DataFrame, 1.2 kB)``."""
    size = _size(len(item.text.encode("utf-8", "replace")))
    return f"{item.name} ({item.kind}, {size})" if item.name else f"{item.kind} ({size})"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
