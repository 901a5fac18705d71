"""The reference backend's ASGI app: the routes, and what stands before them.

The laws of a stream::

    stream_start {"status": "streaming", "run_id"}
    conversation_id {"conversation_id"}     when the request named no conversation
    message {"token"}                       as often as the model speaks
    stream_end {"message_id", "status": "complete" | "stopped"}   or, something having failed,
    error {"error"}                         a sentence, after which nothing comes

Each has an ``id``, counted from 1, with which a client that lost the connection comes back for
the rest. A comment, ``: ping``, goes out whenever the model has been silent for a while, so that
proxies and clients can tell a thinking model from a dead line.

A client that goes away ends the model's work when the grace time is over and it has not come
back; Stop has a call of its own, and ends it at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request

from ..sources import SourceLike
from .chat import chat_routes
from .completions import completion_routes
from .conversations import conversation_routes
from .guard import Guard
from .limits import LimitReachedError, Limits
from .models import DEMO, ServedModel, as_served
from .refusals import Refusal
from .runs import Runs
from .store import Store
from .users import Users, single_user

FORMAT = "1"
"""The version of the API, which grows without breaking its clients."""

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""The names by which a browser may call a loopback server (a port may follow)."""


def create_app(
    *,
    token: str | None,
    users: Users | None = None,
    model: SourceLike | ServedModel = DEMO,
    store: Store | None = None,
    limits: Limits | None = None,
    system: str | None = None,
    docs: bool = False,
    allowed_hosts: Sequence[str] = LOOPBACK_NAMES,
    closing_s: float = 5.0,
) -> FastAPI:
    """Build the backend's ASGI app.

    ``token`` is what clients must send, or ``users`` are those who may ask, each with their own
    conversations; with None of both anyone who reaches the port may ask.
    ``model`` answers: a model by name from ``models.resolve``, a provider, or a function.
    ``store`` keeps what was said, and is closed when the app shuts down; without one it is kept
    in memory. What an earlier process left unfinished in it is taken care of here.
    ``system`` is what the model is told to be, whoever asks: a client that names another prompt
    is refused. ``docs`` shows the API's description at /docs.
    ``allowed_hosts`` are the host names that requests may carry, without a port; a backend that
    listens on more than loopback must name its own. Refusing the others keeps web pages from
    reaching a loopback port under a name of theirs (DNS rebinding).
    ``closing_s`` is how long models may take to close when the app shuts down, in seconds.

    Raises ValueError for an empty token, or a token beside users.
    """
    if token is not None:
        if users is not None:
            raise ValueError("Pass a token, or users, but not both.")
        if not token.strip():
            raise ValueError("The token is empty; pass None for a backend that asks for none.")
        users = single_user(token)
    store = store or Store()
    limits = limits or Limits()
    served = as_served(model)
    runs = Runs(store, served, limits)
    runs.recover()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        yield
        await runs.close(within_s=closing_s)
        store.close()

    app = FastAPI(
        title="Printer backend",
        version=FORMAT,
        description=__doc__,
        docs_url="/docs" if docs else None,
        redoc_url="/redoc" if docs else None,
        lifespan=lifespan,
    )

    @app.get("/healthz", tags=["health"], summary="Say whether the backend is up")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    for routes in (
        chat_routes(runs, limits, system=system),
        conversation_routes(store, runs),
        completion_routes(runs, served, system=system),
    ):
        # For the description alone; the guard has asked for the token long before.
        bearer = [] if users is None else [Depends(HTTPBearer(auto_error=False))]
        app.include_router(routes, dependencies=bearer)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_exception_handler(LimitReachedError, _refuse_for_now)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_middleware(Guard, users=users, limits=limits, docs=docs)
    # The last one added is asked first. An older Starlette cuts an IPv6 name at its first colon
    # and so refuses it: a nuisance, not a hole.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)
    return app


async def _refuse_invalid(request: Request, error: Any) -> JSONResponse:
    # As FastAPI does, but for sending the input back: it may be a megabyte, or hold half a
    # surrogate pair, which ends as a status 500.
    told = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
    return Refusal(422, told).response_to(request.url.path)


async def _refuse_for_now(request: Request, error: Any) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after_s)}
    return Refusal(error.status, str(error), headers=headers).response_to(request.url.path)


async def _refuse(request: Request, error: Any) -> JSONResponse:
    code = getattr(error, "code", None)
    refusal = Refusal(error.status_code, error.detail, headers=error.headers, code=code)
    return refusal.response_to(request.url.path)
