"""What a chat's view is made with and keeps: its language, what it suggests to ask, its lesson.

It goes to the browser once, in the private trait ``_options``::

    {"locale": str | null,     BCP 47; null is English, with the reader's own dates and numbers
     "strings": {name: str},   the view's sentences where they are not English
     "suggestions": [str],     questions to click on while nothing was said yet
     "lesson": {"max_turns": int | null, "max_characters": int | null,
                "allow_context": bool, "log": str | null}}   left out where there is none

English is in the bundle, which every notebook is saved with; any other language comes from here,
for those who ask for it. ``locales/*.json`` translate ``js/src/strings.ts`` name by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .lesson import Lesson
from .wire import utf16_length

MAX_SUGGESTIONS = 12

MAX_SUGGESTION = 300
"""Longest suggestion, in UTF-16 code units."""

_TABLES = {path.stem: path for path in (Path(__file__).parent / "locales").glob("*.json")}
LOCALES = tuple(sorted({"en", *_TABLES}))
"""The languages of the view."""


def view_options(
    suggestions: Sequence[str], locale: str | None, lesson: Lesson | None = None
) -> dict[str, Any]:
    """Return the value of ``_options``.

    Raises:
        TypeError: if the suggestions are no list of texts, or the locale is no text.
        ValueError: for a suggestion that is blank or too long, for too many of them, and for a
            language that there is no table of.
    """
    options = {
        "locale": locale,
        "strings": {} if locale is None else _strings(locale),
        "suggestions": _checked(suggestions),
    }
    if lesson is not None:
        names = ("max_turns", "max_characters", "allow_context", "log")
        options["lesson"] = {name: getattr(lesson, name) for name in names}
    return options


def _checked(suggestions: Sequence[str]) -> list[str]:
    example = 'such as suggestions=["What is a mean?"]'
    if isinstance(suggestions, str) or not isinstance(suggestions, Sequence):
        raise TypeError(
            f"suggestions must be a list of texts, {example}; got {type(suggestions).__name__}"
        )
    if len(suggestions) > MAX_SUGGESTIONS:
        raise ValueError(
            f"expected at most {MAX_SUGGESTIONS} suggestions, got {len(suggestions)}: "
            "keep those that help a reader to begin"
        )
    for at, text in enumerate(suggestions):
        if not isinstance(text, str):
            raise TypeError(
                f"suggestions[{at}] must be a text, {example}; got {type(text).__name__}"
            )
        if not text.strip():
            raise ValueError(f"suggestions[{at}] is blank: expected a question to ask")
        if utf16_length(text) > MAX_SUGGESTION:
            raise ValueError(
                f"suggestions[{at}] has {utf16_length(text)} characters: a button has room for "
                f"{MAX_SUGGESTION} at most"
            )
    return list(dict.fromkeys(suggestions))


def _strings(locale: str) -> dict[str, str]:
    known = ", ".join(map(repr, LOCALES))
    if not isinstance(locale, str):
        raise TypeError(f"locale must be one of {known}; got {type(locale).__name__}")
    match = re.fullmatch(r"([a-z]{2})(-[A-Z]{2})?", locale)
    if match is None or match[1] not in LOCALES:
        raise ValueError(
            f"there is no locale {locale!r}: expected one of {known}, "
            "alone or with a region such as 'de-AT'"
        )
    table = _TABLES.get(match[1])
    strings: dict[str, str] = {} if table is None else json.loads(table.read_text("utf-8"))
    return strings
