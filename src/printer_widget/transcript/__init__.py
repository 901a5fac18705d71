"""A conversation to be read, kept and loaded with no kernel: HTML, Markdown, JSON, plain text."""

from __future__ import annotations

from .transcript import FORMATS, Transcript

__all__ = ["FORMATS", "Transcript"]
