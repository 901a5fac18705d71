"""The routes of OpenAI's Chat Completions, so that other tools can use this backend.

The same users ask, with their token as the API key, within the same limits and budgets, and under
the same system prompt. What differs from the protocol of our own is OpenAI's doing: a request
carries the whole conversation, so nothing of it is stored here, nothing can be resumed, and a
client that goes away has stopped the answer. ``usage`` is there only where the model's own server
counts tokens: we count characters.
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from .completion_request import CompletionRequest
from .completion_stream import CompletionForm, WholeCompletion
from .event_stream import EventStream
from .guard import Owner
from .models import ServedModel
from .runs import Runs, new_uuid

LOCKED = (
    "This backend has a system prompt of its own and takes no other: "
    "leave out the messages of the roles system and developer."
)

FORGETFUL = (
    "The model behind this backend keeps conversations itself and cannot be told what was said "
    "before: send one message, or talk to the backend with ChatNode."
)


class NoSuchModelError(HTTPException):
    """A request names another model than the one that answers."""

    code = "model_not_found"


def completion_routes(runs: Runs, model: ServedModel, *, system: str | None = None) -> APIRouter:
    """Return the routes; ``system`` is the prompt that no client may replace."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])
    since = int(time.time())
    about = {"id": model.alias, "object": "model", "created": since, "owned_by": "printer_widget"}

    def check_model(name: str) -> None:
        if name != model.alias:
            raise NoSuchModelError(
                404, f"There is no model “{name}” here; the one there is, is “{model.alias}”."
            )

    @router.post(
        "/chat/completions",
        responses={
            200: {"content": {"text/event-stream": {}}},
            **{status: {} for status in (400, 403, 404, 413, 415, 429, 500, 503)},
        },
        response_class=Response,
        summary="Answer a conversation, as OpenAI's API does",
    )
    async def complete(owner: Owner, request: CompletionRequest) -> Response:
        check_model(request.model)
        if system is not None and request.has_system_prompt:
            raise HTTPException(403, LOCKED)
        question = request.question(system=system)
        if model.remembers and len(question.conversation.messages) > 1:
            raise HTTPException(400, FORGETFUL)
        form = CompletionForm(
            f"chatcmpl-{new_uuid()}",
            model=model.alias,
            created=int(time.time()),
            tells_usage=request.wants_usage,
        )
        run = await runs.begin_unkept(owner, question, encode=form.encode, noting=form.noting)
        return EventStream(run) if request.stream else WholeCompletion(run, form)

    @router.get("/models", summary="List the model that answers")
    async def models(_owner: Owner) -> dict[str, Any]:
        return {"object": "list", "data": [about]}

    @router.get(
        "/models/{name:path}", responses={404: {}}, summary="Describe the model that answers"
    )
    async def retrieve(_owner: Owner, name: str) -> dict[str, Any]:
        check_model(name)
        return about

    return router
