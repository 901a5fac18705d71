"""A streaming AI chat for Jupyter notebooks."""

from __future__ import annotations

from .conversation import Conversation, ConversationInfo, Message
from .errors import (
    BusyError,
    ChatError,
    ClosedError,
    ConnectionFailed,
    ProviderError,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
)
from .events import (
    ConversationAssigned,
    Reconnecting,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
)
from .providers import Printer
from .sources import stream_chat
from .turn import Turn
from .widget import ChatNode

__version__ = "0.1.0"

__all__ = [
    "BusyError",
    "ChatError",
    "ChatNode",
    "ClosedError",
    "ConnectionFailed",
    "Conversation",
    "ConversationAssigned",
    "ConversationInfo",
    "Message",
    "Printer",
    "ProviderError",
    "Reconnecting",
    "StreamEnd",
    "StreamError",
    "StreamEvent",
    "StreamFormatError",
    "StreamInterrupted",
    "StreamStart",
    "StreamTooLarge",
    "TextDelta",
    "Turn",
    "stream_chat",
]
