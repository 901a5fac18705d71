"""How many characters a user has sent and was sent on a day (UTC)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from .records import AllowanceUsedError


def use(
    db: sqlite3.Connection, owner: str, characters: int, *, allowance: int | None = None
) -> None:
    """Count characters to the owner's day; AllowanceUsedError if that is more than they may."""
    day = datetime.now(UTC).date().isoformat()
    db.execute(
        "INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT (owner, day) DO UPDATE SET "
        "characters = characters + excluded.characters",
        (owner, day, characters),
    )
    if allowance is not None:
        (used,) = db.execute(
            "SELECT characters FROM usage WHERE owner = ? AND day = ?", (owner, day)
        ).fetchone()
        if used > allowance:
            raise AllowanceUsedError  # which undoes the counting, too
