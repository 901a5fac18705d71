"""Recording: a source that answers as another does, and writes down what came.

A turn is written when it has ended, however it did: the file is then replaced as a whole, so that
nobody meets half of one, and a crash costs the turn that was running, no other. The same question
at the same place of the conversation replaces what was recorded for it; any other is added behind.
The rest of the file stays as it is, so it may be edited in between.

Where a turn cannot be written, its text is kept, and it ends with an error that says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ..batching import join_surrogates
from ..cassette import AS_RECORDED, CassetteError, Ending, Entry, Exchange, Told, redacted
from ..cassette.entry import told_of
from ..conversation import Question
from ..errors import ChatError, ProviderError
from ..events import StreamEnd, TextDelta
from ..providers import Provider
from ..providers.hosted import Hosted
from ..sse import EventStreamDecoder
from .base import Archive, Source, SourceLike, as_source
from .cassettes import load, read, replace_file
from .http import HttpSource
from .taped import Tape, text_of

logger = logging.getLogger("printer_widget")

_writing = threading.Lock()


def record(source: SourceLike, path: str | os.PathLike[str], *, token: str | None = None) -> Source:
    """Return a source that answers as another does, and writes its answers to a cassette.

    ``ChatNode(record("openai:gpt-4o-mini", "lesson.cassette"))`` is a chat as ever;
    ``ChatNode(Replay("lesson.cassette"))`` then says the same without key and network. No key,
    token or cookie is written (see :mod:`printer_widget.cassette`). The same question at the same
    place of a conversation replaces what was recorded for it; others are added.

    Args:
        source: whatever ``ChatNode`` takes: a provider, a URL, a name, a function.
        path: the file; it is made with the first answer.
        token: for the Printer backend at that URL.

    Raises:
        TypeError: if the source is none, or a token is given to anything but a URL.
        ValueError: if the file is there and is no cassette, or the source's URL cannot be one.
        FileNotFoundError: if there is no such folder.
    """
    return Recording(as_source(source, token=token), path)


class Recording:
    """What :func:`record` returns.

    Args:
        source: answers.
        path: of the file.
        clock: gives the time in seconds; a test passes its own.
    """

    def __init__(
        self,
        source: Source,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._name = os.fspath(path)
        self._path = Path(path).absolute()
        self._clock = clock
        self._said: dict[tuple[Told, ...], str] = {}
        if not self._path.parent.is_dir():
            raise FileNotFoundError(f"no folder for {self._name}: make it first")
        load(self._path, self._name)

    def __repr__(self) -> str:
        """Return the source's repr, and the file."""
        return f"record({self._source!r}, {self._path.name!r})"

    @property
    def label(self) -> str:
        """What the source is called."""
        return self._source.label

    @property
    def archive(self) -> Archive | None:
        """What the source keeps of conversations; nothing of that is recorded."""
        return cast("Archive | None", getattr(self._source, "archive", None))

    async def stream(self, question: Question) -> AsyncIterator[Any]:
        """Yield the events of the answer; its end, when it is written.

        Raises:
            ProviderError: if it could not be written.
            ChatError: what the source raises.
        """
        tape = Tape(self._clock)
        source, has_bytes = self._source, isinstance(self._source, HttpSource)
        if isinstance(source, HttpSource):
            source = source.taped(tape.connection)
        end: StreamEnd | None = None
        ending = Ending("stopped")
        text: list[str] = []
        try:
            async with aclosing(cast("Any", source.stream(question))) as events:
                async for event in events:
                    tape.hear(event, keep=not has_bytes)
                    if isinstance(event, TextDelta):
                        text.append(event.text)
                    if isinstance(event, StreamEnd):
                        end = event
                        break
                    yield event
            sentence = "the answer stopped coming before its end"
            ending = Ending("failed", 0, "StreamInterrupted", sentence)
            ending = ending if end is None else Ending("complete")
        except ChatError as error:
            ending = Ending("failed", 0, type(error).__name__, str(error))
            raise
        except Exception as error:
            sentence = f"{self.label} raised {type(error).__name__}: {error}"
            ending = Ending("failed", 0, "ProviderError", sentence)
            raise
        finally:
            ending = replace(ending, at_ms=tape.now_ms)
            if ending.kind == "stopped":
                tape.cut()
            said = join_surrogates("".join(text))
            problem = await asyncio.to_thread(self._keep, question, tape, ending, said)
        if end is not None:
            if problem is not None:
                raise ProviderError(problem)
            yield end

    def _keep(self, question: Question, tape: Tape, ending: Ending, said: str) -> str | None:
        """Write a turn, and return what kept it from that, if anything did."""
        try:
            self._write(question, tape, ending, said)
        except (OSError, CassetteError, _Told) as error:
            what = error.strerror if isinstance(error, OSError) and error.strerror else error
            problem = f"the answer could not be recorded: {what}"
        else:
            return None
        logger.warning("%s", problem)
        return problem

    def _write(self, question: Question, tape: Tape, ending: Ending, said: str) -> None:
        told = told_of(question)
        with _writing:
            cassette = load(self._path, self._name)
            known = {each.told for each in cassette.entries}
            entry = self._entry(tape, self._shortened(told, known), ending)
            text = cassette.put(entry).text()
            read(text, self._name)  # what cannot be read again would lose all that is there
            replace_file(self._path, text)
        self._said[told] = said

    def _shortened(self, told: tuple[Told, ...], known: set[tuple[Told, ...]]) -> tuple[Told, ...]:
        """Return what was told, without the answers that the file has already."""
        shortened: list[Told] = []
        for at, each in enumerate(told):
            is_ours = each.role == "assistant" and self._said.get(told[:at]) == each.text
            if is_ours and tuple(shortened) in known:
                shortened.append(Told(each.role, AS_RECORDED))
            else:
                shortened.append(each)
        return tuple(shortened)

    def _entry(self, tape: Tape, told: tuple[Told, ...], ending: Ending) -> Entry:
        provider = self._source.provider if isinstance(self._source, HttpSource) else None
        entry = Entry(
            source="events" if provider is None else type(provider).__name__,
            label=self.label,
            model=self.label if isinstance(provider, Hosted) else "",
            url=provider.url if provider is not None else "",
            idempotent=provider is not None and provider.idempotent,
            told=told,
            exchanges=tuple(tape.exchanges),
            events=tuple(tape.events),
            ending=ending,
        )
        clean = redacted(entry, tape.secrets)
        before = "".join([*tape.said, *_strings(entry.exchanges)])
        if provider is not None and tape.secrets.are_in(before):
            after = "".join([*_texts(clean.exchanges, provider), *_strings(clean.exchanges)])
            if tape.secrets.are_left(before, after):
                # Each piece stands in an event of its own, so that it was not found in the bytes.
                raise _Told("it repeats a key or token in several pieces")
        return clean


class _Told(Exception):
    """An answer tells what must not be written."""


def _texts(exchanges: Iterable[Exchange], provider: Provider) -> list[str]:
    """Return all text that is in the events that came."""
    texts: list[str] = []
    for exchange in exchanges:
        decoder = EventStreamDecoder()
        with suppress(ChatError):  # the answer ended so, too
            for frame in decoder.feed(_body(exchange)):
                texts += map(text_of, provider.decode(frame))
    return texts


def _strings(exchanges: Iterable[Exchange]) -> list[str]:
    """Return all text that is in what came as JSON, such as errors."""
    texts: list[str] = []
    for exchange in exchanges:
        with suppress(ValueError, RecursionError):
            waiting = [json.loads(_body(exchange))]
            while waiting:
                each = waiting.pop()
                if isinstance(each, str):
                    texts.append(each)
                elif isinstance(each, Mapping):
                    waiting += reversed([part for pair in each.items() for part in pair])
                elif isinstance(each, list):
                    waiting += reversed(each)
    return texts


def _body(exchange: Exchange) -> bytes:
    return b"".join(chunk.data for chunk in exchange.chunks)
