"""Who may ask, and how much: checked before anything else reads a request's body.

A loopback port is open to every program and every web page on the machine. Four things keep
the page out: the host check in ``app.py`` (DNS rebinding), that a page of another origin is
refused by the header in which its browser names it, the token, and that a body must be JSON, for
which a browser asks permission first (the CORS preflight) and gets none. The checks stand here
and not in the endpoints because FastAPI reads the whole body before it runs an endpoint's
dependencies: a stranger could make it hold any amount.
"""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .limits import Limits
from .refusals import Refusal
from .users import NOBODY, Users

PUBLIC_PATHS = ("/healthz", "/openapi.json")
"""What is answered without a token: nothing in there is anybody's."""

DOCS_PATHS = ("/docs", "/redoc")
"""What describes the backend to a reader, where that is switched on."""

_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


class Guard:
    """Refuse a request, or pass it on with its owner known and its body already read."""

    def __init__(self, app: ASGIApp, *, users: Users | None, limits: Limits, docs: bool) -> None:
        self._app = app
        self._users = users
        self._public_paths = frozenset((*PUBLIC_PATHS, *(DOCS_PATHS if docs else ())))
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with a refusal, or let the app answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        owner, refusal = self._find_owner(scope["path"], headers)
        refusal = (
            self._refuse_headers(headers)
            or _refuse_page(headers)
            or refusal
            or _refuse_form(scope["method"], headers)
        )
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._limits.body_s):
                body = await self._read(receive)
        except TimeoutError:
            seconds = f"{self._limits.body_s:g}"
            await Refusal(408, f"The request's body did not come in within {seconds} s.")(
                scope, receive, send
            )
            return
        if body is None:
            return  # the client went away while it was still asking
        if len(body) > self._limits.body:
            refusal = Refusal(
                413,
                f"The request's body is larger than {self._limits.body:,} bytes. "
                "Ask a shorter question, or attach less.",
            )
            await refusal(scope, receive, send)
            return
        scope["owner"] = owner
        await self._app(scope, _replay(body, receive), send)

    def _refuse_headers(self, headers: Headers) -> Refusal | None:
        """Return a 431 for more headers than any client of ours sends."""
        if sum(len(name) + len(value) for name, value in headers.raw) <= self._limits.headers:
            return None
        return Refusal(431, f"The headers are larger than {self._limits.headers:,} bytes.")

    def _find_owner(self, path: str, headers: Headers) -> tuple[str, Refusal | None]:
        """Return whose token the request carries, or a 401 (RFC 6750 §2.1, §3)."""
        if self._users is None or path in self._public_paths:
            return NOBODY, None
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return "", Refusal(
                401,
                "This backend asks for a token, and the request has none. "
                "Send it as “Authorization: Bearer <token>”.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        # Headers are decoded as Latin-1, which gives back exactly the bytes that came in.
        owner = self._users.find(credentials.strip().encode("latin-1"))
        if owner is not None:
            return owner, None
        return "", Refusal(
            401,
            "This token is not one that the backend knows. "
            "A backend that was restarted may have a new one.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )

    async def _read(self, receive: Receive) -> bytes | None:
        """Read the body until it ends or is too large; None when the client went away.

        What was counted is believed, not Content-Length: a chunked request has none.
        """
        body = bytearray()
        while len(body) <= self._limits.body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body)


def owner_of(request: Request) -> str:
    """Return whose request it is."""
    return str(request.scope["owner"])


Owner = Annotated[str, Depends(owner_of)]


def _refuse_page(headers: Headers) -> Refusal | None:
    """Return a 403 for a web page of another origin (RFC 6454 §7)."""
    origin = headers.get("origin")
    if origin is None:
        return None
    parts = urlsplit(origin)
    if parts.scheme in {"http", "https"} and parts.netloc == headers.get("host"):
        return None
    return Refusal(403, "This backend answers no web page of another origin.")


def _refuse_form(method: str, headers: Headers) -> Refusal | None:
    """Return a 415 for a body that is anything but JSON."""
    is_empty = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"
    if method not in _WITH_BODY or is_empty:
        return None
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return None
    came = f"“{media_type}”" if media_type else "no content type"
    return Refusal(
        415,
        f"The request's body must be JSON, sent as “application/json”; it came with {came}.",
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body that was read, then what comes after it."""
    unread = True

    async def replay() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
