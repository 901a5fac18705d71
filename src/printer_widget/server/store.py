"""What is kept: conversations and their messages, runs and what was sent of them.

Each method is one piece of work for the database's thread. Everything belongs to an owner and is
found by owner and id together, so that somebody else's is the same as nothing.

Texts are stored as they are shown: surrogate pairs joined, lone halves as U+FFFD, since neither
UTF-8 nor SQLite can hold them. The events of a run are kept as the bytes that were sent.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..batching import join_surrogates
from .database import Database
from .records import Begun, Ending, NewRun, Progress, StoredRun
from .usage import use

MAX_HISTORY = 50
"""How many earlier messages of a conversation a model is told: as many questions as answers."""

MAX_IN_MEMORY = 256
"""How many conversations a store in memory keeps; the one unused for longest goes first."""

LONGEST_TITLE = 60
"""Longest title made of a question, in code points."""

STREAMING = "streaming"
"""The status of an answer that has no ending yet; it is not listed among the messages."""

RESTARTED = "The backend was restarted before the answer was complete."

Row = dict[str, Any]


class Store:
    """The backend's memory, in a file or (``path`` None) as long as the process lives."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._database = Database(path)

    def close(self) -> None:
        """Store what waits and close the file; idempotent."""
        self._database.close()

    # Runs ----------------------------------------------------------------------------------

    async def begin(self, run: NewRun, *, allowance: int | None = None) -> Begun:
        """Store a question and the place of its answer; return what it goes on from.

        The messages before it are at most the last ``MAX_HISTORY``. ``allowance`` is how many
        characters the user has for the day; AllowanceUsedError if the question exceeds it.
        """

        def work(db: sqlite3.Connection) -> Begun:
            now = _timestamp()
            use(db, run.owner, len(run.question) + len(run.system or ""), allowance=allowance)
            db.execute(
                """
                INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, NULL)
                ON CONFLICT (owner, id) DO UPDATE SET
                  updated_at = excluded.updated_at,
                  chat_node_id = coalesce(chat_node_id, excluded.chat_node_id),
                  project_id = coalesce(project_id, excluded.project_id)
                """,
                (
                    *(run.owner, run.conversation_id, _title(run.question)),
                    *(_whole(run.chat_node_id), _whole(run.project_id), now, now),
                ),
            )
            said = (
                (run.question_id, "user", _whole(run.question), "complete"),
                (run.message_id, "assistant", "", STREAMING),
            )
            before = _history(db, run.owner, run.conversation_id)
            db.executemany(
                "INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, NULL)",
                [
                    (name, run.owner, run.conversation_id, role, content, now, status)
                    for name, role, content, status in said
                ],
            )
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'live', ?, ?)",
                (
                    *(run.id, run.owner, run.conversation_id, run.message_id, run.model),
                    *(_whole(run.system), run.idempotency_key, run.fingerprint),
                    *(time.time(), time.time()),
                ),
            )
            if self.path is None:
                _forget_oldest(db, run.owner)
            (conversation,) = _conversation(db, run.owner, run.conversation_id)
            return Begun(before=before, upstream_id=conversation["upstream_id"])

        return await self._database.run(work)

    async def write(self, progress: Iterable[Progress]) -> None:
        """Store the events and endings of any number of runs, all or none of them."""
        batch = list(progress)

        def work(db: sqlite3.Connection) -> None:
            db.executemany(
                # A conversation that was deleted meanwhile has taken its runs along.
                "INSERT INTO events SELECT ?1, ?2, ?3 WHERE EXISTS "
                "(SELECT 1 FROM runs WHERE id = ?1)",
                [
                    (run.run_id, number, block)
                    for run in batch
                    for number, block in enumerate(run.blocks, start=run.first_id)
                ],
            )
            for run in batch:
                if run.characters:
                    use(db, run.owner, run.characters)
                if run.ending is not None:
                    _end(db, run.run_id, run.message_id, run.ending)

        await self._database.run(work)

    async def charge(self, owner: str, characters: int, *, allowance: int | None) -> None:
        """Count characters to the owner's day; AllowanceUsedError if they exceed ``allowance``."""
        await self._database.run(lambda db: use(db, owner, characters, allowance=allowance))

    async def run(self, run_id: str, owner: str, *, since: float) -> StoredRun | None:
        """Return a run of this owner with its events; None if it was over before ``since``."""

        def work(db: sqlite3.Connection) -> StoredRun | None:
            rows = _rows(
                db,
                "SELECT * FROM runs WHERE id = ? AND owner = ? "
                "AND (state = 'live' OR changed_at >= ?)",
                *(run_id, owner, since),
            )
            return _stored_run(db, rows[0]) if rows else None

        return await self._database.run(work)

    async def run_of_key(self, owner: str, key: str, *, since: float) -> str | None:
        """Return the id of the run that was begun with this key, not before ``since``."""

        def work(db: sqlite3.Connection) -> str | None:
            found = db.execute(
                "SELECT id FROM runs WHERE owner = ? AND idempotency_key = ? AND created_at >= ? "
                "ORDER BY created_at DESC",
                (owner, key, since),
            ).fetchone()
            return found and str(found[0])

        return await self._database.run(work)

    async def revive(self, run: StoredRun) -> tuple[list[Row], Row] | None:
        """Make a lost run live again; return the messages before its answer, and its place.

        None if it is gone. The last of the messages is its question; the place is its
        conversation.
        """

        def work(db: sqlite3.Connection) -> tuple[list[Row], Row] | None:
            place = _rows(db, "SELECT seq FROM messages WHERE id = ?", run.message_id)
            if not place:
                return None
            db.execute(
                "UPDATE runs SET state = 'live', changed_at = ? WHERE id = ?", (time.time(), run.id)
            )
            # One more than at its beginning: the question stands among them by now.
            before = _history(
                db,
                *(run.owner, run.conversation_id),
                before=place[0]["seq"],
                limit=MAX_HISTORY + 1,
            )
            (conversation,) = _rows(
                db,
                "SELECT * FROM conversations WHERE owner = ? AND id = ?",
                *(run.owner, run.conversation_id),
            )
            return before, conversation

        return await self._database.run(work)

    def assign_upstream(self, owner: str, conversation_id: str, upstream_id: str) -> None:
        """Note under which id the backend behind this one keeps a conversation; do not wait."""
        self._database.submit(
            lambda db: db.execute(
                "UPDATE conversations SET upstream_id = ? WHERE owner = ? AND id = ?",
                (_whole(upstream_id), owner, conversation_id),
            )
        )

    async def prune(self, *, before: float) -> None:
        """Forget the events of runs that ended, or were lost, before a time; keep messages."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM runs WHERE state IN ('ended', 'lost') AND changed_at < ?", (before,)
            )
            db.execute("DELETE FROM usage WHERE day < date('now', '-1 day')")

        await self._database.run(work)

    def recover(self, decide: Callable[[StoredRun], tuple[str, tuple[bytes, ...], bool]]) -> int:
        """Give every run that a dead process left behind what can be saved of it.

        ``decide`` takes such a run and returns its text so far, events to add, and whether it
        may still be continued. Its message is "interrupted" either way, until somebody comes
        back for the rest. Returns how many there were. Call it before the first request.
        """

        def work(db: sqlite3.Connection) -> int:
            left = _rows(db, "SELECT * FROM runs WHERE state = 'live'")
            for row in left:
                run = _stored_run(db, row)
                text, blocks, may_continue = decide(run)
                db.executemany(
                    "INSERT INTO events VALUES (?, ?, ?)",
                    [
                        (run.id, number, block)
                        for number, block in enumerate(blocks, start=len(run.blocks) + 1)
                    ],
                )
                ending = Ending(status="interrupted", error=RESTARTED, text=text)
                _end(db, run.id, run.message_id, ending, state="lost" if may_continue else "ended")
            return len(left)

        return self._database.submit(work).result()

    # Conversations -------------------------------------------------------------------------

    async def conversations(
        self, owner: str, *, chat_node_id: str | None, limit: int, before: str | None
    ) -> list[Row] | None:
        """Return an owner's conversations, newest first; None if ``before`` is none of them."""

        def work(db: sqlite3.Connection) -> list[Row] | None:
            if before is not None and not _conversation(db, owner, before):
                return None
            return _rows(
                db,
                f"""
                {_LISTED} WHERE owner = :owner
                  AND (:node IS NULL OR chat_node_id = :node)
                  AND (:before IS NULL OR (updated_at, rowid) <
                    (SELECT updated_at, rowid FROM conversations
                     WHERE owner = :owner AND id = :before))
                ORDER BY updated_at DESC, rowid DESC LIMIT :limit
                """,  # noqa: S608 - both parts are ours
                {"owner": owner, "node": chat_node_id, "before": before, "limit": limit},
            )

        return await self._database.run(work)

    async def conversation(self, owner: str, conversation_id: str) -> Row | None:
        """Return one conversation, or None."""
        return await self._first(lambda db: _conversation(db, owner, conversation_id))

    async def rename(self, owner: str, conversation_id: str, title: str) -> Row | None:
        """Give a conversation a title and return it; None if there is none."""

        def work(db: sqlite3.Connection) -> list[Row]:
            db.execute(
                "UPDATE conversations SET title = ? WHERE owner = ? AND id = ?",
                (title, owner, conversation_id),
            )
            return _conversation(db, owner, conversation_id)

        return await self._first(work)

    async def delete(self, owner: str, conversation_id: str) -> bool:
        """Delete a conversation with its messages, runs and events; say whether it was there."""

        def work(db: sqlite3.Connection) -> bool:
            deleted = db.execute(
                "DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, conversation_id)
            )
            return deleted.rowcount > 0

        return await self._database.run(work)

    async def messages(self, owner: str, conversation_id: str) -> list[Row] | None:
        """Return the messages that have an ending, in order; None without the conversation."""

        def work(db: sqlite3.Connection) -> list[Row] | None:
            if not _conversation(db, owner, conversation_id):
                return None
            return _rows(
                db,
                """
                SELECT id, conversation_id, role, content, timestamp, status, error FROM messages
                WHERE owner = ? AND conversation_id = ? AND status != ? ORDER BY seq
                """,
                *(owner, conversation_id, STREAMING),
            )

        return await self._database.run(work)

    async def _first(self, work: Callable[[sqlite3.Connection], list[Row]]) -> Row | None:
        rows = await self._database.run(work)
        return rows[0] if rows else None


