"""The demo model: short Markdown answers, deterministic, at a human pace.

It is what a first-time visitor meets in ``ChatNode()``: no account, no key, no network, and every
part of the widget to try out. It does not think and says so. The same question always gets the
same answer, so that notebooks and tests can rely on it.

What it knows is in :mod:`.repertoire`. What a reader puts beside a question it cannot use, but says
back, so that one sees what a model is told.
"""

from __future__ import annotations

import asyncio
import math
import re
import textwrap
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from html import unescape
from typing import Any

from .repertoire import DEFAULTS, REPERTOIRE

THINKING_S = 0.35
"""Silence before the first token, in seconds: long enough to see “AI is thinking…”."""

MAX_QUOTE = 160
"""Longest quotation of a question, in code points."""

MAX_ECHO = 2_000
"""Longest text that is repeated on request, in code points."""

MAX_LINES = 12
"""Longest part of a context that is said back, in lines."""

_YIELD_EVERY = 64  # tokens between two turns of the event loop, when there is no pace to keep


def answer(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer to the last user message, as Markdown.

    Each message is a mapping with ``role`` (system, user or assistant) and ``content`` (text).
    Raises ValueError when there is no user message, TypeError when a content is not text.
    """
    for message in messages:
        if not isinstance(message.get("content"), str):
            raise TypeError(
                "The demo model takes messages whose content is text (str), not "
                f"{type(message.get('content')).__name__}."
            )
    questions = [message["content"] for message in messages if message.get("role") == "user"]
    if not questions:
        raise ValueError('The demo model needs a message with role "user"; it was given none.')
    shown, question = _parted(questions[-1])
    text = shown + _reply(question, earlier=len(questions) - 1)
    roles = [message["content"] for message in messages if message.get("role") == "system"]
    if roles and roles[-1].strip():
        text = (
            f"You asked me to act as: “{_quoted(roles[-1])}”. "
            f"A real model would; I can only read it back.\n\n{text}"
        )
    return text


def tokens(text: str) -> list[str]:
    """Split a text into pieces such as a model would send; joined, they are the text again.

    A piece is up to eight letters with the space before them, a mark, or line breaks. What is
    drawn as one character stays whole in the common cases (UAX #29): combining marks, joined
    emoji, flags, skin tones, and a surrogate pair that stands as two code points.
    """
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if pieces and (_continues(piece[0]) or pieces[-1].endswith("\u200d")):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


async def demo_model(
    messages: Sequence[Mapping[str, Any]],
    *,
    tokens_per_second: float = 40.0,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[str]:
    """Yield the answer piece by piece, ``math.inf`` tokens per second meaning without a pause.

    Each token has its deadline from the beginning, so that a sleep which comes back late does
    not slow the answer down. Raises ValueError unless ``tokens_per_second`` is above 0, and what
    ``answer`` raises.
    """
    if not tokens_per_second > 0:
        raise ValueError(
            f"tokens_per_second must be above 0 (or math.inf), not {tokens_per_second!r}."
        )
    pieces = tokens(answer(messages))
    paced = not math.isinf(tokens_per_second)
    first = clock() + THINKING_S
    for number, piece in enumerate(pieces):
        if paced:
            # Not skipped when the deadline has passed: a sleep of 0 lets others, and Stop, run.
            await sleep(max(0.0, first + number / tokens_per_second - clock()))
        elif number % _YIELD_EVERY == 0:
            await sleep(0)
        yield piece


_PIECE = re.compile(
    r"""
      (?:\r?\n)+
    | [ ]?\w{1,8}
    | [ ]+(?=[ ])                            # all but the last space of an indent
    | [ ]?[\U0001F1E6-\U0001F1FF]{2}         # a flag is two regional indicators
    | [ ]?[\ud800-\udbff][\udc00-\udfff]
    | [ ]?[^\w\s]
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def _continues(character: str) -> bool:
    """Tell whether a character is drawn together with the one before it."""
    return (
        unicodedata.category(character).startswith("M")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
    )


def _as_text(text: str) -> str:
    """Escape a line so that Markdown shows it as it was typed (CommonMark §2.4).

    Also breaks what GitHub's dialect would make a link, and drops what no font shows.
    """
    shown = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cs"})
    escaped = re.sub(r"[\\`*_{}\[\]<>#|~$&@]|:(?=//)|(?<=www)\.", r"\\\g<0>", shown)
    return re.sub(r"^(\s*\d*)([-+=.)])", r"\1\\\2", escaped)


def _quoted(text: str) -> str:
    """Return a text as one short line of Markdown that shows it."""
    line = " ".join(text.split())
    if len(line) > MAX_QUOTE:
        at_a_word = textwrap.shorten(line, MAX_QUOTE, placeholder=" …")
        line = at_a_word if len(at_a_word) > MAX_QUOTE // 2 else f"{line[: MAX_QUOTE - 1]}…"
    return _as_text(line)


def _parted(prompt: str) -> tuple[str, str]:
    """Return what is to be said of the context before a question, and the question alone."""
    shown = []
    while context := _CONTEXT.match(prompt):
        prompt = prompt[context.end() :]
        name = f" as **{_quoted(unescape(context['name']))}**" if context["name"] else ""
        lines = context["text"].split("\n")
        cut = "\n…" if len(lines) > MAX_LINES else ""
        size = f"{len(context['text']):,} characters"
        block = _fenced("\n".join(lines[:MAX_LINES])[:MAX_ECHO] + cut)
        shown.append(f"With your question I was shown this{name} ({size}):\n\n{block}\n\n")
    if shown:
        shown.append("A real model would look into it; I can only read it back.\n\n")
    return "".join(shown), prompt


def _reply(question: str, *, earlier: int) -> str:
    echo = _ECHO.match(question)
    if echo:
        return _echoed(echo["text"])
    for pattern, text in REPERTOIRE:
        if pattern.search(question):
            return text
    return _otherwise(question, earlier=earlier)


def _echoed(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_ECHO:
        text = f"{text[: MAX_ECHO - 1]}…"
    return _fenced(text) if "\n" in text else _as_text(text)


def _fenced(text: str) -> str:
    # A fence is closed only by one at least as long (CommonMark §4.5).
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _otherwise(question: str, *, earlier: int) -> str:
    before = {0: "", 1: " It is your second question here."}.get(
        earlier, f" You asked {earlier} questions before it."
    )
    text = DEFAULTS[len(question) % len(DEFAULTS)]
    return (
        f"You asked: “{_quoted(question)}”.{before}\n\n{text}\n\n"
        "Ask me for **code**, a **table**, a **list**, some **math** or a **story**, or how to "
        "**connect a real model**."
    )


_ECHO = re.compile(
    r"\s*(?:please\s+)?(?:repeat(?:\s+after\s+me)?|echo|say)(?:\s*:\s*|\s+)(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)

_CONTEXT = re.compile(
    r'<context(?: name="(?P<name>[^"]*)")?>\n(?P<text>.*?)\n</context>\n\n', re.DOTALL
)
