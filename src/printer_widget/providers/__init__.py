"""One wire protocol a file, each pure: it builds a request and decodes a frame."""

from __future__ import annotations

from .agui import AGUI
from .anthropic import AnthropicMessages
from .base import Provider, RequestSpec
from .function import Answerer, Function
from .names import provider_named
from .openai import OpenAIChat
from .printer import Printer
from .vercel import VercelUI

__all__ = [
    "AGUI",
    "Answerer",
    "AnthropicMessages",
    "Function",
    "OpenAIChat",
    "Printer",
    "Provider",
    "RequestSpec",
    "VercelUI",
    "provider_named",
]
