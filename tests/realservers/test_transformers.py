"""`transformers serve` with a tiny random Llama, a real model: run by hand, see CONTRIBUTING.md."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from printer_widget import ChatNode, OpenAIChat, ProviderError
from realservers.processes import HERE, served

pytestmark = [pytest.mark.realservers, pytest.mark.timeout(300)]

TOKENS = 200


@pytest.fixture(scope="module")
def transformers(tmp_path_factory):
    python = os.environ.get("TRANSFORMERS")
    if python is None:
        pytest.fail("TRANSFORMERS must name a Python that has torch and transformers[serving]")
    folder = tmp_path_factory.mktemp("transformers") / "tiny"
    subprocess.run([python, HERE / "tiny_llama.py", folder], check=True)
    command = Path(python).with_name("transformers")
    running = served(
        [command, "serve", "--host", "127.0.0.1", "--port", "{port}", "--device", "cpu", folder],
        health="/health",
        env={"HF_HUB_OFFLINE": "1"},
    )
    with running as process:
        process.model = str(folder)
        yield process


def ask(server, question, **options):
    chat = ChatNode(OpenAIChat(server.model, base_url=f"{server.url}/v1", **options))
    return chat, chat.send(question)


def test_an_answer_is_what_the_model_said_to_the_last_character(transformers):
    chat, turn = ask(transformers, "Hello 🙂", max_tokens=TOKENS)
    reply = turn.result(120)
    chat.close()
    asked = {"model": transformers.model, "max_tokens": TOKENS, "stream": True}
    asked["messages"] = [{"role": "user", "content": "Hello 🙂"}]
    url = f"{transformers.url}/v1/chat/completions"
    said = httpx.post(url, json=asked, timeout=120, trust_env=False).text
    chunks = [json.loads(line[6:]) for line in said.split("\n\n") if line.startswith("data: {")]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert reply.content == "".join(delta.get("content") or "" for delta in deltas)
    assert len(reply.content) > TOKENS
    assert reply.status == "complete"
    assert reply.usage["output_tokens"] == TOKENS
    assert "limit of tokens" in reply.to_dict()["note"]


def test_a_model_that_is_not_there_is_an_error_with_a_sentence(transformers):
    chat = ChatNode(OpenAIChat("no/such-model", base_url=f"{transformers.url}/v1"))
    with pytest.raises(ProviderError) as refused:
        chat.send("Hi").result(60)
    chat.close()
    assert len(str(refused.value)) > 20


def test_stop_frees_the_processor_that_the_model_was_using(transformers):
    chat, turn = ask(transformers, "Go on", max_tokens=20_000)
    grown = threading.Event()
    chat.observe(lambda change: len(change["new"]) > 200 and grown.set(), "streamedText")
    assert grown.wait(60)
    process = psutil.Process(transformers.pid)
    assert used(process) > 0.1
    chat.stop()
    assert turn.result(20).status == "stopped"
    deadline = time.monotonic() + 20
    while used(process) > 0.02:
        assert time.monotonic() < deadline, "the model goes on"
    chat.close()


def used(process):
    """How much of one processor a process uses, measured for a second."""
    return process.cpu_percent(interval=1) / 100
