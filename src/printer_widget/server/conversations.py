"""The routes of conversations: list, read, rename, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, StringConstraints

from .guard import Owner
from .runs import Runs
from .store import Store

UNKNOWN = "There is no such conversation."

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Conversation(BaseModel):
    """A conversation, without its messages; the times are ISO 8601, UTC."""

    id: str
    title: str
    chat_node_id: str | None
    project_id: str | None
    created_at: str
    updated_at: str
    message_count: int


class Conversations(BaseModel):
    """Conversations, newest first."""

    conversations: list[Conversation]


class Message(BaseModel):
    """One message; ``error`` is there where something went wrong."""

    id: str
    conversation_id: str
    role: str
    content: str
    timestamp: str
    status: str
    error: str | None = None


class Messages(BaseModel):
    """Messages, oldest first."""

    messages: list[Message]


class Rename(BaseModel):
    """A conversation's new title."""

    title: Title


def conversation_routes(store: Store, runs: Runs) -> APIRouter:
    """Return the routes of conversations; what is not the user's own is not there."""
    router = APIRouter(prefix="/api/conversations", tags=["conversations"])
    not_found: dict[int | str, dict[str, Any]] = {404: {"description": "Unknown, or not yours"}}

    @router.get("", responses=not_found, summary="List conversations, newest first")
    async def list_conversations(
        owner: Owner,
        chat_node_id: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str | None, Query(description="The last id of the page before")] = None,
    ) -> Conversations:
        rows = await store.conversations(
            owner, chat_node_id=chat_node_id, limit=limit, before=before
        )
        return Conversations(conversations=[Conversation(**row) for row in _found(rows)])

    @router.get("/{conversation_id}", responses=not_found, summary="Read a conversation's title")
    async def read(owner: Owner, conversation_id: str) -> Conversation:
        return Conversation(**_found(await store.conversation(owner, conversation_id)))

    @router.patch("/{conversation_id}", responses=not_found, summary="Rename a conversation")
    async def rename(owner: Owner, conversation_id: str, change: Rename) -> Conversation:
        return Conversation(**_found(await store.rename(owner, conversation_id, change.title)))

    @router.delete(
        "/{conversation_id}",
        status_code=204,
        responses=not_found,
        summary="Delete a conversation and everything in it",
    )
    async def delete(owner: Owner, conversation_id: str) -> None:
        await runs.stop_conversation(owner, conversation_id)
        if not await store.delete(owner, conversation_id):
            raise HTTPException(404, UNKNOWN)

    @router.get(
        "/{conversation_id}/messages",
        responses=not_found,
        response_model_exclude_none=True,
        summary="Read a conversation's messages, oldest first",
    )
    async def messages(owner: Owner, conversation_id: str) -> Messages:
        rows = _found(await store.messages(owner, conversation_id))
        return Messages(messages=[Message(**row) for row in rows])

    return router


def _found(rows: Any) -> Any:
    if rows is None:
        raise HTTPException(404, UNKNOWN)
    return rows
