"""What a browser may command about the context of the next question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping

from . import wire
from .attachments import attach, kind_of
from .chat import Chat
from .conversation import Attachment

logger = logging.getLogger("printer_widget")

MAX_NAMES = 500
"""How many names are offered; the reader narrows them by typing."""


class Desk:
    """Put beside the next question what a browser asks for; runs on the turns' loop.

    A table may be large and a disk slow, so texts are made on a thread: streams go on meanwhile.
    """

    def __init__(
        self,
        chat: Chat,
        send: Callable[[wire.Names | wire.Preview], None],
        things: Callable[[], Mapping[str, object]],
    ) -> None:
        self._chat = chat
        self._send = send
        self._things = things

    def obey(
        self, command: wire.ListNames | wire.Attach | wire.Detach | wire.GetPreview
    ) -> Coroutine[None, None, None] | None:
        """Do what ``command`` says, or return what does it.

        Raises:
            ValueError: if there is nothing of that name, or too much; also from what is returned.
        """
        match command:
            case wire.ListNames():
                return self._list()
            case wire.Attach(name=name):
                return self._attach(name)
            case wire.Detach(name=name):
                self._chat.detach(name)
            case wire.GetPreview(name=name):
                self._send(self._preview(name))
        return None

    async def _list(self) -> None:
        self._send(wire.Names(list=await asyncio.to_thread(self._offer)))

    def _offer(self) -> list[wire.JSON]:
        kinds = {name: item.kind for name, item in self._chat.known.items()}
        named = ((name, _kind(thing)) for name, thing in self._things().items())
        kinds |= {name: kind for name, kind in named if kind is not None}
        offered = [{"name": name, "kind": kind} for name, kind in kinds.items() if _can_ask(name)]
        return offered[:MAX_NAMES]

    async def _attach(self, name: str) -> None:
        self._chat.attach(await asyncio.to_thread(self._make, name))

    def _make(self, name: str) -> Attachment:
        """Return a variable as it is now, else what was attached by this name before."""
        things = {**self._chat.known, **self._things()}
        if name not in things:
            raise ValueError(f"there is nothing with the name {name!r} any more")
        try:
            return attach(things[name], name)
        except (OSError, TypeError) as error:
            raise ValueError(f"{name} cannot be attached: {error}") from error

    def _preview(self, name: str) -> wire.Preview:
        for item in self._chat.state.pending:
            if item.name == name:
                return wire.Preview(name=name, text=item.as_told())
        raise ValueError(f"nothing with the name {name!r} is attached")


def _can_ask(name: str) -> bool:
    return wire.utf16_length(name) <= wire.MAX_NAME


def _kind(thing: object) -> str | None:
    """Return the kind of a thing; None, too, for one that fails: the others are offered still."""
    try:
        return kind_of(thing)
    except Exception:
        logger.debug("the kind of a variable could not be told", exc_info=True)
        return None
