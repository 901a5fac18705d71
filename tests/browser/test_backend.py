"""A page in real Chromium reads the backend's stream with fetch, and comes back after a break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext

from printer_widget.demo import answer
from server_process import TOKEN, Process

QUESTION = "Tell me a story, with unicode"

# As small as a reader can be that knows ids: what EventSource does, which cannot send a token.
READER = """
async ({ token, question, breakAfter }) => {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  let url = "/api/chat/stream";
  let options = { method: "POST", body: JSON.stringify({ user_message: question }) };
  let text = "", last = "", retry = 0, responses = 0, ending = null;
  while (!ending) {
    const abort = new AbortController();
    const response = await fetch(url, { ...options, headers, signal: abort.signal });
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    responses += 1;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "", count = 0;
    reading: for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      buffer += value;
      for (let end; (end = buffer.indexOf("\\n\\n")) >= 0; buffer = buffer.slice(end + 2)) {
        const fields = {};
        for (const line of buffer.slice(0, end).split("\\n")) {
          const colon = line.indexOf(": ");
          fields[line.slice(0, colon)] = line.slice(colon + 2);
        }
        if (fields.retry) retry = Number(fields.retry);
        if (!fields.data) continue;
        const data = JSON.parse(fields.data);
        last = fields.id;
        if (fields.event === "stream_start") url += `/${data.run_id}`;
        if (fields.event === "message") text += data.token;
        if (fields.event === "stream_end") ending = data.status;
        if (responses <= 3 && ++count === breakAfter) break reading;
      }
    }
    abort.abort();
    options = { method: "GET" };
    headers["Last-Event-ID"] = last;
  }
  return { text, retry, responses, ending };
}
"""


@pytest.fixture
def server() -> Iterator[Process]:
    with ExitStack() as stack:
        yield stack.enter_context(Process("--in-memory", "--model", "demo:500"))


def test_a_page_reads_an_answer_over_four_connections_and_loses_nothing(
    server: Process, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/healthz")  # a page of the same origin; there is no CORS
    arguments = {"token": TOKEN, "question": QUESTION, "breakAfter": 40}
    read = page.evaluate(READER, arguments)
    assert read == {
        "text": answer([{"role": "user", "content": QUESTION}]),
        "retry": 1000,
        "responses": 4,
        "ending": "complete",
    }


def test_a_page_of_another_origin_cannot_ask(server: Process, context: BrowserContext) -> None:
    with Process("--in-memory") as other:
        page = context.new_page()
        page.goto(f"{other.url}/healthz")
        said = page.evaluate(
            """async ({ url, token }) => {
              const headers = { Authorization: `Bearer ${token}` };
              try { return (await fetch(`${url}/api/conversations`, { headers })).status; }
              catch (error) { return error.name; }
            }""",
            {"url": server.url, "token": TOKEN},
        )
    assert said == "TypeError"
