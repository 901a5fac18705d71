"""One question's answer being made, and those who read it.

A run is apart from the connection that asked for it: connections break, and the answer goes on.
What the laws are:

- Its events are numbered 1, 2, 3 … and never change. A reader gets those after a number, first
  the stored ones, then the others as they come.
- An event is stored before any reader gets it.
- It ends exactly once; the first ending stands, and what the model still says is dropped.
- With readers it goes no further than ``AHEAD`` bytes before the fastest of them, so that a slow
  connection slows the model down. Without any it goes on for its grace time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import cast

from ..errors import StreamInterrupted
from ..events import ConversationAssigned, StreamEnd, StreamEvent, TextDelta
from .blocks import RETRY, Encode, encode, text_of
from .journal import Journal
from .limits import Limits
from .reader import Reader
from .records import Ending, Progress

AHEAD = 64 << 10
"""How many bytes a model may be ahead of the fastest reader."""

CLOSING_S = 5.0
"""How long a model may take to close after it was told to, before the log says so."""

UNATTENDED_S = 5.0
"""How long a run waits for its first reader: its client went away while it was being begun."""

LONGEST_TOKEN = 64 << 10
"""Longest token, in code points: a client may refuse an event of more than a megabyte."""

_LARGEST_SEND = 64 << 10
_STEPS = 8  # tokens in a row of a model that never waits, which must not keep Stop from being heard

FAILED = "The model failed while it was answering; the backend's log says why."
BROKEN_OFF = "The answer broke off on its way from the model; the backend's log says why."
ABANDONED = "Nobody was reading any more, so the model was stopped."
DIVERGED = "The backend was restarted, and the model could not go on where it had been."
UNSTORED = "The backend could not store the answer, so it was stopped; its log says why."

_log = logging.getLogger(__name__)


class Run:
    """One run; used from one event loop.

    Args:
        run_id: what clients call it.
        owner: whose it is.
        conversation_id: where its answer belongs.
        message_id: its answer.
        limits: what it may take.
        journal: stores its events.
        blocks: its events so far, if it is one from the store.
        is_over: whether these include its ending.
        on_ended: called once its ending is stored.
        encode: writes its events as the bytes that its readers get.
        head: what each of them gets before these.
    """

    def __init__(
        self,
        run_id: str,
        *,
        owner: str,
        conversation_id: str,
        message_id: str,
        limits: Limits,
        journal: Journal,
        blocks: Sequence[bytes] = (),
        is_over: bool = False,
        on_ended: Callable[[Run], None] = lambda _run: None,
        encode: Encode = encode,
        head: bytes = RETRY,
    ) -> None:
        self.id = run_id
        self.owner = owner
        self.conversation_id = conversation_id
        self.message_id = message_id
        self.limits = limits
        self.stored = len(blocks)
        self.readers: set[Reader] = set()
        self.was_left = False
        self.ended = asyncio.Event()
        self._journal = journal
        self._on_ended = on_ended
        self._encode = encode
        self._head = head
        self._blocks = list(blocks)
        self._taken = len(blocks)  # by the journal
        self._size = sum(map(len, blocks))
        self._parts = [text_of(blocks)]
        self._length = len(self._parts[0])
        self._stored_size = self._size
        self._unpaid = 0
        self._is_over = is_over
        self._is_closed = False
        self._ending: Ending | None = None
        self._task: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._room = asyncio.Event()
        self._steps = 0
        if is_over:
            self.ended.set()

    @property
    def is_over(self) -> bool:
        """Whether it has its ending, stored or not."""
        return self._is_over

    @property
    def ending(self) -> Ending | None:
        """How it ended; None before that, and where an earlier process saw its end."""
        return self._ending

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._parts)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The model's task."""
        return self._task

    # The model -------------------------------------------------------------------------------

    def start(
        self,
        events: AsyncIterator[StreamEvent],
        *,
        on_assigned: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Let a model answer; a run that has text already expects the same once more, first.

        ``on_assigned`` is told the conversation's id upstream.
        """
        self._task = asyncio.create_task(self._answer(events, on_assigned))
        self._task.add_done_callback(self._note_failure)
        self._set_timer("run", self.limits.run_s, self._take_too_long)
        self._set_timer("unattended", UNATTENDED_S, self._be_abandoned)

    def emit(self, event: str, data: Mapping[str, str]) -> None:
        """Add an event, to be stored and then sent."""
        block = self._encode(len(self._blocks) + 1, event, data)
        self._blocks.append(block)
        self._size += len(block)
        self._journal.note(self)

    async def _answer(
        self, events: AsyncIterator[StreamEvent], on_assigned: Callable[[str], None]
    ) -> None:
        # One task from the model's first step to its last: timeouts and context variables inside
        # it belong to a task.
        expected = self.text
        async with aclosing(cast("AsyncGenerator[StreamEvent, None]", events)) as answer:
            async for event in answer:
                if not self._is_over:
                    expected = self._take(event, expected, on_assigned)
                if self._is_over:
                    return  # also where it caught its cancellation and goes on
                await self._breathe()
        raise StreamInterrupted("the model's stream ended without its StreamEnd")

    def _take(self, event: StreamEvent, expected: str, on_assigned: Callable[[str], None]) -> str:
        """Do what an event says; return what is still expected of the text that was sent."""
        match event:
            case TextDelta(text):
                known = min(len(text), len(expected))
                if expected.startswith(text[:known]):
                    self._say(text[known:])
                    return expected[known:]
                self.end("interrupted", error=DIVERGED)
            case ConversationAssigned(name):
                on_assigned(name)
            case StreamEnd():
                if expected:
                    self.end("interrupted", error=DIVERGED)
                else:
                    self.end("complete")
        return expected

    def _say(self, text: str) -> None:
        room = self.limits.reply - self._length
        for start in range(0, min(len(text), room), LONGEST_TOKEN):
            token = text[start : min(start + LONGEST_TOKEN, room)]
            self._parts.append(token)
            self._length += len(token)
            self._unpaid += len(token)
            self.emit("message", {"token": token})
        if len(text) > room:
            limit = f"{self.limits.reply:,}"
            self.end("error", error=f"The answer is longer than {limit} characters, the limit.")

    async def _breathe(self) -> None:
        """Wait while the model is too far ahead; let others run now and then in any case."""
        while not self._is_over and self._ahead() > AHEAD:
            self._room.clear()
            await self._room.wait()
        self._steps += 1
        if self._steps % _STEPS == 0:
            await asyncio.sleep(0)

    def _ahead(self) -> int:
        if self.readers:
            return self._size - max(reader.taken for reader in self.readers)
        return self._size - self._stored_size

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """End with the model's failure, if that is how its task ended."""
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        if failure is None or self._is_over or self._is_closed:
            return
        _log.error("The model failed while it was answering.", exc_info=_cause(failure))
        if isinstance(failure, StreamInterrupted):
            self.end("interrupted", error=BROKEN_OFF)
        else:
            self.end("error", error=FAILED)

    # Endings ---------------------------------------------------------------------------------

    def end(self, status: str, *, error: str | None = None) -> None:
        """End with a status, and an error's sentence where it is neither complete nor stopped.

        Does nothing once it has ended. The model is told to close, and not waited for.
        """
        if self._is_over or self._is_closed:
            return
        self._is_over = True
        self._ending = Ending(status=status, error=error, text=self.text)
        if error is None:
            self.emit("stream_end", {"message_id": self.message_id, "status": status})
        else:
            self.emit("error", {"error": error})
        self._close_model()

    def close(self) -> None:
        """Close the model without an ending, as if the process were killed; idempotent."""
        self._is_closed = True
        self._close_model()

    def _close_model(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._room.set()
        task = self._task
        if task is None or task.done() or task is asyncio.current_task():
            return
        task.cancel()
        watch = asyncio.get_running_loop().call_later(CLOSING_S, _complain)
        task.add_done_callback(lambda _task: watch.cancel())

    def _take_too_long(self) -> None:
        self.end("error", error=f"The answer took longer than {self.limits.run_s:g} s, the limit.")

    def _be_abandoned(self) -> None:
        self.end("interrupted", error=ABANDONED)

    # The journal -----------------------------------------------------------------------------

    def take_progress(self) -> Progress:
        """Return what is to be stored next."""
        first, self._taken = self._taken, len(self._blocks)
        characters, self._unpaid = self._unpaid, 0
        return Progress(
            run_id=self.id,
            owner=self.owner,
            characters=characters,
            message_id=self.message_id,
            first_id=first + 1,
            blocks=self._blocks[first:],
            ending=self._ending,
        )

    def publish(self, progress: Progress) -> None:
        """Send what is stored by now."""
        self.stored += len(progress.blocks)
        self._stored_size += sum(map(len, progress.blocks))
        if progress.ending is not None:
            self._finish()
        self._wake()

    def give_up(self) -> None:
        """End with an error that is sent though it is not stored: nothing can be, any more."""
        self._is_over = True
        self._ending = Ending(status="error", error=UNSTORED, text=self.text)
        self._close_model()
        del self._blocks[self.stored :]
        self._blocks.append(self._encode(self.stored + 1, "error", {"error": UNSTORED}))
        self._taken = self.stored = len(self._blocks)
        self._finish()
        self._wake()

    def _finish(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            self._on_ended(self)

    def _wake(self) -> None:
        for reader in self.readers:
            reader.wake()
        self._room.set()

    def note_taken(self) -> None:
        """Let the model go on: a reader did."""
        self._room.set()

    # Readers ---------------------------------------------------------------------------------

    def has_after(self, number: int) -> bool:
        """Say whether there is, or may yet be, an event after this one."""
        return not self.ended.is_set() or number < self.stored

    def read(self, number: int) -> tuple[bytes, int]:
        """Return stored events after one, as many as are sent at a time, and the last's number."""
        size = 0
        last = number
        while last < self.stored and size < _LARGEST_SEND:
            size += len(self._blocks[last])
            last += 1
        return b"".join(self._blocks[number:last]), last

    def size_of(self, number: int) -> int:
        """Return how many bytes the events up to this one are."""
        return sum(map(len, self._blocks[:number]))

    def join(self, after: int) -> Reader:
        """Begin to read after an event; ``leave`` must follow."""
        reader = Reader(self, after, ping_s=self.limits.ping_s, head=self._head)
        self.readers.add(reader)
        self.was_left = False
        self._clear_timer("unattended")
        return reader

    def leave(self, reader: Reader) -> None:
        """Stop reading. The last one to leave begins the grace time, if it was sent anything."""
        self.readers.discard(reader)
        self._room.set()
        if self.readers or self._is_over:
            return
        self.was_left = True
        if reader.at == 0 or not self.limits.grace_s:
            self._be_abandoned()
        else:
            self._set_timer("unattended", self.limits.grace_s, self._be_abandoned)

    def _set_timer(self, name: str, delay_s: float, act: Callable[[], None]) -> None:
        self._clear_timer(name)
        self._timers[name] = asyncio.get_running_loop().call_later(delay_s, act)

    def _clear_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def _cause(failure: BaseException) -> BaseException:
    """Return what a function of the user's raised, without what this package put around it."""
    return failure.__cause__ or failure


def _complain() -> None:
    _log.warning(
        "The model has not ended %g s after it was told to: does it catch and drop "
        "asyncio.CancelledError?",
        CLOSING_S,
    )
