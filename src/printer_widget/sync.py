"""What to send to the browsers next: pure, given the state, their reports and the clock.

Sending the growing text again at every flush costs O(n²) bytes, and what Jupyter Server drops at
its message limit is lost for good. So text goes out as deltas, everything else as patches, and
whoever lost its place gets a keyframe: the four keys in full. The pace is set by what browsers
acknowledge:

- No browser is there (none was ever ready, or all fell silent): nothing goes out but endings,
  in full. A headless run costs a handful of messages.
- Browsers are there: a delta for every flush of the text or the reasoning, a patch for every other
  change.
- The fastest of them is 1 Mi code units behind: one keyframe a second instead.
- Everything is sent, and one of them is still behind: a keyframe, a few times, ever later.
- A browser that says it is ready gets an answer in any case, so that it knows its kernel lives.
- A browser that has been behind and silent for 10 s is gone, until it reports again: it is closed,
  or hears nothing for a while. For ten minutes it is asked now and then, in few bytes. Time in
  which the kernel could hear nobody does not count.

All browsers of a widget share one comm, so what is sent reaches every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .conversation import Attachment
from .wire import JSON, Append, Patch, Reason, Report, Update, splice

BACKLOG_LIMIT = 1 << 20
"""How far the fastest browser may be behind before deltas stop, in UTF-16 code units."""

KEYFRAME_INTERVAL_S = 1.0
RESYNC_INTERVAL_S = 0.2
GONE_AFTER_S = 10.0
FORGOTTEN_AFTER_S = 600.0
ASK_INTERVAL_S = 30.0
REPAIR_AFTER_S = (1.0, 2.0, 4.0, 8.0)
MAX_CLIENTS = 32

Outgoing = Append | Patch | Reason | Update


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One snapshot of everything that browsers are shown.

    Attributes:
        turn: whose answer ``text`` is; None before the first.
        text: the answer as far as it has come.
        units: the length of ``text`` in UTF-16 code units.
        reasoning: what the model thinks in this turn, as far as it has come; empty once it ended,
            as it is a part of the message then.
        streaming: true while that turn has no ending.
        messages: the conversation, as JSON objects that are never changed.
        revision: grows at every change but text that grows.
        conversation: the server's id of the conversation that is open; None while it has none.
        pending: what the reader attached, for the next question to carry.
        attempt: ``(attempt, of)`` while the connection is tried again; None while it is there.
        left: how many questions a lesson still allows; None where it limits none.
        labels: what the view says about the model.
    """

    turn: str | None = None
    text: str = ""
    units: int = 0
    reasoning: str = ""
    streaming: bool = False
    messages: tuple[JSON, ...] = ()
    revision: int = 0
    conversation: str | None = None
    pending: tuple[Attachment, ...] = ()
    attempt: tuple[int, int] | None = None
    left: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def view(self) -> JSON:
        """The private trait ``_view``, but for the reasoning, which only a keyframe holds whole."""
        view: JSON = {
            "turn": self.turn,
            "revision": self.revision,
            "conversation": self.conversation,
            "attempt": list(self.attempt) if self.attempt else None,
            "labels": dict(self.labels),
        }
        if self.left is not None:
            view["left"] = self.left
        if self.pending:
            view["pending"] = [_summary(item) for item in self.pending]
        return view

    def full(self) -> JSON:
        """Return the four synced keys: a keyframe."""
        return {
            "streamedText": self.text,
            "isStreaming": self.streaming,
            "messages": list(self.messages),
            "_view": {**self.view, "reasoning": self.reasoning} if self.reasoning else self.view,
        }


def _summary(item: Attachment) -> JSON:
    """Return what the view shows of an attachment until somebody asks for its text."""
    summary = {"name": item.name, "kind": item.kind, "size": len(item.text)}
    return summary if item.warning is None else {**summary, "warning": item.warning}


@dataclass(slots=True)
class _Client:
    turn: str | None
    offset: int
    revision: int
    seen: float
    behind_since: float | None = None

    def is_behind(self, state: State) -> bool:
        return (self.turn, self.offset, self.revision) != (state.turn, state.units, state.revision)

    def silence(self, now: float) -> float:
        """Return how long its acknowledgement is overdue, in seconds."""
        return 0.0 if self.behind_since is None else now - max(self.seen, self.behind_since)


