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
from .sources import Replay, record, stream_chat
from .transcript import Transcript
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
    "Replay",
    "StreamEnd",
    "StreamError",
    "StreamEvent",
    "StreamFormatError",
    "StreamInterrupted",
    "StreamStart",
    "StreamTooLarge",
    "TextDelta",
    "ToolCallDelta",
    "Transcript",
    "Turn",
    "Usage",
    "VercelUI",
    "record",
    "stream_chat",
]
