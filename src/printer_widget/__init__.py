"""A streaming AI chat for Jupyter notebooks."""

from __future__ import annotations

from .conversation import Attachment, Conversation, ConversationInfo, Message
from .errors import (
    BusyError,
    ChatError,
    ClosedError,
    ConnectionFailed,
    LessonLimit,
    ProviderError,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
)
from .events import (
    ConversationAssigned,
    FinishReason,
    ModelNamed,
    ReasoningDelta,
    Reconnecting,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from .lesson import Lesson
from .providers import AGUI, AnthropicMessages, Function, OpenAIChat, Printer, VercelUI
from .sources import stream_chat
from .turn import Turn
from .widget import ChatNode

__version__ = "0.1.0"

__all__ = [
    "AGUI",
    "AnthropicMessages",
    "Attachment",
    "BusyError",
    "ChatError",
    "ChatNode",
    "ClosedError",
    "ConnectionFailed",
    "Conversation",
    "ConversationAssigned",
    "ConversationInfo",
    "FinishReason",
    "Function",
    "Lesson",
    "LessonLimit",
    "Message",
    "ModelNamed",
    "OpenAIChat",
    "Printer",
    "ProviderError",
    "ReasoningDelta",
    "Reconnecting",
    "StreamEnd",
    "StreamError",
    "StreamEvent",
    "StreamFormatError",
    "StreamInterrupted",
    "StreamStart",
    "StreamTooLarge",
    "TextDelta",
    "ToolCallDelta",
    "Turn",
    "Usage",
    "VercelUI",
    "stream_chat",
]
