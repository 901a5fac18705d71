"""One answer over all its connections: what came of it, and what may be tried again. No I/O."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..conversation import Question
from ..errors import ChatError, ProviderError, StreamInterrupted
from ..events import ModelNamed, StreamEvent, TextDelta
from ..providers.base import Provider, RequestSpec
from ..retry import LONGEST_RETRY_MS, MAX_ATTEMPTS, MAX_RESUMES, backoff_s
from ..sse import ServerSentEvent

_SENDABLE = re.compile(r"[^\s\0]+([ \t]+[^\s\0]+)*", re.ASCII)
"""What a header's value may be (RFC 9110 §5.5), when it is sent as UTF-8."""


@dataclass(slots=True)
class Run:
    """What is known of one answer, over all its connections.

    Attributes:
        key: the Idempotency-Key of the question.
        id: the server's name of the run; None where it can be neither resumed nor stopped by name.
        seen: the events that came, by their ids: on which connection, and a hash of what it was.
        connection: counts the connections, from 1.
        resumed: this connection is not the first that brings events.
        is_exact: every event has an id of its own, which can be sent back: what follows the last
            one can be told.
        finished: the server said why the answer ended, though not yet that it did.
        model: which model answers, once it was named: in some protocols, each event names it.
        failures: of connections, since the last event.
        limit: how many connections there may be before that is a failure.
    """

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    id: str | None = None
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    connection: int = 0
    last_id: str = ""
    is_exact: bool = True
    began: bool = False
    resumed: bool = False
    ended: bool = False
    finished: bool = False
    model: ModelNamed | None = None
    retry_ms: int | None = None
    failures: int = 0
    limit: int = MAX_ATTEMPTS

    def connect(self, provider: Provider, question: Question) -> RequestSpec:
        """Return the request for the next connection: for what is left, else for the answer."""
        self.connection, self.resumed = self.connection + 1, self.began
        spec = self.resumed_by(provider) or provider.request(question)
        if spec.method == "POST":
            spec = replace(spec, headers={**spec.headers, "Idempotency-Key": self.key})
        return spec

    def take(self, frame: ServerSentEvent, events: Sequence[StreamEvent]) -> Sequence[StreamEvent]:
        """Note a frame that came, and return those of its events that are news.

        Raises:
            Broken: if the server did not go on where the answer broke off.
        """
        mark = hash((frame.event, frame.data))
        earlier = self.seen.get(frame.id)
        if not events and (earlier or not frame.id):
            return ()  # a ping, say; it stands for nothing, and so in no one's place
        if earlier and earlier[0] < self.connection:
            if earlier[1] != mark:
                raise _elsewhere()
            return ()
        if self.resumed and not frame.id and any(isinstance(event, TextDelta) for event in events):
            raise _elsewhere()
        # Two events under one id: what follows that id cannot be told from what came already.
        self.is_exact &= earlier is None and _SENDABLE.fullmatch(frame.id) is not None
        self.seen[frame.id] = (self.connection, mark)
        self.last_id, self.began, self.failures = frame.id, True, 0
        return tuple(event for event in events if not self._is_known(event))

    def _is_known(self, event: StreamEvent) -> bool:
        if not isinstance(event, ModelNamed):
            return False
        known, self.model = self.model, event
        return event == known

    def resumed_by(self, provider: Provider) -> RequestSpec | None:
        """Return the request for what is left; None where nothing came, or it cannot be told."""
        if self.id is None or not self.is_exact:
            return None
        return provider.resume(self.id, self.last_id)

    def judge(
        self, broken: Broken | None, provider: Provider, *, dice: float
    ) -> tuple[ChatError, float | None]:
        """Say what to raise for a failed connection, and how long to wait before the next, if any.

        Args:
            broken: how it failed; None where its events ended without an end.
            provider: says whether the answer can be resumed, or its question sent again.
            dice: uniform in [0, 1), for the jitter.
        """
        if broken is None:
            broken = Broken(StreamInterrupted("the answer stopped before its end"))
        self.failures += 1
        failure = broken.failure
        if self.began:
            self.limit = MAX_RESUMES
            possible = self.resumed_by(provider) is not None
            if self.failures > 1 or not isinstance(failure, StreamInterrupted):
                failure = StreamInterrupted(
                    f"the answer broke off and could not be resumed: {failure}"
                )
        else:
            self.limit = MAX_ATTEMPTS
            possible = broken.never_arrived or provider.idempotent
        if broken.hopeless or not possible or self.failures >= self.limit:
            return failure, None
        asked_s = broken.wait_s if broken.wait_s is not None else backoff_s(self.failures, dice)
        return failure, max(asked_s, self._least_wait_s)

    @property
    def _least_wait_s(self) -> float:
        """The reconnection time that the stream asked for."""
        return min(self.retry_ms or 0, LONGEST_RETRY_MS) / 1000


class Broken(Exception):
    """One connection failed.

    Attributes:
        failure: what to raise, if it is not tried again.
        never_arrived: the question was not taken, so that it may be sent again.
        hopeless: trying again would fail again.
        wait_s: how long the server asks to wait.
    """

    def __init__(
        self,
        failure: ChatError,
        *,
        never_arrived: bool = False,
        hopeless: bool = False,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.never_arrived = never_arrived
        self.hopeless = hopeless
        self.wait_s = wait_s


def refused(sentence: str, *, status: int) -> Broken:
    """Return the failure of an HTTP status that will not pass by itself."""
    return Broken(ProviderError(sentence, status=status), hopeless=True)


def _elsewhere() -> Broken:
    return Broken(
        StreamInterrupted("the server did not go on where the answer broke off, but elsewhere"),
        hopeless=True,
    )
