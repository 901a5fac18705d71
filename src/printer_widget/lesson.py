"""What the author of a lesson allows in its chat: values and their checks, no I/O."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import LessonLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How the chat of a lesson begins, and how much its students may ask.

    The limits are kept in Python, where a student can change the cell: they guide, and guard
    nothing. What has to hold belongs to the backend: see ``printer-widget serve --help`` for its
    budgets and its locked system prompt.

    Args:
        system: what the model is told to be.
        suggestions: questions that a student can click on while nothing was said yet.
        max_turns: how many questions may be asked; None: any number. One that is edited or asked
            again is another one, and deleting it or clearing the chat gives none back. A question
            that failed before any of its answer came does not count. A new ChatNode begins anew.
        max_characters: how long a question may be, in code points and without what is attached
            to it; None: as long as any.
        allow_context: whether something may be attached to a question.
        log: the file that gets one line of JSON for each answer when it ends, for grading (see
            :mod:`printer_widget.answer_log`); the view says so, and names it. None: no log.

    Raises:
        TypeError: for a value of another type.
        ValueError: for a limit below 1, a blank system prompt or log, and a suggestion that is
            longer than a question may be.
    """

    system: str | None = None
    suggestions: Sequence[str] | None = None
    max_turns: int | None = None
    max_characters: int | None = None
    allow_context: bool = True
    log: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        _check_text("system", self.system)
        _check_limit("max_turns", self.max_turns)
        _check_limit("max_characters", self.max_characters)
        if not isinstance(self.allow_context, bool):
            raise TypeError(f"allow_context must be True or False, got {self.allow_context!r}")
        if isinstance(self.log, os.PathLike):
            object.__setattr__(self, "log", os.fspath(self.log))
        _check_text("log", self.log)
        if not isinstance(self.suggestions, list | tuple):
            return  # there are none, or the chat says what is wrong with them
        object.__setattr__(self, "suggestions", tuple(self.suggestions))
        for text in map(str, self.suggestions):
            if self._is_too_long(text):
                raise ValueError(
                    f"the suggestion {text[:40]!r} has {len(text)} characters, but this lesson "
                    f"allows {self.max_characters} in a question (max_characters)"
                )

    def settings(
        self, system: str | None, suggestions: Sequence[str] | None
    ) -> tuple[str | None, Sequence[str] | None]:
        """Return the system prompt and the suggestions of a chat that may have its own.

        Raises:
            ValueError: if one of them is given to both.
        """
        given = {"system": (self.system, system), "suggestions": (self.suggestions, suggestions)}
        for name, (mine, other) in given.items():
            if mine is not None and other is not None:
                raise ValueError(f"{name}= is given twice: to the chat and to its lesson")
        return system or self.system, self.suggestions if suggestions is None else suggestions

    def left(self, asked: int) -> int | None:
        """Return how many questions may follow ``asked``; None where there is no such limit."""
        return None if self.max_turns is None else max(0, self.max_turns - asked)

    def check(self, *, asked: int, text: str = "", has_context: bool = False) -> None:
        """Check a question that would follow ``asked`` others.

        Raises:
            LessonLimit: if this lesson does not allow it.
        """
        if self.left(asked) == 0:
            raise LessonLimit(
                f"no questions are left: this lesson allows {self.max_turns} (max_turns)"
            )
        if self._is_too_long(text):
            raise LessonLimit(
                f"the question has {len(text)} characters: this lesson allows "
                f"{self.max_characters} (max_characters). Shorten it"
            )
        if has_context and not self.allow_context:
            raise LessonLimit("this lesson allows no context (allow_context=False): ask without it")

    def _is_too_long(self, text: str) -> bool:
        return self.max_characters is not None and len(text) > self.max_characters


def _check_text(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} is blank: leave it out where there is none")


def _check_limit(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}: leave it out for no limit")
