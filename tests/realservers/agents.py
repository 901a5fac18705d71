"""Agents of Pydantic AI behind its Vercel and AG-UI adapters, with a model that does what the
question says; see ``vercel/server.mjs``, which does the same, for what it can be asked.

``python agents.py`` listens on a free port of loopback and prints its address.
"""

from __future__ import annotations

import asyncio

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest
from pydantic_ai.models.function import AgentInfo, DeltaThinkingPart, FunctionModel
from pydantic_ai.ui.ag_ui import AGUIAdapter
from pydantic_ai.ui.vercel_ai import VercelAIAdapter

from printer_widget.server.listening import listen

THOUGHT = "The question is to be said again."
FAILURE = "the model function has failed"

stopped: asyncio.Queue[str] = asyncio.Queue()


async def answer(messages: list[ModelMessage], _info: AgentInfo):
    told = [
        ("user" if isinstance(message, ModelRequest) else "assistant", str(part.content))
        for message in messages
        for part in message.parts
    ]
    question = told[-1][1]
    match question.split(" ", 1)[0]:
        case "recall":
            yield "\n".join(f"{role}: {text}" for role, text in told)
        case "fail":
            for piece in pieces("It begins well, and"):
                yield piece
            raise RuntimeError(FAILURE)
        case "slow":
            try:
                number = 0
                while True:
                    yield f"{number},"
                    number += 1
                    await asyncio.sleep(0.02)
            finally:
                stopped.put_nowait(question)
        case task:
            if task == "reason":
                for piece in pieces(THOUGHT):
                    yield {0: DeltaThinkingPart(content=piece)}
            for piece in pieces(question):
                yield piece


def pieces(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]


agent = Agent(FunctionModel(stream_function=answer))
app = FastAPI()


@app.post("/vercel")
async def vercel(request: Request) -> Response:
    return await VercelAIAdapter.dispatch_request(request, agent=agent)


@app.post("/agui")
async def agui(request: Request) -> Response:
    return await AGUIAdapter.dispatch_request(request, agent=agent)


@app.get("/stopped", response_class=PlainTextResponse)
async def say_stopped() -> str:
    """Answer once the model was stopped, as often as nobody asked before."""
    return await stopped.get()


if __name__ == "__main__":
    socket = listen("127.0.0.1")
    print(f"http://127.0.0.1:{socket.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=0)
    uvicorn.Server(config).run(sockets=[socket])
