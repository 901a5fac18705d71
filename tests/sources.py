"""A source that answers at once, and the wait until the turns' loop has nothing left to do."""

from __future__ import annotations

from printer_widget.loop import turns


def at_once(text: str):
    """Return a function source that answers ``text`` in one piece."""

    async def answer(_messages):
        yield text

    return answer


def drain() -> None:
    """Wait until the turns' loop has done all that was posted to it so far."""
    turns.call(lambda: None)
