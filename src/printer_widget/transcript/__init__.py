"""A conversation to be read, kept and loaded with no kernel: HTML, Markdown, JSON, plain text."""

from __future__ import annotations

from .transcript import Transcript

__all__ = ["Transcript"]
