"""Sources whose every step a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from printer_widget import StreamEnd, StreamEvent, TextDelta
from printer_widget.conversation import Question
from printer_widget.loop import turns


class Scripted:
    """A source that yields what a test puts in, from any thread; an exception is raised."""

    label = "scripted"

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.closed = asyncio.Event()
        self._steps: asyncio.Queue[StreamEvent | BaseException] = asyncio.Queue()

    def put(self, *steps: StreamEvent | BaseException | str) -> None:
        """Let the stream yield these next; a str becomes a TextDelta."""
        for step in steps:
            turns.post(self._steps.put_nowait, TextDelta(step) if isinstance(step, str) else step)

    def end(self) -> None:
        """Let the stream complete."""
        self.put(StreamEnd())

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield what was put in."""
        self.questions.append(question)
        try:
            while True:
                step = await self._steps.get()
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed.set()


def at_once(text: str):
    """Return a function source that answers ``text`` in one piece."""

    async def answer(_messages):
        yield text

    return answer


def drain() -> None:
    """Wait until the turns' loop has done all that was posted to it so far."""
    turns.call(lambda: None)
