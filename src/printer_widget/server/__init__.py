"""The reference backend: the Printer protocol over FastAPI (extra ``[server]``).

::

    app.py       the endpoint: one question in, one event stream out
    guard.py     who may ask, and how much: checked before a request's body is read
    store.py     the last turns of each conversation, in memory
    embedded.py  the same app on loopback, in a thread of this process

Importing this package imports neither FastAPI nor uvicorn, so that ``embedded.available()`` can
be asked where the extra is not installed; ``create_app`` does so when it is first looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from .app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
