"""Your own function as a model, under a name: what ``ChatNode(function)`` makes of a bare one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answerer = Callable[[list[dict[str, str]]], Any]
"""Your own function: takes the messages, gives the answer as text or as pieces of it."""


class Function:
    """Your own function as a model.

    Args:
        function: takes the messages, a list of ``{"role", "content"}``, and yields the answer's
            text in pieces, or returns it: a generator, an async generator, a coroutine or a plain
            function. What is not async runs on a thread of its own, so it may block.
        label: what the view calls it; else the function's name.

    Raises:
        TypeError: if it is none.
    """

    def __init__(self, function: Answerer, *, label: str | None = None) -> None:
        if not callable(function):
            raise TypeError(f"expected a function, got {type(function).__name__}")
        self.function = function
        self.label = str(label or getattr(function, "__name__", type(function).__name__))

    def __repr__(self) -> str:
        """Return the function's name; its address would differ in every run."""
        return f"Function({self.label})"
