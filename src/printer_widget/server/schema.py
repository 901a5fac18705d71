"""The tables of the store, and the way to them from every older version.

A migration is never changed once it was released: a database keeps the number of those it has
been through in SQLite's ``user_version``, and gets the ones that follow, each in a transaction of
its own. What a migration does to data is therefore done once, whatever the version one comes from.

::

    conversations   whose, its title, where it belongs, its id at the backend behind this one
    messages        in order of ``seq``; an answer has its place from the moment of its question
    runs            one question's answer being made: 'live', 'lost' (its process ended), 'ended'
    events          what was sent of a run, each as the bytes that went out
    usage           how many characters a user has sent and was sent on a day (UTC)
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x50524E54
"""``PRNT``: SQLite's mark of whose database a file is."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE conversations (
          owner TEXT NOT NULL,
          id TEXT NOT NULL,
          title TEXT NOT NULL,
          chat_node_id TEXT,
          project_id TEXT,
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          PRIMARY KEY (owner, id)
        )
        """,
        "CREATE INDEX conversations_by_age ON conversations (owner, updated_at)",
        """
        CREATE TABLE messages (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          owner TEXT NOT NULL,
          conversation_id TEXT NOT NULL,
          role TEXT NOT NULL,
          content TEXT NOT NULL,
          timestamp TEXT NOT NULL,
          status TEXT NOT NULL,
          error TEXT,
          FOREIGN KEY (owner, conversation_id)
            REFERENCES conversations (owner, id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX messages_in_order ON messages (owner, conversation_id, seq)",
        """
        CREATE TABLE runs (
          id TEXT PRIMARY KEY,
          owner TEXT NOT NULL,
          conversation_id TEXT NOT NULL,
          message_id TEXT NOT NULL,
          model TEXT NOT NULL,
          system TEXT,
          idempotency_key TEXT,
          fingerprint BLOB NOT NULL,
          state TEXT NOT NULL,
          created_at REAL NOT NULL,
          changed_at REAL NOT NULL,
          FOREIGN KEY (owner, conversation_id)
            REFERENCES conversations (owner, id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX runs_of_conversation ON runs (owner, conversation_id)",
        "CREATE INDEX runs_by_key ON runs (owner, idempotency_key)",
        "CREATE INDEX runs_by_state ON runs (state, changed_at)",
        """
        CREATE TABLE events (
          run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
          id INTEGER NOT NULL,
          block BLOB NOT NULL,
          PRIMARY KEY (run_id, id)
        ) WITHOUT ROWID
        """,
    ),
    (
        "ALTER TABLE conversations ADD COLUMN upstream_id TEXT",
        """
        CREATE TABLE usage (
          owner TEXT NOT NULL,
          day TEXT NOT NULL,
          characters INTEGER NOT NULL,
          PRIMARY KEY (owner, day)
        ) WITHOUT ROWID
        """,
    ),
)


class ForeignDatabaseError(Exception):
    """The file is not a database that this version can use; the text says why."""


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database, new or old, to the newest version.

    Raises:
        ForeignDatabaseError: if it is another program's, or written by a newer version of this one.
        sqlite3.Error: if it cannot be read or written.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise ForeignDatabaseError("it is the database of another program")
    if version > len(MIGRATIONS):
        raise ForeignDatabaseError(
            f"it was written by a newer version of printer_widget (its format is {version}; "
            f"this version knows formats up to {len(MIGRATIONS)})"
        )
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
