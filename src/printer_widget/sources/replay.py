"""Replaying: a source that gives what was recorded, at the pace at which it came."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from ..batching import join_surrogates
from ..cassette import CassetteError, Entry, Told, best, nearest, resolved
from ..cassette.entry import told_of
from ..cassette.matching import answers_needed
from ..conversation import Conversation, Message, Question
from ..errors import ChatError, ProviderError
from ..events import StreamEnd, StreamEvent, TextDelta
from ..providers import AGUI, AnthropicMessages, OpenAIChat, Printer, Provider, VercelUI
from ..providers.base import shorten
from .base import Source, SourceLike, as_source
from .cassettes import load
from .http import HttpSource
from .taped import Player, Stopped

_NO_TOKEN = "nothing-is-sent-anywhere"  # noqa: S105  # else the environment's would be read

_PROVIDERS: Mapping[str, Callable[[str, str], Provider]] = MappingProxyType(
    {
        "AGUI": lambda _model, url: AGUI(url, insecure=True),
        "AnthropicMessages": lambda model, url: AnthropicMessages(
            model, base_url=url, api_key="", insecure=True
        ),
        "OpenAIChat": lambda model, url: OpenAIChat(model, base_url=url, api_key="", insecure=True),
        "Printer": lambda _model, url: Printer(url, token=_NO_TOKEN, insecure=True),
        "VercelUI": lambda _model, url: VercelUI(url, insecure=True),
    }
)
"""What decodes the bytes of which provider; nothing is ever sent by these."""


class Replay:
    """Answers from a cassette: without a key, without a network, the same every time.

    What was recorded goes through all that an answer goes through: bytes, events, retries, errors,
    broken connections. A question is found by its conversation: the system prompt, and the role and
    text of each message. An answer that was stopped stops by itself where it was stopped.

    Args:
        path: the file, as :func:`record` writes it.
        speed: 1 plays at the recorded pace, 2 twice as fast, 0 without any waiting.
        fallback: whom to ask what is not recorded: whatever ``ChatNode`` takes. Without it, such a
            question ends with an error that names the nearest recorded one.
        provider: decodes what was recorded with a provider of your own.
        clock: gives the time in seconds.
        sleep: waits for so many seconds.

    Raises:
        FileNotFoundError: if there is no such file, and no fallback.
        ValueError: if it is no cassette, has no turns, or the speed cannot be one.
        TypeError: if the fallback is none.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        speed: float = 1,
        fallback: SourceLike | None = None,
        provider: Provider | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if isinstance(speed, bool) or not isinstance(speed, int | float):
            raise TypeError(f"speed must be a number, got {type(speed).__name__}")
        if not 0 <= speed < math.inf:
            raise ValueError(f"speed must be 0 (no waiting) or more, got {speed!r}")
        self._name = os.fspath(path)
        self._speed = speed
        self._fallback: Source | None = None if fallback is None else as_source(fallback)
        self._clock = clock
        self._sleep = sleep
        file = Path(path)
        if fallback is None and not file.exists():
            raise FileNotFoundError(
                f"there is no cassette {self._name}: record one with "
                "ChatNode(record(provider, path)), and ask it the questions"
            )
        self._entries = load(file, self._name).entries
        if fallback is None and not self._entries:
            raise CassetteError(f"{self._name} has no turn yet: record one first")
        self._providers = [self._provider(entry, provider) for entry in self._entries]
        self._told: tuple[tuple[Told, ...], ...] | None = None

    def __repr__(self) -> str:
        """Return the file and the speed."""
        return f"Replay({self._name!r}, speed={self._speed:g})"

    @property
    def label(self) -> str:
        """Who answered when it was recorded, and that it was."""
        if self._entries:
            return f"{self._entries[0].label}, recorded"
        return self._fallback.label if self._fallback is not None else self._name

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The turns of the file."""
        return self._entries

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield the events of the recorded answer.

        Raises:
            ProviderError: if the question is not recorded.
            ChatError: what the answer failed with, when it was recorded.
            CancelledError: where it was stopped.
        """
        if self._told is None:
            answers = await self._answers()
            self._told = tuple(resolved(each, answers) for each in self._entries)
        asked = told_of(question)
        found = best(asked, self._told)
        if found is not None:
            played = self._played(found, question, speed=self._speed)
        elif self._fallback is not None:
            played = cast("Any", self._fallback.stream(question))
        else:
            said = shorten(asked[-1].text or "", 80)
            raise ProviderError(
                f"“{said}” is not recorded here in {Path(self._name).name}: "
                f"{nearest(asked, self._told)}"
            )
        try:
            async with aclosing(played) as events:
                async for event in events:
                    yield event
        except Stopped:
            # Which ends the turn that reads this as Stop does.
            raise asyncio.CancelledError from None

    async def text_of(self, at: int) -> str:
        """Return the text of the answer of a turn, as a reader saw it in the end."""
        entry, text = self._entries[at], ""
        messages = (Message(id="q", role="user", content=entry.question, timestamp=""),)
        question = Question(conversation=Conversation(messages=messages))
        with suppress(ChatError, Stopped):
            async with aclosing(self._played(at, question, speed=0)) as events:
                async for event in events:
                    text += event.text if isinstance(event, TextDelta) else ""
        return join_surrogates(text)

    async def _answers(self) -> dict[tuple[Told, ...], Told]:
        """Return the answers that other turns repeat as recorded."""
        needed = answers_needed(self._entries)
        return {
            entry.told: Told("assistant", await self.text_of(at), entry.ending.kind == "stopped")
            for at, entry in enumerate(self._entries)
            if entry.told in needed
        }

    async def _played(
        self, at: int, question: Question, *, speed: float
    ) -> AsyncGenerator[StreamEvent, None]:
        entry, provider = self._entries[at], self._providers[at]
        player = Player(entry, speed=speed, clock=self._clock, sleep=self._sleep)
        if provider is None:
            stream: Any = player.events()
        else:
            source = HttpSource(provider, transport=player.transport, wait=_no_wait)
            stream = source.stream(question)
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    yield event
                    if isinstance(event, StreamEnd):
                        return
        finally:
            player.is_over = True

    def _provider(self, entry: Entry, given: Provider | None) -> Provider | None:
        if entry.source == "events":
            return None
        make = _PROVIDERS.get(entry.source)
        if given is not None:
            return given
        if make is None:
            raise CassetteError(
                f"{self._name}, line {entry.line}: recorded with {entry.source}, which is none of "
                f"{', '.join(_PROVIDERS)}: pass provider=, which decodes it"
            )
        try:
            made = make(entry.model, entry.url)
        except ValueError as error:
            raise CassetteError(f"{self._name}, line {entry.line}: {error}") from None
        made.idempotent = entry.idempotent
        return made


async def _no_wait(_seconds: float) -> None:
    """Wait no time: when a connection was tried again is recorded."""
