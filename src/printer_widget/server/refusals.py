"""A refusal, in the words of the protocol that the client speaks.

=============  ==================================================================
path           body
=============  ==================================================================
``/v1/…``      ``{"error": {"message", "type", "param", "code"}}``, as OpenAI does
any other      ``{"detail": …}``, as FastAPI does
=============  ==================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

OPENAI_PREFIX = "/v1/"

_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


def openai_error(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """Return an error as OpenAI's API tells it; a stream can tell one, too."""
    if status == 429:
        kind = "rate_limit_error"
    else:
        kind = "server_error" if status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": param,
            "code": code or _CODES.get(status),
        }
    }


class Refusal:
    """A status and a sentence; an ASGI app, so that it can answer before any route does.

    Args:
        status: the HTTP status code.
        detail: the sentence; where FastAPI found faults in a request, the list of them.
        headers: what is sent with it.
        code: OpenAI's word for the reason, where it has one.
    """

    def __init__(
        self,
        status: int,
        detail: Any,
        *,
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        self._status = status
        self._detail = detail
        self._headers = headers
        self._code = code

    def response_to(self, path: str) -> JSONResponse:
        """Return the response to a request for this path."""
        status, content = self._status, {"detail": self._detail}
        if path.startswith(OPENAI_PREFIX):
            message, param = self._detail, None
            if isinstance(message, list):
                # OpenAI's API knows one fault at a time, and no status 422.
                status, (message, param) = 400, _first_fault(message)
            content = openai_error(status, message, param=param, code=self._code)
        return JSONResponse(content, status_code=status, headers=self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.response_to(scope["path"])(scope, receive, send)


def _first_fault(faults: list[Mapping[str, Any]]) -> tuple[str, str | None]:
    """Return what is wrong, and the parameter that it is about: ``messages[0].role``."""
    fault = faults[0]
    path = ""
    for step in fault["loc"][1:]:  # the first one is "body"
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    path = path.lstrip(".")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "json_invalid" or not path:
        return f"The request's body is not what was expected: {message}.", None
    return f"{path}: {message}", path
