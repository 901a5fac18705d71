"""The routes of a stream: ask, come back for the rest, stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Response
from pydantic import BaseModel, Field

from .event_stream import EventStream
from .guard import Owner
from .limits import LimitReachedError, Limits
from .questions import Asked
from .run import Run
from .runs import KeyReusedError, Runs

Name = Annotated[str, Field(min_length=1, max_length=256)]

GONE = "There is no such run, or no longer. Ask the question again."

LOCKED = (
    "This backend has a system prompt of its own and takes no other: ask without “system” "
    "(ChatNode: without system=)."
)

_EVENTS: Mapping[int | str, dict[str, Any]] = {
    200: {"description": "The events", "content": {"text/event-stream": {}}},
    204: {"description": "The run has ended, and nothing is left after that event"},
    410: {"description": "Unknown, expired, or not yours"},
}


class ChatRequest(BaseModel):
    """One question, as the Printer client sends it."""

    user_message: Annotated[str, Field(min_length=1)]
    context_node_ids: list[str] = []
    project_id: str | None = None
    chat_node_id: str | None = None
    conversation_id: Name | None = None
    system: str | None = None


def chat_routes(runs: Runs, limits: Limits, *, system: str | None = None) -> APIRouter:
    """Return the routes of a stream; ``system`` is the prompt that no client may replace."""
    router = APIRouter(prefix="/api/chat/stream", tags=["stream"])

    def stream(run: Run, after: int = 0) -> EventStream:
        if len(run.readers) >= limits.readers_per_run:
            raise LimitReachedError(
                f"{limits.readers_per_run} connections read this answer, which is the limit.",
                status=429,
                retry_after_s=1,
            )
        return EventStream(run, after)

    @router.post(
        "",
        response_class=EventStream,
        responses={403: {}, 413: {}, 415: {}, 422: {}, 429: {}, 503: {}},
        summary="Ask a question, and read its answer",
    )
    async def ask(
        owner: Owner,
        chat: ChatRequest,
        idempotency_key: Annotated[Name | None, Header()] = None,
    ) -> EventStream:
        if system is not None and chat.system is not None:
            raise HTTPException(403, LOCKED)
        asked = Asked(
            text=chat.user_message,
            conversation_id=chat.conversation_id,
            system=chat.system if system is None else system,
            chat_node_id=chat.chat_node_id,
            project_id=chat.project_id,
            idempotency_key=idempotency_key,
        )
        try:
            return stream(await runs.begin(owner, asked))
        except KeyReusedError as error:
            raise HTTPException(422, str(error)) from error

    @router.get(
        "/{run_id}",
        response_class=EventStream,
        responses={**_EVENTS, 429: {}, 503: {}},
        summary="Read the rest of an answer",
    )
    async def resume(
        owner: Owner,
        run_id: str,
        last_event_id: Annotated[str | None, Header(pattern=r"^\d{1,15}$")] = None,
    ) -> Response:
        run = await runs.find(owner, run_id)
        if run is None:
            raise HTTPException(410, GONE)
        after = int(last_event_id or 0)
        if not run.has_after(after):
            return Response(status_code=204)
        return stream(run, after)

    @router.post(
        "/{run_id}/stop",
        status_code=204,
        responses={410: _EVENTS[410]},
        summary="End an answer at once",
    )
    async def stop(owner: Owner, run_id: str) -> None:
        if not await runs.stop(owner, run_id):
            raise HTTPException(410, GONE)

    return router
