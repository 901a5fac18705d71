"""What both ways have in common: how long things may be, and how that is counted."""

from __future__ import annotations

from typing import Any

MAX_TEXT = 1_000_000
"""Longest text of one ``send`` or ``edit``, in UTF-16 code units."""

MAX_NAME = 128
"""Longest client, nonce, turn or message name, in UTF-16 code units."""

MAX_TITLE = 200
"""Longest title of a conversation, in UTF-16 code units."""

MAX_COUNT = 2**53 - 1
"""Largest offset or revision: JavaScript's Number.MAX_SAFE_INTEGER (ECMA-262 §21.1.2.6)."""

ASSETS = ("context", "conversations", "editor", "highlight", "math")
"""The assets that a browser may ask for: each is a file of ``static/assets/``."""

JSON = dict[str, Any]


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of ``text``: what JavaScript calls its length."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_within(text: str, limit: int) -> bool:
    """Say whether ``text`` has at most ``limit`` UTF-16 code units; cheap if far more."""
    return len(text) <= limit and utf16_length(text) <= limit
