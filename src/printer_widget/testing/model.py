"""A model whose every step a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..conversation import Question
from ..events import StreamEnd, StreamEvent, TextDelta
from ..loop import turns


class ScriptedModel:
    """A source for ``ChatNode`` that yields what a test puts in, whenever it does.

    Attributes:
        questions: what was asked so far, in order.
    """

    label = "scripted"

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self._steps: asyncio.Queue[StreamEvent | BaseException] = asyncio.Queue()

    def __repr__(self) -> str:
        """Return the same words in every run."""
        return "ScriptedModel()"

    def put(self, *steps: StreamEvent | BaseException | str) -> None:
        """Let the answer go on with these: pieces of text, events, or an exception to raise.

        May be called from any thread, and before the question. What an answer that was stopped
        did not take, the next one gets.

        Raises:
            TypeError: if one is none of these; then none is put in.
        """
        for step in steps:
            if not isinstance(step, StreamEvent | BaseException | str):
                raise TypeError(
                    "expected text, an event or an exception to raise, got "
                    f"{step.__name__ if isinstance(step, type) else type(step).__name__}"
                )
        for step in steps:
            turns.post(self._steps.put_nowait, TextDelta(step) if isinstance(step, str) else step)

    def end(self) -> None:
        """Let the answer be complete."""
        self.put(StreamEnd())

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield what was put in; see :class:`printer_widget.sources.Source`."""
        self.questions.append(question)
        while True:
            step = await self._steps.get()
            if isinstance(step, BaseException):
                raise step
            yield step
