"""What the protocols of applications share: one endpoint, and whatever opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .base import Provider, RequestSpec, checked_url
from .keys import Headers, Key, Secret
from .refusals import refusal

_ADVICE = {
    401: "the server wants to know who asks: pass token= or headers=",
    403: "this token is not allowed to ask",
    404: "nothing answers at this path: is this the URL of the endpoint itself?",
    405: "this path takes no POST: is this the URL of the endpoint itself?",
    413: "the question is too large for the server",
    422: "the server wants other fields than this protocol has",
    429: "too many questions for now: wait a little and try again",
}


class App(Provider):
    """An application's endpoint, without the words of its protocol."""

    def __init__(
        self,
        url: str,
        *,
        token: Secret | None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None,
        insecure: bool,
    ) -> None:
        self._url = checked_url(url, insecure=insecure)
        self._token = Key(token, argument="token")
        self._headers = Headers(headers)

    def __repr__(self) -> str:
        """Return the address alone."""
        return f"{type(self).__name__}({self._url!r})"

    @property
    def url(self) -> str:
        """The endpoint."""
        return self._url

    @property
    def may_block(self) -> bool:
        """Say that the token or the headers are asked of a function."""
        return self._token.may_block or self._headers.may_block

    def post(self, body: Mapping[str, Any]) -> RequestSpec:
        """Return the request with this body."""
        headers = {"Accept": "text/event-stream", **self._headers.value()}
        token = self._token.value()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return RequestSpec(method="POST", url=self._url, headers=headers, json=body)

    def decode_error(self, status: int, body: bytes) -> str:
        """Return one sentence on an HTTP error."""
        return refusal(status, body, _ADVICE, redact=self.redact)

    def redact(self, text: str) -> str:
        """Return ``text`` without the token and the values of headers."""
        return self._headers.redact(self._token.redact(text))