_LISTED = """
SELECT id, title, chat_node_id, project_id, created_at, updated_at, upstream_id,
  (SELECT count(*) FROM messages AS m WHERE m.owner = c.owner AND m.conversation_id = c.id
    AND m.status != 'streaming') AS message_count
FROM conversations AS c
"""


def _rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    """Return the rows of a query as mappings; ``values`` are its ?s, or one mapping of names."""
    named = len(values) == 1 and isinstance(values[0], dict)
    cursor = db.execute(sql, values[0] if named else values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _conversation(db: sqlite3.Connection, owner: str, conversation_id: str) -> list[Row]:
    return _rows(db, f"{_LISTED} WHERE owner = ? AND id = ?", owner, conversation_id)


def _history(
    db: sqlite3.Connection,
    owner: str,
    conversation_id: str,
    *,
    before: int = 2**62,
    limit: int | None = None,
) -> list[Row]:
    rows = _rows(
        db,
        "SELECT id, role, content, timestamp, status FROM messages "
        "WHERE owner = ? AND conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        *(owner, conversation_id, before, limit or MAX_HISTORY),
    )
    return rows[::-1]


def _stored_run(db: sqlite3.Connection, row: Row) -> StoredRun:
    blocks = db.execute("SELECT block FROM events WHERE run_id = ? ORDER BY id", (row["id"],))
    kept = ("id", "owner", "conversation_id", "message_id", "model", "system", "fingerprint")
    return StoredRun(
        **{name: row[name] for name in kept},
        state=row["state"],
        blocks=tuple(block for (block,) in blocks),
    )


def _end(
    db: sqlite3.Connection, run_id: str, message_id: str, ending: Ending, *, state: str = "ended"
) -> None:
    db.execute(
        "UPDATE messages SET content = ?, status = ?, error = ? WHERE id = ?",
        (_whole(ending.text), ending.status, ending.error, message_id),
    )
    db.execute(
        "UPDATE runs SET state = ?, changed_at = ? WHERE id = ?", (state, time.time(), run_id)
    )


def _forget_oldest(db: sqlite3.Connection, owner: str) -> None:
    db.execute(
        "DELETE FROM conversations WHERE rowid IN (SELECT rowid FROM conversations "
        "WHERE owner = ? ORDER BY updated_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (owner, MAX_IN_MEMORY),
    )


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _title(question: str) -> str:
    title = " ".join(_whole(question[: 4 * LONGEST_TITLE]).split())
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _whole(text: str | None) -> Any:
    return None if text is None else join_surrogates(text)
