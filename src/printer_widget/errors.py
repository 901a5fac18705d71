"""Everything that can go wrong, as exceptions.

::

    ChatError                  the base: ``except ChatError`` catches all of these
    ├── BusyError              a turn is already running
    ├── ClosedError            the chat was closed
    ├── ConnectionFailed       no answer began: refused, no such host, timed out
    ├── LessonLimit            the lesson of this chat does not allow the question
    ├── ProviderError          the server, or your own function, said that it failed
    ├── StreamFormatError      what came is not an event stream of the expected protocol
    ├── StreamInterrupted      the stream broke off before its end
    └── StreamTooLarge         an event or the whole reply is larger than its limit

Whatever text had arrived before a turn failed is kept: ``error.reply`` is the labelled partial
:class:`~printer_widget.Message`. No message of these ever holds a token, a key, or the user part
or query of a URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conversation import Message


class ChatError(Exception):
    """The base of every error of this package.

    Attributes:
        reply: the partial answer with its ending, where the error ended a turn; else None.
    """

    reply: Message | None = None


class BusyError(ChatError):
    """A turn is running and only one can; wait for it, or stop it, first."""


class ClosedError(ChatError):
    """The chat was closed and takes no more commands."""


class ConnectionFailed(ChatError):
    """No answer began: the server could not be reached, or did not answer in time."""


class LessonLimit(ChatError):
    """The lesson of this chat does not allow the question; see :class:`printer_widget.Lesson`."""


class ProviderError(ChatError):
    """The server, or your own function, said that it failed.

    Attributes:
        status: the HTTP status code; None where the error came inside a stream.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class StreamFormatError(ChatError):
    """What came is not an event stream, or an event of it is not of the protocol's form."""


class StreamInterrupted(ChatError):
    """The stream broke off before its end: closed, reset, or silent for too long."""


class StreamTooLarge(ChatError):
    """An event, or the whole reply, is larger than its limit."""
