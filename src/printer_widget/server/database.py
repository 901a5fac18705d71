"""SQLite on a thread of its own, so that no event loop ever waits for a disk.

Work is a function that takes the connection. Whatever waits when the thread is free is done in
one transaction (a group commit): under load the price of a commit is shared by all that came in
during the last one, and alone nothing is waited for. A function that raises undoes its own
changes and no one else's. One may be called a second time, after what it did was undone.

WAL with ``synchronous=NORMAL``: what was committed survives the death of the process, whatever
killed it; the last moments before a power cut may be lost, the file stays sound. The file is
locked for as long as it is open: a second backend on it would take the first one's runs for those
of a dead process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from .schema import ForeignDatabaseError, migrate

T = TypeVar("T")

LOCK_S = 3.0
"""How long opening waits for a backend that is just ending to let go of the file, in seconds."""

_MOST_AT_ONCE = 1_000

_Jobs = queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None]


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class Database:
    """One SQLite database, its thread, and the way to hand it work, from any thread.

    ``path`` is its file, made if there is none, for this user alone; None keeps it in memory.

    Raises StoreError if it cannot be opened.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._jobs: _Jobs = queue.SimpleQueue()
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=_work, args=(path, self._jobs, opened), name="printer-widget-store", daemon=True
        )
        self._thread.start()
        opened.result()
        # Also when it is dropped or the process ends: the thread holds the queue, not this object.
        self._end = weakref.finalize(self, self._jobs.put, None)

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Have ``work`` done in the next transaction; its result is there once that is stored.

        Raises StoreError after ``close()``.
        """
        if not self._end.alive:
            raise StoreError("The store was closed.")
        done: Future[T] = Future()
        self._jobs.put((work, done))
        return done

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` in the next transaction and return its result once that is stored."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Do what was submitted, then close the file; idempotent."""
        self._end()
        if threading.current_thread() is not self._thread:
            self._thread.join()


def _work(path: Path | None, jobs: _Jobs, opened: Future[None]) -> None:
    """Be the thread: open, do what comes, close."""
    try:
        db = _open(path)
    except BaseException as error:  # noqa: BLE001 - raised again, by the thread that opens
        opened.set_exception(error)
        return
    opened.set_result(None)
    with contextlib.closing(db):
        ended = False
        while not ended:
            waiting = [jobs.get()]
            with contextlib.suppress(queue.Empty):
                while len(waiting) < _MOST_AT_ONCE:
                    waiting.append(jobs.get_nowait())
            ended = None in waiting
            _commit_together(db, [job for job in waiting if job is not None])


def _commit_together(
    db: sqlite3.Connection, jobs: list[tuple[Callable[[sqlite3.Connection], Any], Future[Any]]]
) -> None:
    """Do the jobs in one transaction, and tell each its result when all are stored.

    If they cannot be stored together, each is done once more, alone.
    """
    results: list[tuple[Future[Any], Any]] = []
    failures: list[tuple[Future[Any], BaseException]] = []
    try:
        db.execute("BEGIN IMMEDIATE")
        for work, done in jobs:
            db.execute("SAVEPOINT job")
            try:
                results.append((done, work(db)))
            except Exception as error:
                if not db.in_transaction:  # a full disk: SQLite has undone everything
                    raise
                db.execute("ROLLBACK TO job")
                failures.append((done, error))
            db.execute("RELEASE job")
        db.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - told to whom it concerns: nothing was stored
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        if len(jobs) > 1:
            for job in jobs:
                _commit_together(db, [job])
            return
        results, failures = [], [(done, error) for _, done in jobs]
    # A waiter may have given its future up meanwhile.
    for done, result in results:
        if done.set_running_or_notify_cancel():
            done.set_result(result)
    for done, failure in failures:
        if done.set_running_or_notify_cancel():
            done.set_exception(failure)


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        db = sqlite3.connect(":memory:", isolation_level=None)
    else:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite gives its log beside the file the same permissions.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(
                f"The data file {path} cannot be opened: {error.strerror or error}. "
                "Name another place for it with --db."
            ) from error
        db = sqlite3.connect(path, isolation_level=None, timeout=LOCK_S)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN EXCLUSIVE").execute("COMMIT")
        migrate(db)
    except (ForeignDatabaseError, sqlite3.Error) as error:
        db.close()
        raise StoreError(_why_not(path, error)) from error
    except BaseException:
        db.close()
        raise
    return db


def _why_not(path: Path | None, error: Exception) -> str:
    where = "The store in memory" if path is None else f"The data file {path}"
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return (
            f"{where} is in use, by another backend it seems. Stop that one, or name another file "
            "with --db."
        )
    return f"{where} cannot be used: {error}. Name another file with --db."
