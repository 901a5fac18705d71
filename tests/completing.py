"""How to ask a backend of ours as OpenAI's clients do."""

from __future__ import annotations

import json

PATH = "/v1/chat/completions"
ASKED = [{"role": "user", "content": "Hi"}]


def model_of(client):
    (model,) = client.get("/v1/models").json()["data"]
    return model["id"]


def body(client, messages=ASKED, **fields):
    return {"model": model_of(client), "messages": messages, **fields}


def complete(client, messages=ASKED, **fields):
    return client.post(PATH, json=body(client, messages, **fields))


def completing(client, messages=ASKED, **fields):
    return client.stream("POST", PATH, json=body(client, messages, stream=True, **fields))


def content(response):
    """The text of an answer, streamed or not."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        return response.json()["choices"][0]["message"]["content"]
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n")]
    assert lines[-2:] == ["[DONE]", ""]
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines[:-2]]
    return "".join(delta.get("content", "") for delta in deltas)


def until(response, part):
    """Read until some text came, and no further."""
    response.chunks = response.iter_text()  # an iterator that is dropped closes the connection
    next(chunk for chunk in response.chunks if part in chunk)
