"""A file that gets one line of JSON (JSON Lines, UTF-8) for each answer, when it ends.

::

    {"time": when the question was asked: ISO 8601, UTC,
     "turn": which question it was: 1 is the first,
     "question": its text,
     "answer": the answer's text, whole or as far as it came,
     "ending": "complete" | "stopped" | "interrupted" | "error",
     "error": the sentence that belongs to the ending, or null,
     "counts": {"question": characters, "answer": characters, "context": how much was attached,
                ... and where the server said both: "input_tokens", "output_tokens"}}

Nothing else is in it: no key, no token, no system prompt, and nothing that was attached. A line is
one write at the end of the file, so chats of several kernels may share one. A full disk may leave
half a line; the next one begins on a line of its own.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

from .conversation import Message

logger = logging.getLogger("printer_widget")

# What JSON leaves as it is, and some readers take for the end of a line.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a named pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
}


class AnswerLog:
    """The log at ``path``, which is made if it is not there; its folder must be.

    Raises:
        ValueError: if it cannot be written, or is no regular file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._name = os.fspath(path)
        self._path = Path(path).absolute()  # whatever folder is entered later
        self._missing = 0
        try:
            reason = self._kind()
            if reason is None:
                self._path.open("ab").close()
        except (OSError, ValueError) as error:  # ValueError: a NUL in its name
            reason = str(error.strerror if isinstance(error, OSError) else error)
        if reason is not None:
            raise ValueError(
                f"the log {self._name!r} cannot be written ({reason}): expected the name "
                "of a file, there already or not, in a folder that is there and may be written to"
            )
        self._is_doubtful = self._ends_within_a_line()

    def write(self, turn: int, question: Message, reply: Message) -> str | None:
        """Add a line; return None, or one sentence on why that was not possible."""
        text = json.dumps(_entry(turn, question, reply), ensure_ascii=False)
        line = f"{text.translate(_LINE_ENDS)}\n".encode("utf-8", "replace")
        # Not each time: another kernel may be in the midst of its line.
        if self._is_doubtful and self._ends_within_a_line():
            line = b"\n" + line
        self._is_doubtful = True
        try:
            with self._path.open("ab", buffering=0) as file:
                written = file.write(line)
        except OSError as error:
            return self._lost(str(error.strerror))
        if written != len(line):
            return self._lost("the disk is full")
        self._is_doubtful, self._missing = False, 0
        return None

    def _kind(self) -> str | None:
        """Say what is there in the place of a file, before opening it waits; None if nothing."""
        try:
            return _KINDS.get(stat.S_IFMT(self._path.stat().st_mode))
        except FileNotFoundError:
            return None

    def _ends_within_a_line(self) -> bool:
        try:
            with self._path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except OSError:  # it is empty, or cannot be read
            return False

    def _lost(self, reason: str) -> str:
        self._missing += 1
        many = self._missing > 1
        answers = f"The last {self._missing} answers are" if many else "The last answer is"
        sentence = f"{answers} missing in the log {self._name}: {reason}."
        logger.warning(sentence)
        return sentence


def _entry(turn: int, question: Message, reply: Message) -> dict[str, Any]:
    return {
        "time": reply.timestamp,
        "turn": turn,
        "question": question.content,
        "answer": reply.content,
        "ending": reply.status,
        "error": reply.error,
        "counts": {
            "question": len(question.content),
            "answer": len(reply.content),
            "context": len(question.context),
            **(reply.usage or {}),
        },
    }
