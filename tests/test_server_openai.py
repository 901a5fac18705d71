"""The backend as OpenAI's API: what its SDK gets of a real ``printer-widget serve``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from printer_widget import ChatNode, OpenAIChat
from printer_widget.demo import answer
from server_process import TOKEN, Process
from serving import eventually, text

pytestmark = pytest.mark.slow

ASKED = [{"role": "user", "content": "tell me a story"}]
STORY = answer(ASKED)


@pytest.fixture(scope="module")
def server():
    with Process("--in-memory", "--model", "demo:2000", "--runs-per-user", "1") as process:
        yield process


@pytest.fixture
def sdk(server):
    with sdk_of(server) as client:
        yield client


def sdk_of(server, token=TOKEN):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=token, max_retries=0, timeout=20)


def ask(sdk, messages=ASKED, **options):
    return sdk.chat.completions.create(model="demo", messages=messages, **options)


def test_a_streamed_answer_is_the_models_to_the_last_character(sdk):
    chunks = list(ask(sdk, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == STORY
    assert len(chunks) > 50
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {(chunk.id, chunk.model) for chunk in chunks} == {(chunks[0].id, "demo")}


def test_an_answer_in_one_piece_is_the_same(sdk):
    completion = ask(sdk)
    (choice,) = completion.choices
    assert (choice.message.role, choice.message.content) == ("assistant", STORY)
    assert choice.finish_reason == "stop"
    assert completion.id.startswith("chatcmpl-")
    assert completion.usage is None  # nothing is made up


async def test_the_asynchronous_sdk_reads_it_too(server):
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=TOKEN) as sdk:
        stream = await ask(sdk, stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == STORY


async def test_a_chat_of_ours_can_ask_that_way(server):
    chat = ChatNode(OpenAIChat("demo", base_url=f"{server.url}/v1", api_key=TOKEN))
    reply = await chat.send("tell me a story")
    assert (reply.status, reply.content) == ("complete", STORY)
    chat.close()


def test_a_backend_passes_on_the_answers_of_a_server_like_openais(server):
    upstream = ("--model", "openai:demo", "--base-url", f"{server.url}/v1")
    with Process("--in-memory", *upstream, env={"PRINTER_UPSTREAM_KEY": TOKEN}) as front:
        with sdk_of(front) as sdk:
            assert ask(sdk).choices[0].message.content == STORY
        asked = {"user_message": "tell me a story"}
        said = text(front.client.post("/api/chat/stream", json=asked).content)
    assert said == STORY


def test_the_model_is_listed_and_described(sdk):
    (model,) = sdk.models.list().data
    assert model.id == sdk.models.retrieve("demo").id == "demo"
    with pytest.raises(openai.NotFoundError, match="the one there is, is “demo”") as refused:
        sdk.chat.completions.create(model="gpt-4o", messages=ASKED)
    assert refused.value.code == "model_not_found"


def test_a_wrong_token_is_an_authentication_error(server):
    with (
        sdk_of(server, "not-the-token-of-anyone") as stranger,
        pytest.raises(
            openai.AuthenticationError, match="not one that the backend knows"
        ) as refused,
    ):
        ask(stranger)
    assert refused.value.code == "invalid_api_key"
    assert "not-the-token" not in str(refused.value)


def test_a_question_that_is_too_long_is_refused_with_the_limit(sdk):
    with pytest.raises(openai.APIStatusError, match="larger than 1,048,576 bytes") as refused:
        ask(sdk, [{"role": "user", "content": "x" * (1 << 20)}])
    assert refused.value.status_code == 413


def test_what_the_backend_cannot_do_is_a_bad_request_that_names_it(sdk):
    with pytest.raises(openai.BadRequestError, match="cannot give answers with tools") as refused:
        ask(sdk, tools=[{"type": "function", "function": {"name": "f"}}])
    assert refused.value.param == "tools"


def test_a_client_that_leaves_in_mid_stream_frees_its_run():
    with slow_server() as server, sdk_of(server) as slow:
        stream = ask(slow, stream=True)
        read = [next(stream) for _ in range(3)]
        assert read[2].choices[0].delta.content
        with pytest.raises(openai.RateLimitError, match="1 of your questions"):
            ask(slow)
        stream.close()
        eventually(lambda: is_free(slow))


def slow_server(*, runs=1):
    """At five tokens a second the story takes longer than this test."""
    return Process("--in-memory", "--model", "demo:5", "--runs-per-user", runs)


def is_free(sdk):
    try:
        ask(sdk, stream=True).close()
    except openai.RateLimitError:
        return False
    return True


def test_ctrl_c_ends_the_backend_quietly_while_clients_wait():
    with slow_server(runs=2) as server, sdk_of(server) as sdk, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: ask(sdk))
        with ask(sdk, stream=True) as stream:
            read = [next(stream) for _ in range(4)]
            assert read[-1].choices[0].delta.content
            assert server.interrupt() == 0
        assert server.err == ""
        assert isinstance(asked.exception(), openai.APIError)
