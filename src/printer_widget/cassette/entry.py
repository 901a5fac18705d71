"""One recorded turn, as values. Times are in ms from the asking."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, get_args, get_type_hints

from ..batching import join_surrogates
from ..conversation import Question
from ..events import StreamEvent
from ..retry import retry_after_s

AS_RECORDED = None
"""In the place of an answer's text: what was recorded for the turn that ends before it."""

KEPT_HEADERS = frozenset(
    {
        "cache-control",
        "content-type",
        "retry-after",
        "retry-after-ms",
        "server",
        "x-vercel-ai-ui-message-stream",
    }
)
"""The headers of a response that are recorded, and ``x-ratelimit-…``: no cookie, no id, no date."""

_EVENTS = {kind.__name__: kind for kind in get_args(StreamEvent)}


@dataclass(frozen=True, slots=True)
class Told:
    """One message that the model was told.

    Attributes:
        role: who said it.
        text: what, or :data:`AS_RECORDED`.
        stopped: it is an answer that was stopped, so its text has no fixed end.
    """

    role: str
    text: str | None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together."""

    at_ms: int
    data: bytes


@dataclass(slots=True)
class Exchange:
    """One connection: what was asked for, and what came.

    Attributes:
        at_ms: when it was begun.
        method: of the request.
        url: of the request, without anything secret.
        status: of the response; None where none came.
        response_at_ms: when its head came.
        headers: of the response, those that are kept.
        chunks: of its body.
        failure: httpx's name for how it broke; ``""``: the server closed it in order; None: it was
            left by the client.
        end_at_ms: when it broke or was closed.
    """

    at_ms: int
    method: str
    url: str
    status: int | None = None
    response_at_ms: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    chunks: list[Chunk] = field(default_factory=list)
    failure: str | None = None
    end_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How the turn ended: ``name`` and ``sentence`` of the error where it failed."""

    kind: Literal["complete", "stopped", "failed"]
    at_ms: int = 0
    name: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn.

    Attributes:
        source: the provider's class, or ``events``.
        label: what the view calls the source.
        model: that was asked; ``""`` where the provider names none.
        url: the provider's.
        idempotent: the provider's.
        told: what the model was told; it ends with the question.
        exchanges: the connections, where the source is a provider.
        events: the events as JSON, where it is not.
        ending: of the turn.
        raw: the turn as it stands in its file; ``""`` where it is in none.
        line: at which line of the file it begins.
    """

    source: str
    label: str
    told: tuple[Told, ...]
    ending: Ending
    model: str = ""
    url: str = ""
    idempotent: bool = False
    exchanges: tuple[Exchange, ...] = ()
    events: tuple[Chunk, ...] = ()
    raw: str = field(default="", repr=False, compare=False)
    line: int = field(default=0, compare=False)

    @property
    def question(self) -> str:
        """The text of the question."""
        return self.told[-1].text or ""


def told_of(question: Question) -> tuple[Told, ...]:
    """Return what the model is told with a question."""
    texts = [(each["role"], join_surrogates(each["content"])) for each in question.to_messages()]
    stopped = [message.status == "stopped" for message in question.told()]
    stopped = [False] * (len(texts) - len(stopped)) + stopped
    return tuple(
        Told(role, text, ended and role == "assistant")
        for (role, text), ended in zip(texts, stopped, strict=True)
    )


def kept(headers: Iterable[tuple[str, str]], now: datetime) -> tuple[tuple[str, str], ...]:
    """Return those of a response's headers that are recorded.

    A Retry-After that is a date becomes seconds, as it would lie in the past at every replay.
    """
    result = []
    for given, value in headers:
        name = given.lower()
        if name not in KEPT_HEADERS and not name.startswith("x-ratelimit-"):
            continue
        wait_s = retry_after_s({name: value}, now) if name == "retry-after" else None
        text = " ".join(value.split()) if wait_s is None else f"{wait_s:.10g}"
        result.append((name, text))
    return tuple(result)


def json_of(event: StreamEvent) -> bytes:
    """Return an event as one line of JSON: its name, and what is not at its default."""
    defaults = {each.name: each.default for each in fields(event)}
    said = {key: value for key, value in asdict(event).items() if value != defaults[key]}
    name = {"event": type(event).__name__}
    # Half of a surrogate pair, which UTF-8 cannot hold, becomes JSON's own escape of it.
    return json.dumps(name | said, ensure_ascii=False).encode("utf-8", "backslashreplace")


def event_of(line: bytes) -> StreamEvent:
    """Return the event that a line of JSON stands for.

    Raises:
        ValueError: if it is none.
    """
    try:
        data: Any = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    kind = _EVENTS.get(str(data.get("event"))) if isinstance(data, Mapping) else None
    if kind is None:
        raise ValueError(f'expected {{"event": NAME, …}}, NAME one of {", ".join(_EVENTS)}')
    try:
        event: StreamEvent = kind(**{key: data[key] for key in data if key != "event"})
    except TypeError:
        names = ", ".join(each.name for each in fields(kind)) or "no fields"
        raise ValueError(f"a {kind.__name__} has {names}") from None
    for name, expected in get_type_hints(kind).items():
        value = getattr(event, name)
        if not isinstance(value, expected):
            named = getattr(expected, "__name__", str(expected))
            said = f"{name} must be {named}, got {type(value).__name__}"
            raise ValueError(said)  # noqa: TRY004  # it is the file that is wrong
    return event
