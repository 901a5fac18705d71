"""Store the events of all runs, then let them be sent: nobody sees what could be lost.

While one group is being written the events that come in meanwhile wait together for the next, so
that there is always one transaction under way however many runs there are, and the groups grow by
themselves with the load. A token that comes alone is stored within a fraction of a millisecond.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from .records import Progress
from .store import Store

_log = logging.getLogger(__name__)


class Journaled(Protocol):
    """What has events to store."""

    def take_progress(self) -> Progress:
        """Return what was added since the last call."""
        ...

    def publish(self, progress: Progress) -> None:
        """Let it be sent: it is stored."""
        ...

    def give_up(self) -> None:
        """End: it could not be stored."""
        ...


class Journal:
    """The one way from runs to the store; used from one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[Journaled, None] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, run: Journaled) -> None:
        """Have what the run adds stored with the next group."""
        self._waiting[run] = None
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def settle(self) -> None:
        """Wait until nothing waits."""
        while self._writing is not None:
            await asyncio.wait({self._writing})

    async def _write(self) -> None:
        try:
            while self._waiting:
                runs = list(self._waiting)
                self._waiting.clear()
                group = [(run, run.take_progress()) for run in runs]
                try:
                    await self._store.write(progress for _, progress in group)
                except Exception:  # noqa: BLE001 - its runs end, whatever it was; the others go on
                    _log.exception("The answers of %d runs could not be stored.", len(group))
                    for run, _ in group:
                        run.give_up()
                    continue
                for run, progress in group:
                    run.publish(progress)
        finally:
            self._writing = None
