"""Who may ask, and how much: checked before anything else reads a request's body.

A loopback port is open to every program and every web page on the machine. Three things keep
the page out: the host check in ``app.py`` (DNS rebinding), the token, and that a POST must be
JSON, for which a browser asks permission first (the CORS preflight) and gets none. The checks
stand here and not in the endpoint because FastAPI reads the whole body before it runs an
endpoint's dependencies: a stranger could make it hold any amount.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 1024 * 1024
"""Largest request body, in bytes."""

PUBLIC_PATHS = frozenset({"/healthz", "/openapi.json"})
"""What is answered without a token: nothing in there is anybody's."""


class Guard:
    """Refuse a request with 401, 413 or 415, or pass it on with its body already read."""

    def __init__(self, app: ASGIApp, *, token: str | None, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with a refusal, or let the app answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refuse_stranger(scope["path"], headers)
        if refusal is None and scope["method"] == "POST":
            refusal = _refuse_form(headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        body = await self._read(receive)
        if body is None:
            return  # the client went away while it was still asking
        if len(body) > self._max_body:
            refusal = _refusal(
                413,
                f"The request's body is larger than {self._max_body:,} bytes. "
                "Ask a shorter question, or attach less.",
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _refuse_stranger(self, path: str, headers: Headers) -> JSONResponse | None:
        """Return a 401 unless the request carries the token (RFC 6750 §2.1, §3)."""
        if self._token is None or path in PUBLIC_PATHS:
            return None
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _refusal(
                401,
                "This backend asks for a token, and the request has none. "
                "Send it as “Authorization: Bearer <token>”.",
                challenge="Bearer",
            )
        # Headers are decoded as Latin-1, which gives back exactly the bytes that came in.
        if secrets.compare_digest(credentials.strip().encode("latin-1"), self._token):
            return None
        return _refusal(
            401,
            "This token is not the one that the backend expects. "
            "A backend that was restarted may have a new one.",
            challenge='Bearer error="invalid_token"',
        )

    async def _read(self, receive: Receive) -> bytes | None:
        """Read the body until it ends or is too large; None when the client went away.

        What was counted is believed, not Content-Length: a chunked request has none.
        """
        body = bytearray()
        while len(body) <= self._max_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body)


def _refuse_form(headers: Headers) -> JSONResponse | None:
    """Return a 415 for anything but JSON."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return None
    came = f"“{media_type}”" if media_type else "no content type"
    return _refusal(
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


def _refusal(status: int, detail: str, *, challenge: str | None = None) -> JSONResponse:
    headers = None if challenge is None else {"WWW-Authenticate": challenge}
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)
