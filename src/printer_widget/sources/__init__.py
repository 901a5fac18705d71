"""A source turns a question into the events of its answer."""

from __future__ import annotations

from .base import Archive, DeferredSource, Source, SourceLike, as_source, stream_chat
from .function import FunctionSource
from .http import HttpSource
from .record import record
from .replay import Replay

__all__ = [
    "Archive",
    "DeferredSource",
    "FunctionSource",
    "HttpSource",
    "Replay",
    "Source",
    "SourceLike",
    "as_source",
    "record",
    "stream_chat",
]
