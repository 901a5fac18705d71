"""LiteLLM's proxy between ChatNode and a backend of ours: run by hand, as CONTRIBUTING.md says."""

from __future__ import annotations

import asyncio
import json
import os
import threading

import pytest

from printer_widget import AnthropicMessages, ChatNode, OpenAIChat, ProviderError
from realservers.processes import served
from serving import serving

pytestmark = [pytest.mark.realservers, pytest.mark.timeout(300)]

KEY = "sk-0123456789abcdef0123456789abcdef"
MOCKED = "Hello 🙂, this is a mock."

stopped = threading.Event()


async def behind(messages):
    """The model of the backend behind the proxy."""
    question = messages[-1]["content"]
    if question.startswith("fail"):
        yield "It begins well, and"
        raise RuntimeError("it fails")
    if question.startswith("slow"):
        try:
            for number in range(10_000):
                yield f"{number},"
                await asyncio.sleep(0.02)
        finally:
            stopped.set()
    for at in range(0, len(question), 5):
        yield question[at : at + 5]


@pytest.fixture(scope="module")
def litellm(tmp_path_factory):
    command = os.environ.get("LITELLM")
    if command is None:
        pytest.fail("LITELLM must name the command `litellm` of an environment with litellm[proxy]")
    folder = tmp_path_factory.mktemp("litellm")
    with serving(behind) as upstream:
        mocks = {"mock": MOCKED, "limited": "litellm.RateLimitError"}
        mocks["broken"] = "litellm.InternalServerError"
        models = [
            {"model_name": name, "litellm_params": {"model": "openai/mock", "mock_response": said}}
            for name, said in mocks.items()
        ]
        behind_it = {"model": "openai/behind", "api_base": f"{upstream.base_url}/v1"}
        models.append({"model_name": "behind", "litellm_params": behind_it})
        for model in models:
            model["litellm_params"]["api_key"] = "none"
        settings = {"num_retries": 0}
        config = folder / "config.yaml"
        given = {"model_list": models, "litellm_settings": settings}
        config.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
        running = served(
            [
                *(command, "--config", config, "--telemetry", "False"),
                *("--host", "127.0.0.1", "--port", "{port}"),
            ],
            health="/health/liveliness",
            env={"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )
        with running as process:
            yield process.url


def asking(url, model, **options):
    return OpenAIChat(model, base_url=f"{url}/v1", api_key=KEY, **options)


@pytest.fixture
def chat(litellm):
    chat = ChatNode(asking(litellm, "behind"))
    yield chat
    chat.close()


async def ask_once(source):
    chat = ChatNode(source)
    try:
        return await chat.send("Hi")
    finally:
        chat.close()


async def test_a_mocked_answer_is_whole_and_its_tokens_are_told(litellm):
    reply = await ask_once(asking(litellm, "mock", include_usage=True))
    assert (reply.status, reply.content) == ("complete", MOCKED)
    assert reply.usage["output_tokens"] > 0


async def test_it_answers_in_anthropics_protocol_too(litellm):
    reply = await ask_once(AnthropicMessages("mock", base_url=litellm, api_key=KEY))
    assert (reply.status, reply.content) == ("complete", MOCKED)


@pytest.mark.parametrize("model", ["limited", "broken", "nobody"])
async def test_a_refusal_is_an_error_with_its_sentence(litellm, model):
    with pytest.raises(ProviderError) as refused:
        await ask_once(asking(litellm, model))
    said = {"limited": "rate limit", "broken": "internal server", "nobody": "nobody"}[model]
    assert said in str(refused.value).lower()
    assert KEY not in str(refused.value)


async def test_an_answer_of_the_backend_behind_it_is_whole(chat):
    text = "echo 🙂 e\u0301 日本語\r\n```\nx\n```\n" * 20
    reply = await chat.send(text)
    assert (reply.status, reply.content) == ("complete", text)


async def test_an_error_in_mid_stream_keeps_what_came(chat):
    with pytest.raises(ProviderError, match="model failed") as failed:
        await chat.send("fail now")
    assert failed.value.reply.content == "It begins well, and"
    assert (await chat.send("echo again")).content == "echo again"


def test_stop_reaches_the_model_behind_it(chat):
    grown = threading.Event()
    chat.observe(lambda change: len(change["new"]) > 20 and grown.set(), "streamedText")
    turn = chat.send("slow")
    assert grown.wait(20)
    assert not stopped.is_set()
    chat.stop()
    assert turn.result(20).status == "stopped"
    assert stopped.wait(20)
