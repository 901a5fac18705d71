"""Chat completions: what goes over the wire, what the model is told, and what is refused."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from completing import ASKED, PATH, body, complete, completing, content, model_of
from printer_widget.events import FinishReason, StreamEnd, TextDelta, Usage
from printer_widget.server.models import resolve
from serving import (
    QUESTION,
    SOON,
    Noting,
    bearer,
    limited,
    saying,
    serving,
)
from serving import ask as ask_printer

pytestmark = pytest.mark.slow

# The wire


def test_a_streamed_answer_is_these_bytes():
    with serving(saying("Hel", "lo")) as client:
        response = complete(client, stream=True)
    head = rb'data: {"id": "chatcmpl-[0-9a-f-]{36}", "created": \d+, "model": "model", '
    head += rb'"object": "chat.completion.chunk", "choices": \[{"index": 0, "delta": '
    rest = rb', "logprobs": null, "finish_reason": null}\]}\n\n'
    assert re.fullmatch(
        head + rb'{"role": "assistant", "content": ""}' + rest
        + head + rb'{"content": "Hel"}' + rest
        + head + rb'{"content": "lo"}' + rest
        + head + rb"{}" + rest.replace(b"null}", b'"stop"}')
        + rb"data: \[DONE\]\n\n",
        response.content,
    )  # fmt: skip
    assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert response.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize("stream", [True, False])
def test_any_text_comes_through_and_halves_of_characters_are_joined(stream):
    tokens = ["🙂", "a\nb\r\n", "\u2028\x85", "\x00", "\ud83d", "\ude42", '"\\', "日本", "\ud83d"]
    with serving(saying(*tokens)) as client:
        response = complete(client, stream=stream)
    assert content(response) == '🙂a\nb\r\n\u2028\x85\x00🙂"\\日本\ufffd'
    if stream:  # nothing that some client takes for the end of a line
        assert response.text.splitlines() == response.text.split("\n")[:-1]


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_larger_than_what_a_model_may_be_ahead_comes_whole(stream):
    with serving(saying(*["0123456789" * 1_000] * 50)) as client:
        assert content(complete(client, stream=stream)) == "0123456789" * 50_000


def test_a_silent_model_is_covered_by_pings():
    go_on = asyncio.Event()

    async def model(messages):
        await asyncio.wait_for(go_on.wait(), SOON)
        yield "a"

    with serving(model, limits=limited(ping_s=0.05)) as client, completing(client) as response:
        received = ""
        for chunk in response.iter_text():
            received += chunk
            if received.count(": ping\n\n") == 2:
                go_on._loop.call_soon_threadsafe(go_on.set)
    assert received.endswith("data: [DONE]\n\n")


class Counted:
    """A source whose server counts tokens, and which comes to its limit of them."""

    label = "model"

    async def stream(self, question):
        yield Usage(7, None)
        yield TextDelta("cut sh")
        yield Usage(None, 2)
        yield FinishReason("length")
        yield StreamEnd()


def test_what_the_models_server_says_of_tokens_and_the_end_is_passed_on_if_it_is_asked_for():
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    with serving(Counted()) as client:
        whole = complete(client).json()
        assert (whole["choices"][0]["finish_reason"], whole["usage"]) == ("length", usage)
        for asked in (True, False):
            response = complete(client, stream=True, stream_options={"include_usage": asked})
            chunks = [line.removeprefix("data: ") for line in response.text.split("\n\n")]
            chunks = [json.loads(chunk) for chunk in chunks if chunk.startswith("{")]
            reasons = [choice["finish_reason"] for each in chunks for choice in each["choices"]]
            assert reasons == [None, None, "length"]
            last = chunks[-1]
            assert (last.get("usage"), last["choices"] == []) == ((usage if asked else None), asked)


# What the model is told


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        (ASKED, [("user", "Hi")]),
        (
            [
                {"role": "system", "content": "You teach."},
                {"role": "developer", "content": "Be brief."},
                *ASKED,
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Why?", "name": "ann"},
            ],
            [
                ("system", "You teach.\n\nBe brief."),
                ("user", "Hi"),
                ("assistant", "Hello"),
                ("user", "Why?"),
            ],
        ),
        (
            [
                *ASKED,
                {"role": "assistant", "content": "One", "tool_calls": None},
                {"role": "assistant", "content": "Two"},
                {"role": "system", "content": "Now in French."},
                {"role": "assistant", "content": None},
                *ASKED,
            ],
            [
                ("user", "Hi"),
                ("assistant", "One\n\nTwo"),
                ("system", "Now in French."),
                ("user", "Hi"),
            ],
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": each} for each in "ab"]}],
            [("user", "a\n\nb")],
        ),
    ],
)
def test_the_model_is_told_the_conversation_that_came_with_the_request(messages, told):
    model = Noting()
    with serving(model) as client:
        for _ in range(2):  # and nothing of an earlier one
            assert complete(client, messages, temperature=0.1, max_tokens=3, user="x").is_success
    assert model.given == [told] * 2


def test_nothing_that_was_said_is_stored(tmp_path):
    db = tmp_path / "db"
    with serving(saying("my secret ", "answer"), db=db) as client:
        for stream in (True, False):
            asked = [{"role": "user", "content": "my secret question"}]
            assert content(complete(client, asked, stream=stream)) == "my secret answer"
        assert client.get("/api/conversations").json()["conversations"] == []
        assert ask_printer(client, QUESTION).is_success  # what is stored, is seen
        stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"my secret answer" in stored
    assert b"my secret question" not in stored
    with serving(db=db) as client:
        (conversation,) = client.get("/api/conversations").json()["conversations"]
    assert conversation["id"] == QUESTION["conversation_id"]


def test_a_locked_system_prompt_is_told_and_another_one_refused():
    model = Noting()
    with serving(model, system="You teach.") as client:
        assert complete(client).is_success
        for role in ("system", "developer"):
            refused = complete(client, [{"role": role, "content": "Obey me."}, *ASKED])
            assert refused.status_code == 403
            assert "has a system prompt of its own" in refused.json()["error"]["message"]
    assert model.given == [[("system", "You teach."), ("user", "Hi")]]


def test_a_backend_behind_this_one_is_asked_single_questions_and_not_shown():
    model = Noting()
    with serving(model) as upstream:
        host = upstream.base_url.netloc.decode()
        with serving(resolve(f"printer:{upstream.base_url}")) as client:
            prompt = {"role": "system", "content": "You teach."}
            assert content(complete(client, [prompt, *ASKED])) == "A1"
            refused = complete(client, [*ASKED, {"role": "assistant", "content": "A"}, *ASKED])
            assert refused.status_code == 400
            assert "cannot be told what was said before" in refused.json()["error"]["message"]
            assert model_of(client) == "printer"
            assert host not in client.get("/v1/models").text
    assert model.given == [[("system", "You teach."), ("user", "Hi")]]


# What is refused


def one(**fields):
    return {"messages": [{"role": "user", "content": "Hi"} | fields]}


@pytest.mark.parametrize(
    ("fields", "param", "reason"),
    [
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": ASKED * 1_001}, "messages", "at most 1000"),
        ({"messages": "Hi"}, "messages", "valid list"),
        (one(role="tool"), "messages[0].role", "'system', 'developer', 'user' or 'assistant'"),
        (one(role="assistant"), "messages", "the last message must be a user's"),
        (one(content=" "), "messages", "and not blank"),
        (one(content=None), "messages", "and not blank"),
        (one(content=5), "messages[0].content", "valid string"),
        (one(content=["Hi"]), "messages[0].content", "part 0 is of type no known one"),
        (one(content=[{"type": "text"}]), "messages[0].content", "part 0 needs its text"),
        (one(content=[{"type": "image_url"}]), "messages[0].content", "part 0 is of type “image"),
        (one(content=[{"type": "text", "text": ""}] * 101), "messages[0].content", "100 parts"),
        (one(tool_calls=[{}]), "messages[0].tool_calls", "cannot give tool calls"),
        ({"model": None}, "model", "valid string"),
        ({"stream": "yes"}, "stream", "valid boolean"),
        ({"n": 2}, "n", "more than one answer"),
        ({"stop": ["x"]}, "stop", "stop sequences"),
        ({"tools": [{}]}, "tools", "tools"),
        ({"functions": [{}]}, "functions", "functions"),
        ({"logprobs": True}, "logprobs", "log probabilities"),
        ({"modalities": ["text", "audio"]}, "modalities", "anything but text"),
        ({"response_format": {"type": "json_object"}}, "response_format", "given format"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_with_what_is_wrong_in_it(fields, param, reason):
    model = Noting()
    with serving(model) as client:
        refused = client.post(PATH, json=body(client) | fields)
    error = refused.json()["error"]
    assert (refused.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["param"] == param
    assert reason in error["message"]
    assert error["message"].startswith(f"{param}: ")
    assert model.given == []


HALF = r'"\ud83d"'
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        f'{{"model": {HALF}, "messages": [{{"role": "user", "content": "Hi"}}]}}',
        f'{{"model": "model", "messages": [{{"role": {HALF}, "content": "Hi"}}]}}',
        f'{{"model": "model", "messages": [{{"role": "user", "content": [{{"type": {HALF}}}]}}]}}',
        f'{{"model": "model", "messages": [], {HALF}: 1}}',
        "[" * 5_000,
    ],
)
def test_a_request_with_half_a_character_or_without_an_end_makes_nothing_fail(body):
    with serving(saying("yes")) as client:
        refused = client.post(PATH, content=body, headers=JSON)
    assert refused.status_code == 400
    assert refused.json()["error"]["type"] == "invalid_request_error"


def test_half_a_character_in_a_question_is_told_as_what_stands_for_it():
    model = Noting()
    parts = f'[{{"type": "text", "text": {HALF}}}]'
    with serving(model) as client:
        for said in (HALF, parts):
            message = f'{{"role": "user", "content": {said}}}'
            asked = f'{{"model": "{model_of(client)}", "messages": [{message}]}}'
            assert client.post(PATH, content=asked, headers=JSON).is_success
    assert model.given == [[("user", "\ufffd")]] * 2


def test_what_asks_for_nothing_unusual_is_answered():
    harmless = {"n": 1, "stop": None, "tools": [], "logprobs": False, "modalities": ["text"]}
    harmless |= {"response_format": {"type": "text"}, "top_p": 1, "nobody_knows": {"this": 1}}
    harmless |= {"stream_options": {"include_usage": True}}
    with serving(saying("yes")) as client:
        for stream in (True, False):
            assert content(complete(client, **harmless, stream=stream)) == "yes"


@pytest.mark.parametrize(
    ("status", "options"),
    [
        (400, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        (400, {"json": []}),
        (401, {"headers": bearer("somebody-else")}),
        (403, {"json": {}, "headers": {"Origin": "https://evil.example"}}),
        (404, {"url": "/v1/embeddings", "json": {}}),
        (405, {"method": "GET"}),
        (413, {"json": "x" * 2_000}),
        (415, {"data": {"model": "model"}}),
        (431, {"headers": {"X": "x" * 17_000}}),
    ],
)
def test_every_refusal_has_the_form_of_openais(status, options):
    limits = limited(body=1_000)
    with serving(saying("yes"), token="the-token-of-this-test", limits=limits) as client:
        response = client.request(**{"method": "POST", "url": PATH} | options)
    assert response.status_code == status
    (error,) = response.json().values()
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) > 5
    assert (error["code"] == "invalid_api_key") == (status == 401)
