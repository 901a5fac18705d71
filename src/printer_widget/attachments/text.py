"""Text that keeps to a bound, and says what it left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class NotText(ValueError):
    """What was to be shown is no text; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model is told of a thing.

    Attributes:
        text: that.
        names: what is named in it, columns or keys: a secret is often told by its name.
    """

    text: str
    names: Sequence[str] = ()


def cut(text: str, limit: int) -> str:
    """Return the first ``limit`` characters of a text, and a remark on how many more it has."""
    more = len(text) - limit
    return text if more <= 0 else f"{text[:limit]}\n… ({count(more, 'more character')})"


def fit(lines: Iterable[str], total: int, room: int, what: str) -> list[str]:
    """Return as many of ``lines`` as there is room for, and a remark on how many more there are.

    ``total`` counts all of which ``lines`` are the first; ``room`` is in characters.
    """
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if len(kept) < total:
        kept.append(f"… ({count(total - len(kept), f'more {what}')})")
    return kept


def count(number: int, what: str) -> str:
    """Return a number with what it counts: ``"1 row"``, ``"1,200 rows"``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
