"""All runs: begin one, find it again, stop it. In memory while they run, then in the store.

A run that its process did not live to end is "lost". Where the model says the same thing again
for the same question, it is asked again when somebody comes back for the rest: what was sent
already is compared and left out, and the answer goes on where it was. Other models get an ending
that says what happened.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ..conversation import Conversation, Question
from ..events import StreamEvent
from ..sources import Source
from .blocks import Encode, encode, text_of
from .budgets import QuestionBudget
from .journal import Journal
from .limits import LimitReachedError, Limits
from .models import ServedModel
from .questions import Asked, told
from .records import AllowanceUsedError, NewRun, StoredRun
from .run import CLOSING_S, Run
from .store import RESTARTED, Store

_PRUNE_EVERY_S = 60.0
_RETRY_S = 2


class KeyReusedError(Exception):
    """An idempotency key came with another question than before."""


class Runs:
    """The runs of one backend; used from one event loop, but for ``recover``."""

    def __init__(self, store: Store, model: ServedModel, limits: Limits) -> None:
        self._store = store
        self._model = model
        self._limits = limits
        self._journal = Journal(store)
        self._questions = QuestionBudget(limits.questions_per_minute)
        self._live: dict[str, Run] = {}
        self._keys: dict[tuple[str, str], tuple[Run, bytes]] = {}
        self._closing: set[asyncio.Task[Any]] = set()
        self._pruned_at = 0.0

    def recover(self) -> int:
        """Save what an earlier process left of its runs; return how many those are.

        Before the first request, from any thread.
        """

        def decide(run: StoredRun) -> tuple[str, tuple[bytes, ...], bool]:
            text = text_of(run.blocks)
            if self._may_repeat(run):
                return text, (), True
            return text, (encode(len(run.blocks) + 1, "error", {"error": RESTARTED}),), False

        return self._store.recover(decide)

    async def begin(self, owner: str, asked: Asked) -> Run:
        """Begin to answer a question, or return the run that answers this very request already.

        Raises:
            KeyReusedError: if the idempotency key belongs to another question.
            LimitReachedError: if too many runs are under way, or a budget is used up.
        """
        self._questions.take(owner, time.monotonic())
        repeated = await self._repeated(owner, asked)
        if repeated is not None:
            return repeated
        self._check_room(owner)
        run = self._make(
            secrets.token_hex(16),
            owner=owner,
            conversation_id=asked.conversation_id or new_uuid(),
            message_id=new_uuid(),
        )
        if asked.idempotency_key is not None:
            self._keys[owner, asked.idempotency_key] = (run, asked.fingerprint)
        with self._beginning(run):
            await self._end_orphans(run)
            question = await self._store_question(run, asked)
        self._announce(run, is_new=asked.conversation_id is None)
        self._start(run, self._model.source, question)
        await self._prune()
        return run

    async def begin_unkept(
        self,
        owner: str,
        question: Question,
        *,
        encode: Encode,
        noting: Callable[[AsyncIterator[StreamEvent]], AsyncIterator[StreamEvent]],
    ) -> Run:
        """Begin to answer a question of which nothing is stored but how long it was.

        Its readers get what ``encode`` writes; the model's events pass through ``noting``. It
        ends when the readers go away: nobody could come back.

        Raises:
            LimitReachedError: if too many runs are under way, or a budget is used up.
        """
        self._questions.take(owner, time.monotonic())
        self._check_room(owner)
        run = self._make(
            secrets.token_hex(16),
            owner=owner,
            conversation_id=new_uuid(),
            message_id=new_uuid(),
            limits=replace(self._limits, grace_s=0),
            encode=encode,
            head=b"",
        )
        characters = sum(len(message["content"]) for message in question.to_messages())
        with self._beginning(run):
            await self._store.charge(owner, characters, allowance=self._limits.characters_per_day)
        self._announce(run, is_new=False)
        # The journal finds no row of it in the store, and so keeps none of its events either.
        run.start(noting(self._model.source.stream(question)))
        return run

    async def find(self, owner: str, run_id: str) -> Run | None:
        """Return a run, live or from the store; None if there is none, or it is not yours."""
        run = self._live.get(run_id)
        if run is None:
            stored = await self._stored(owner, run_id)
            if stored is None:
                return None
            # Two may have come for it at the same time: the other one was first.
            run = self._live.get(run_id) or await self._restore(stored)
        return run if run is not None and run.owner == owner else None

    async def stop(self, owner: str, run_id: str) -> bool:
        """End a run at once and return when that is stored; False if there is none of yours."""
        run = self._live.get(run_id)
        if run is None:
            stored = await self._stored(owner, run_id)
            if stored is None:
                return False
            run = self._live.get(run_id) or self._load(stored)
        if run.owner != owner:
            return False
        run.end("stopped")
        await run.ended.wait()
        return True

    async def stop_conversation(self, owner: str, conversation_id: str) -> None:
        """Stop what is being answered in a conversation."""
        runs = [run for run in self._of(owner) if run.conversation_id == conversation_id]
        for run in runs:
            run.end("stopped")
        for run in runs:
            await run.ended.wait()

    async def close(self, *, within_s: float = CLOSING_S) -> None:
        """Close all models, and wait for them a little; what was sent is stored."""
        runs = list(self._live.values())
        for run in runs:
            run.close()
        await self._journal.settle()
        tasks = self._closing | {run.task for run in runs if run.task and not run.task.done()}
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    # Beginning -------------------------------------------------------------------------------

    @contextmanager
    def _beginning(self, run: Run) -> Iterator[None]:
        """Have a run among the others while it is begun, and no longer if that fails."""
        self._live[run.id] = run
        try:
            yield
        except AllowanceUsedError:
            self._forget(run)
            run.give_up()
            raise LimitReachedError(
                f"You may send and receive {self._limits.characters_per_day:,} characters a day, "
                "and this question is more than what is left. Ask again tomorrow (UTC).",
                status=429,
                retry_after_s=_seconds_of_day_left(),
            ) from None
        except BaseException:
            self._forget(run)
            run.give_up()  # somebody may have joined it by its key
            raise

    def _check_room(self, owner: str) -> None:
        if len(self._live) >= self._limits.runs:
            raise LimitReachedError(
                "The backend is answering as many questions as it can. Try again in a moment.",
                status=503,
                retry_after_s=_RETRY_S,
            )
        if len(self._of(owner)) >= self._limits.runs_per_user:
            raise LimitReachedError(
                f"{self._limits.runs_per_user} of your questions are being answered, which is the "
                "limit. Wait for one, or stop it.",
                status=429,
                retry_after_s=_RETRY_S,
            )

    def _of(self, owner: str) -> list[Run]:
        return [run for run in self._live.values() if run.owner == owner and not run.is_over]

    async def _repeated(self, owner: str, asked: Asked) -> Run | None:
        key = asked.idempotency_key
        if key is None:
            return None
        found = None
        if (owner, key) not in self._keys:
            run_id = await self._store.run_of_key(owner, key, since=self._expiry)
            found = await self._stored(owner, run_id) if run_id is not None else None
        if (owner, key) in self._keys:
            run, fingerprint = self._keys[owner, key]
        elif found is not None:
            fingerprint = found.fingerprint
            restored = self._live.get(found.id) or await self._restore(found)
            if restored is None:
                return None
            run = restored
        else:
            return None
        if fingerprint != asked.fingerprint:
            raise KeyReusedError(
                "This Idempotency-Key came with another question before. Use a new one for each "
                "question, and the same one only to send the same question again."
            )
        return run

    async def _end_orphans(self, new: Run) -> None:
        """End what nobody reads in the conversation that goes on with another question.

        A client that knows no other way stops an answer by leaving it; the next question is to
        find what was said until then.
        """
        orphans = [
            run
            for run in self._of(new.owner)
            if run.conversation_id == new.conversation_id and run.was_left
        ]
        for run in orphans:
            run.end("stopped")
        for run in orphans:
            await run.ended.wait()

    async def _store_question(self, run: Run, asked: Asked) -> Question:
        question_id = new_uuid()
        begun = await self._store.begin(
            NewRun(
                id=run.id,
                owner=run.owner,
                conversation_id=run.conversation_id,
                question_id=question_id,
                question=asked.text,
                message_id=run.message_id,
                model=self._model.name,
                system=asked.system,
                chat_node_id=asked.chat_node_id,
                project_id=asked.project_id,
                idempotency_key=asked.idempotency_key,
                fingerprint=asked.fingerprint,
            ),
            allowance=self._limits.characters_per_day,
        )
        texts = {other.message_id: other.text for other in self._of(run.owner)}
        asks = {"id": question_id, "role": "user", "content": asked.text, "timestamp": ""}
        return Question(
            conversation=Conversation(
                messages=told([*begun.before, asks], texts), id=begun.upstream_id
            ),
            system=asked.system,
            chat_node_id=asked.chat_node_id,
            project_id=asked.project_id,
        )

    @staticmethod
    def _announce(run: Run, *, is_new: bool) -> None:
        run.emit("stream_start", {"status": "streaming", "run_id": run.id})
        if is_new:
            run.emit("conversation_id", {"conversation_id": run.conversation_id})

    # From the store --------------------------------------------------------------------------

    @property
    def _expiry(self) -> float:
        """When a run must have ended to be forgotten by now."""
        return time.time() - self._limits.kept_s

    async def _stored(self, owner: str, run_id: str) -> StoredRun | None:
        return await self._store.run(run_id, owner, since=self._expiry)

    def _may_repeat(self, run: StoredRun) -> bool:
        return self._model.again is not None and run.model == self._model.name

    async def _restore(self, stored: StoredRun) -> Run | None:
        """Return a run as the store has it, live again if it was lost and can be continued."""
        if stored.state == "ended":
            return self._load(stored)
        if not self._may_repeat(stored):
            run = self._load(stored)
            run.end("interrupted", error=RESTARTED)
            return run
        if len(self._live) >= self._limits.runs:
            raise LimitReachedError(
                "The backend is answering as many questions as it can. Try again in a moment.",
                status=503,
                retry_after_s=_RETRY_S,
            )
        run = self._load(stored)
        try:
            revived = await self._store.revive(stored)
        except BaseException:
            self._forget(run)
            run.give_up()
            raise
        if revived is None or self._model.again is None:
            self._forget(run)
            return None
        before, conversation = revived
        if not stored.blocks:  # it was killed before it said a word to anyone
            self._announce(run, is_new=True)
        question = Question(
            conversation=Conversation(messages=told(before, {}), id=conversation["upstream_id"]),
            system=stored.system,
            chat_node_id=conversation["chat_node_id"],
            project_id=conversation["project_id"],
        )
        self._start(run, self._model.again(len(run.text)), question)
        return run

    def _start(self, run: Run, source: Source, question: Question) -> None:
        run.start(
            source.stream(question),
            on_assigned=partial(self._store.assign_upstream, run.owner, run.conversation_id),
        )

    def _load(self, stored: StoredRun) -> Run:
        run = self._make(
            stored.id,
            owner=stored.owner,
            conversation_id=stored.conversation_id,
            message_id=stored.message_id,
            blocks=stored.blocks,
            is_over=stored.state == "ended",
        )
        if not run.is_over:  # whoever else comes for it is to find this one
            self._live[run.id] = run
        return run

    def _make(self, run_id: str, **options: Any) -> Run:
        options.setdefault("limits", self._limits)
        return Run(run_id, **options, journal=self._journal, on_ended=self._forget)

    def _forget(self, run: Run) -> None:
        self._live.pop(run.id, None)
        for key in [key for key, (other, _) in self._keys.items() if other is run]:
            del self._keys[key]
        task = run.task
        if task is not None and not task.done():
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _prune(self) -> None:
        """Forget old events now and then, when there is something to do anyway."""
        now = time.time()
        if now - self._pruned_at > _PRUNE_EVERY_S:
            self._pruned_at = now
            await self._store.prune(before=self._expiry)


def new_uuid() -> str:
    """Return an id that a reader may parse as a UUID; all of its 128 bits are random."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16)))


def _seconds_of_day_left() -> int:
    now = datetime.now(UTC)
    return 86_400 - now.hour * 3_600 - now.minute * 60 - now.second
