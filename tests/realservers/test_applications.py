"""ChatNode and the servers that its protocols were made for: the real ones, in processes."""

from __future__ import annotations

import threading
import uuid

import pytest

from printer_widget import AGUI, ChatNode, ProviderError, VercelUI
from realservers.processes import THOUGHT

pytestmark = [pytest.mark.slow]

TEXT = (
    "echo Everything that text can be: 🙂👩‍👩‍👧‍👦 e\u0301, עברית, 日本語.\r\n\r\n"
    "| a | b |\n|---|---|\n```python\nprint('data: [DONE]\\n\\n')\n```\n"
    '\u2028\x85\t"\\ </script>\n'
) * 20


@pytest.fixture(params=["AI SDK", "Pydantic AI, Vercel", "Pydantic AI, AG-UI"])
def server(request):
    name = "vercel" if request.param == "AI SDK" else "agents"
    real = request.getfixturevalue(name)
    path = {"AI SDK": "/api/chat", "Pydantic AI, Vercel": "/vercel"}.get(request.param, "/agui")
    provider = AGUI if path == "/agui" else VercelUI
    return real, provider(real.url + path)


@pytest.fixture
def chat(server):
    chat = ChatNode(server[1])
    yield chat
    chat.close()


async def test_an_answer_comes_to_the_last_character(chat):
    pieces = []
    chat.on_token(pieces.append)
    reply = await chat.send(TEXT)
    assert (reply.status, reply.error) == ("complete", None)
    assert reply.content == TEXT
    assert "".join(pieces) == TEXT


async def test_reasoning_is_kept_apart_from_the_answer(chat):
    reply = await chat.send("reason about 🙂")
    assert (reply.reasoning, reply.content) == (THOUGHT, "reason about 🙂")
    assert reply.status == "complete"


async def test_the_server_is_told_the_conversation(chat):
    await chat.send("echo one")
    await chat.send("reason two")
    reply = await chat.send("recall all")
    assert reply.content.split("\n") == [
        "user: echo one",
        "assistant: echo one",
        "user: reason two",
        "assistant: reason two",
        "user: recall all",
    ]


async def test_an_error_in_mid_stream_keeps_what_came_and_gives_the_servers_sentence(chat):
    with pytest.raises(
        ProviderError, match=r"the (mock model|model function) has failed"
    ) as failed:
        await chat.send("fail now")
    reply = failed.value.reply
    assert (reply.status, reply.content) == ("error", "It begins well, and")
    assert "has failed" in reply.error
    assert chat.messages[-1]["status"] == "error"
    assert (await chat.send("echo again")).content == "echo again"


def test_stop_reaches_the_model_behind_the_server(chat, server):
    real, _ = server
    question = f"slow {uuid.uuid4()}"
    grown = threading.Event()
    chat.observe(lambda change: len(change["new"]) > 20 and grown.set(), "streamedText")
    turn = chat.send(question)
    assert grown.wait(20)
    chat.stop()
    reply = turn.result(20)
    assert reply.status == "stopped"
    numbers = reply.content.split(",")
    assert numbers[:-1] == [str(number) for number in range(len(numbers) - 1)]
    assert real.stopped() == question
    assert chat.send("echo again").result(20).content == "echo again"


async def test_what_the_ai_sdk_counts_is_told(vercel):
    chat = ChatNode(VercelUI(f"{vercel.url}/api/chat"), system="You repeat.")
    assert (await chat.send("echo one")).usage == {"input_tokens": 7, "output_tokens": 11}
    reply = await chat.send("recall all")
    assert reply.content.startswith("system: You repeat.\nuser: echo one\n")
    chat.close()
