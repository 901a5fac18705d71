"""A backend of a test's own, served by real uvicorn on loopback, and how to talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import replace

import httpx
import uvicorn

from printer_widget.server import create_app
from printer_widget.server.limits import Limits
from printer_widget.server.listening import listen
from printer_widget.server.store import Store

SOON = 5  # seconds after which something that should happen at once has not happened
PATH = "/api/chat/stream"
LIMITS = Limits(grace_s=0)
"""A client that goes away has left, as in the tests that are not about coming back."""

PATIENT = replace(LIMITS, grace_s=60)
"""A client that goes away may take its time."""

QUESTION = {
    "user_message": "Hi",
    "context_node_ids": [],
    "project_id": None,
    "chat_node_id": None,
    "conversation_id": "c1",
}


@contextlib.contextmanager
def serving(model=None, *, db=None, limits=LIMITS, token=None, **options):
    """Serve the app on a free loopback port; yields a client for it."""
    if model is not None:
        options["model"] = model
    store = Store(db)
    app = create_app(token=token, store=store, limits=limits, closing_s=1, **options)
    config = uvicorn.Config(
        app, log_config=None, lifespan="on", http="h11", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    listening = listen("127.0.0.1")  # from here on, connections wait in line
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    headers = {} if token is None else bearer(token)
    try:
        with httpx.Client(base_url=url, timeout=SOON, headers=headers) as client:
            client.store = store
            yield client
    finally:
        server.should_exit = True
        thread.join()


def limited(**limits):
    return replace(LIMITS, **limits)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def saying(*tokens):
    async def model(messages):
        for token in tokens:
            yield token

    return model


class Waiting:
    """A model that says some tokens, then thinks for ever; it records what happens to it."""

    def __init__(self, *tokens):
        self.tokens = tokens
        self.thinking = threading.Event()
        self.closed = threading.Event()
        self.messages = None
        self.runs = 0

    async def __call__(self, messages):
        self.messages = messages
        self.runs += 1
        try:
            for token in self.tokens:
                yield token
            self.thinking.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # tidying up may take a moment of its own
            self.closed.set()


class Noting:
    """A model that answers "A1", "A2" … and notes what it is given."""

    def __init__(self):
        self.given = []

    async def __call__(self, messages):
        self.given.append([(message["role"], message["content"]) for message in messages])
        yield f"A{len(self.given)}"


class Stepping:
    """A model that says a token whenever a test lets it: "0 ", "1 ", "2 " …"""

    def __init__(self):
        self.said = 0
        self.closed = threading.Event()
        self._steps = threading.Semaphore(0)
        self._ends = False

    def step(self, count=1):
        self._steps.release(count)

    def end(self):
        self._ends = True
        self._steps.release()

    async def __call__(self, messages):
        try:
            while True:
                while not self._steps.acquire(blocking=False):  # noqa: ASYNC110 - of threads
                    await asyncio.sleep(0.001)
                if self._ends:
                    return
                self.said += 1
                yield f"{self.said - 1} "
        finally:
            self.closed.set()


def ask(client, question=QUESTION, **options):
    return client.post(PATH, json=question, **options)


def asking(client, *, headers=None, **fields):
    return client.stream("POST", PATH, json=QUESTION | fields, headers=headers)


def resuming(client, run_id, *, after=None, **options):
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    return client.stream("GET", f"{PATH}/{run_id}", headers=headers, **options)


def stop(client, run_id):
    return client.post(f"{PATH}/{run_id}/stop")


def parse(blocks):
    """Each event of whole blocks as (id, name, data); each must be exactly three lines."""
    *blocks, rest = blocks.decode().split("\n\n")
    assert rest == ""
    for block in blocks:
        if block.startswith(":"):
            continue
        # splitlines also ends lines at U+2028 and its like
        number, event, data = block.removeprefix("retry: 1000\n").splitlines()
        yield (
            int(number.removeprefix("id: ")),
            event.removeprefix("event: "),
            json.loads(data.removeprefix("data: ")),
        )


def events(body):
    """Each event as (name, data)."""
    return [(name, data) for _, name, data in parse(body)]


def text(body):
    return "".join(data["token"] for _, name, data in parse(body) if name == "message")


class Following:
    """An open stream, read as far as a test wants."""

    def __init__(self, response):
        assert response.status_code == 200, response.read()
        self.received = b""
        self._chunks = response.iter_raw()
        response.following = self  # an iterator that is dropped closes the connection

    def until(self, part):
        """Read until some text came, and return all whole events that came until then."""
        wanted = part.encode()
        while wanted not in self.received:
            self.received += next(self._chunks)
        return list(parse(self.whole))

    @property
    def whole(self):
        """What came, up to the end of its last whole event."""
        return self.received[: self.received.rfind(b"\n\n") + 2]

    @property
    def run_id(self):
        return self.until("run_id")[0][2]["run_id"]

    def rest(self):
        """Read to the end."""
        for chunk in self._chunks:
            self.received += chunk
        return list(parse(self.received))


def eventually(condition, message="it did not come to be"):
    """Wait for what has no event to wait for."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.005)


def messages(client, conversation="c1"):
    return client.get(f"/api/conversations/{conversation}/messages").json()["messages"]


def last(client):
    *_, message = messages(client)
    return message["role"], message["content"], message["status"], message.get("error")
