"""One wire protocol a file, each pure: it builds a request and decodes a frame."""

from __future__ import annotations

from .base import Provider, RequestSpec
from .printer import Printer

__all__ = ["Printer", "Provider", "RequestSpec"]