class Sync:
    """Plan the messages of one widget; times are seconds on any monotonic clock."""

    def __init__(self, sent: State) -> None:
        self._sent = sent
        self._clients: dict[str, _Client] = {}
        self._gone: dict[str, _Client] = {}
        self._lost = False
        self._unanswered = False
        self._sent_at = 0.0
        self._keyframe_at = float("-inf")
        self._repairs = 0

    def heard(self, report: Report, now: float) -> None:
        """Take what one browser says of itself."""
        self._unanswered |= report.kind == "ready"
        self._gone.pop(report.client, None)
        known = self._clients.pop(report.client, None)
        client = _Client(report.turn, report.offset, report.revision, now)
        if client.is_behind(self._sent):
            # Being behind the deltas on their way is usual; new here, or behind and lost, is not.
            self._lost |= known is None or report.kind != "ack"
            client.behind_since = known.behind_since if known else None
            client.behind_since = client.behind_since or now
        else:
            self._repairs = 0
        if len(self._clients) >= MAX_CLIENTS:
            del self._clients[next(iter(self._clients))]
        self._clients[report.client] = client

    def excuse(self, now: float) -> None:
        """Hold the silence until ``now`` against nobody: the kernel could not have heard them."""
        for client in self._clients.values():
            client.seen = now

    def reset(self, *, since: float = float("-inf")) -> None:
        """Send a keyframe next, whatever the browsers know; a while after ``since``, if given."""
        self._lost, self._keyframe_at = True, max(self._keyframe_at, since)

    def plan(self, state: State, now: float) -> list[Outgoing]:
        """Return what to send now, in order; the caller sends all of it."""
        if self._gone or any(c.silence(now) > GONE_AFTER_S for c in self._clients.values()):
            self._part(now)
        changed = state.revision != self._sent.revision
        if self._lost:
            if now < self._keyframe_at + RESYNC_INTERVAL_S:
                return []
            return self._send([Update(state.full())], state, now, keyframe=True)
        if not self._clients:
            if changed and not state.streaming:
                return self._send([Update(state.full())], state, now, keyframe=True)
            return self._repair(state, now)
        if not changed and state.units == self._sent.units:
            if self._unanswered:
                self._unanswered = False
                return [_question(state)]
            return self._repair(state, now)
        if state.streaming and self._backlog(state) > BACKLOG_LIMIT:
            if now < self._keyframe_at + KEYFRAME_INTERVAL_S:
                return []
            return self._send([Update(state.full())], state, now, keyframe=True)
        return self._send(self._difference(state), state, now)

    def deadline(self, state: State) -> float | None:
        """Return when to plan again though nothing changes; None for never."""
        if self._lost:
            return self._keyframe_at + RESYNC_INTERVAL_S
        is_sent = (state.revision, state.units) == (self._sent.revision, self._sent.units)
        if self._clients and not is_sent:
            return self._keyframe_at + KEYFRAME_INTERVAL_S
        if self._can_repair():
            return self._sent_at + REPAIR_AFTER_S[self._repairs]
        return self._sent_at + ASK_INTERVAL_S if self._gone else None

    def _part(self, now: float) -> None:
        """Let who is gone set no pace, and forget who is so for long."""
        gone = {name: c for name, c in self._clients.items() if c.silence(now) > GONE_AFTER_S}
        for name in gone:
            del self._clients[name]
        known = {**self._gone, **gone}.items()
        left = [(name, c) for name, c in known if c.silence(now) <= FORGOTTEN_AFTER_S]
        self._gone = dict(left[-MAX_CLIENTS:])

    def _can_repair(self) -> bool:
        is_anyone_behind = any(client.is_behind(self._sent) for client in self._clients.values())
        return is_anyone_behind and self._repairs < len(REPAIR_AFTER_S)

    def _backlog(self, state: State) -> int:
        known = [c.offset for c in self._clients.values() if c.turn == state.turn]
        return state.units - min(state.units, max(known, default=0))

    def _repair(self, state: State, now: float) -> list[Outgoing]:
        at = self.deadline(state)
        if at is None or now < at:
            return []
        if not self._can_repair():
            self._sent_at = now
            return [_question(state)]
        repairs = self._repairs + 1
        # A browser that only its acknowledgement was lost of sees no change in the keyframe.
        both: list[Outgoing] = [Update(state.full()), _question(state)]
        messages = self._send(both, state, now, keyframe=True)
        self._repairs = repairs
        return messages

    def _difference(self, state: State) -> list[Outgoing]:
        sent, messages = self._sent, list[Outgoing]()
        if state.revision != sent.revision:
            if not state.streaming:
                # In full, so that it is right for a browser that missed all before it, too.
                return [Update(state.full())]
            messages.append(_change(sent, state))
        known = sent if sent.turn == state.turn else State()
        if state.turn is not None and state.units > known.units:
            text = state.text[len(known.text) :]
            messages.append(Append(turn=state.turn, offset=known.units, text=text))
        return messages

    def _send(
        self, messages: list[Outgoing], state: State, now: float, *, keyframe: bool = False
    ) -> list[Outgoing]:
        self._sent, self._sent_at, self._repairs = state, now, 0
        self._unanswered = False
        if keyframe:
            self._lost, self._keyframe_at = False, now
        for client in self._clients.values():
            if client.behind_since is None and client.is_behind(state):
                client.behind_since = now
        return messages


def _change(sent: State, state: State) -> Outgoing:
    """Return the message for all that changed but the text."""
    known = sent.reasoning if sent.turn == state.turn else ""
    if state.reasoning == known:
        at, remove, insert = splice(sent.messages, state.messages)
        return Patch(
            base=sent.revision,
            at=at,
            remove=remove,
            insert=insert,
            streaming=state.streaming,
            view=state.view,
        )
    others = replace(
        state, revision=sent.revision, reasoning=known, text=sent.text, units=sent.units
    )
    if others == sent:
        return Reason(base=sent.revision, to=state.revision, text=state.reasoning[len(known) :])
    return Update(state.full())  # both at once: several changes were held back


def _question(state: State) -> Patch:
    """Return a patch of nothing: whoever knows its revision acknowledges, others resync."""
    return Patch(
        base=state.revision,
        at=0,
        remove=0,
        insert=[],
        streaming=state.streaming,
        view=state.view,
    )
