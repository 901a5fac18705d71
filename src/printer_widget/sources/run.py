"""One answer over all its connections: what came of it, and what may be tried again. No I/O."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from ..errors import ChatError, ProviderError, StreamInterrupted
from ..providers.base import Provider, RequestSpec
from ..retry import LONGEST_RETRY_MS, MAX_ATTEMPTS, MAX_RESUMES, backoff_s


@dataclass(slots=True)
class Run:
    """What is known of one answer, over all its connections.

    Attributes:
        key: the Idempotency-Key of the question.
        id: the server's name of the run; None where it can be neither resumed nor stopped by name.
        ids: of the events that came.
        failures: of connections, since the last event.
        limit: how many connections there may be before that is a failure.
    """

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    id: str | None = None
    ids: set[str] = field(default_factory=set)
    last_id: str = ""
    is_exact: bool = True
    began: bool = False
    ended: bool = False
    retry_ms: int | None = None
    failures: int = 0
    limit: int = MAX_ATTEMPTS

    def take(self, event_id: str) -> None:
        """Note an event that came."""
        # Two events under one id: what follows that id cannot be told from what came already.
        self.is_exact &= event_id not in self.ids and bool(event_id)
        self.ids.add(event_id)
        self.last_id, self.began, self.failures = event_id, True, 0

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
