"""What a backend allows, in one place, with its defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much; every value must be above 0, the grace may be 0.

    Attributes:
        ping_s: the silence, in seconds, after which a comment is sent.
        grace_s: how long a run goes on without any client, in seconds. It begins only once a
            client was sent the run's id: the others could not come back.
        run_s: how long an answer may take, in seconds.
        reply: how long an answer may be, in code points.
        kept_s: how long the events of an ended run can still be read, and a repeated request is
            recognised by its key, in seconds.
        questions_per_minute: how many questions a user may ask in 60 s; None: any number.
        characters_per_day: how many characters (code points) of questions, system prompts and
            answers a user has for a day, in UTC; None: any number. An answer that has begun is
            finished.
        runs_per_user: how many answers may be under way at a time for one user.
        runs: how many for all users together.
        readers_per_run: how many connections may read one run.
        body: the size of a request's body, in bytes.
        body_s: how long a body may take to come in, in seconds.
        headers: the size of a request's headers, in bytes.
    """

    ping_s: float = 15.0
    grace_s: float = 30.0
    run_s: float = 600.0
    reply: int = 1_000_000
    kept_s: float = 600.0
    questions_per_minute: int | None = None
    characters_per_day: int | None = None
    runs_per_user: int = 32
    runs: int = 256
    readers_per_run: int = 8
    body: int = 1 << 20
    body_s: float = 30.0
    headers: int = 16 << 10

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (value > 0 or (value == 0 and field.name == "grace_s")):
                raise ValueError(f"{field.name} must be above 0, not {value!r}.")


class LimitReachedError(Exception):
    """A request cannot be served now; the text is for the one who asked.

    Attributes:
        status: 429 where it is the user's own doing, 503 where it is not.
        retry_after_s: after how many whole seconds to try again.
    """

    def __init__(self, detail: str, *, status: int, retry_after_s: int) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after_s = retry_after_s
