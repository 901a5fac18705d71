"""What answers, by name: ``demo``, ``echo``, or any protocol that this package speaks.

A model's name is ``KIND`` or ``KIND:ARGUMENT``. To add a kind is to add its line to ``KINDS``.
Keys stay in the provider that sends them: no repr, log, store or error message holds one.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..demo import demo_model, tokens
from ..providers import AnthropicMessages, OpenAIChat, Printer
from ..providers.openai import OLLAMA_URL
from ..sources import FunctionSource, HttpSource, Source, SourceLike, as_source

PACE = 40.0
"""How fast the models of this package answer, in tokens a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model behind a backend.

    Attributes:
        name: what runs are marked with, and the start-up message shows.
        alias: what clients call it; its name, where that is not the business of whoever runs the
            backend alone.
        source: answers a question.
        again: for a model that answers the same question always with the same text: makes a
            source that gives it once more, so many of its first code points without a pause. It
            is how an answer goes on after the backend was killed. None for the others.
    """

    name: str
    source: Source
    alias: str = ""
    again: Callable[[int], Source] | None = None

    def __post_init__(self) -> None:
        if not self.alias:
            object.__setattr__(self, "alias", self.name)

    @property
    def remembers(self) -> bool:
        """Whether it keeps conversations itself, and so cannot be told what was said before."""
        return getattr(self.source, "archive", None) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where a model is and what opens it, apart from its name.

    Attributes:
        base_url: its address, where the name does not say it.
        key: its key or token; never shown.
        insecure: allow plain http to another machine.
    """

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    insecure: bool = False


class UnknownModelError(ValueError):
    """No model has this name; the text lists those that there are."""


def as_served(model: SourceLike | ServedModel) -> ServedModel:
    """Return a function, provider or source as a model of which nothing more is known."""
    if isinstance(model, ServedModel):
        return model
    source = as_source(model)
    return ServedModel(name=source.label, source=source)


def resolve(name: str, upstream: Upstream | None = None) -> ServedModel:
    """Return the model of this name.

    Raises:
        UnknownModelError: if there is none.
        ValueError: if what comes after the colon, or the upstream, does not fit it.
    """
    kind, _, argument = name.partition(":")
    found = KINDS.get(kind)
    if found is None:
        known = "\n".join(f"  {each.form:<14} {each.said}" for each in KINDS.values())
        raise UnknownModelError(f"There is no model “{kind}”. Known are:\n{known}")
    return found.make(argument, upstream or Upstream())


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of model: how its name is written, what it is, and how it is made."""

    form: str
    said: str
    make: Callable[[str, Upstream], ServedModel]


class _Pace:
    """A clock and a sleep that are ahead of time until told otherwise."""

    def __init__(self) -> None:
        self.hurries = False
        self._ahead_s = 0.0

    def clock(self) -> float:
        return time.monotonic() + self._ahead_s

    async def sleep(self, delay_s: float) -> None:
        if self.hurries:
            self._ahead_s += delay_s
            delay_s = 0
        await asyncio.sleep(delay_s)


_Answer = Callable[..., AsyncIterator[str]]


def _repeatable(name: str, function: _Answer) -> ServedModel:
    """Return a deterministic function, with ``sleep`` and ``clock`` to be given, as a model."""

    async def again(messages: Sequence[Mapping[str, Any]], *, known: int) -> AsyncIterator[str]:
        pace = _Pace()
        pace.hurries = known > 0
        said = 0
        async for token in function(messages, sleep=pace.sleep, clock=pace.clock):
            said += len(token)
            pace.hurries = said < known
            yield token

    return ServedModel(
        name=name,
        source=FunctionSource(function, label=name),
        again=lambda known: FunctionSource(partial(again, known=known), label=name),
    )


async def _echo(
    messages: Sequence[Mapping[str, Any]],
    *,
    tokens_per_second: float = PACE,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[str]:
    """Yield the question, piece by piece, without a moment's thought."""
    began = clock()
    for number, piece in enumerate(tokens(messages[-1]["content"])):
        await sleep(max(0.0, began + number / tokens_per_second - clock()))
        yield piece


def _pace(argument: str, form: str) -> float:
    if not argument:
        return PACE
    try:
        pace = float(argument)
    except ValueError:
        pace = math.nan
    if not pace > 0:
        raise ValueError(
            f"“{argument}” is no number of tokens a second above 0; write the model as {form}."
        )
    return pace


def _demo_kind(argument: str, _upstream: Upstream) -> ServedModel:
    pace = _pace(argument, "demo or demo:TOKENS_PER_SECOND")
    return _repeatable("demo", partial(demo_model, tokens_per_second=pace))


def _echo_kind(argument: str, _upstream: Upstream) -> ServedModel:
    pace = _pace(argument, "echo or echo:TOKENS_PER_SECOND")
    return _repeatable("echo", partial(_echo, tokens_per_second=pace))


def _printer_kind(argument: str, upstream: Upstream) -> ServedModel:
    url = argument or upstream.base_url
    if not url:
        raise ValueError("The model printer needs the URL of its backend: printer:URL.")
    provider = Printer(url, token=upstream.key, insecure=upstream.insecure)
    name = f"printer:{provider.url}"
    return ServedModel(name=name, alias="printer", source=HttpSource(provider))


def _openai_kind(argument: str, upstream: Upstream) -> ServedModel:
    return _hosted("openai", OpenAIChat, argument, upstream)


def _anthropic_kind(argument: str, upstream: Upstream) -> ServedModel:
    return _hosted("anthropic", AnthropicMessages, argument, upstream)


def _ollama_kind(argument: str, upstream: Upstream) -> ServedModel:
    local = replace(upstream, base_url=upstream.base_url or OLLAMA_URL, key=upstream.key or "")
    return _hosted("ollama", OpenAIChat, argument, local)


def _hosted(
    kind: str, make: type[OpenAIChat | AnthropicMessages], model: str, upstream: Upstream
) -> ServedModel:
    if not model.strip():
        raise ValueError(f"The name of a model is missing: write {kind}:MODEL.")
    provider = make(
        model, base_url=upstream.base_url, api_key=upstream.key, insecure=upstream.insecure
    )
    return ServedModel(name=f"{kind}:{model}", alias=model, source=HttpSource(provider))


KINDS: dict[str, Kind] = {
    "demo": Kind("demo[:RATE]", "short prepared answers, RATE tokens a second", _demo_kind),
    "echo": Kind("echo[:RATE]", "repeats the question", _echo_kind),
    "printer": Kind("printer:URL", "another Printer backend", _printer_kind),
    "openai": Kind("openai:MODEL", "OpenAI's, or a server like it at --base-url", _openai_kind),
    "anthropic": Kind("anthropic:MODEL", "Anthropic's", _anthropic_kind),
    "ollama": Kind("ollama:MODEL", "one of Ollama's, on this machine", _ollama_kind),
}

DEMO = resolve("demo")
