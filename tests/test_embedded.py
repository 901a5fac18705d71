from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from printer_widget.server import embedded
from printer_widget.server.embedded import EmbeddedServer, available
from printer_widget.server.limits import Limits

pytestmark = pytest.mark.slow
SOON = 5  # seconds after which something that should happen at once has not happened
QUESTION, PATH = {"user_message": "Hi"}, "/api/chat/stream"
LIMITS = Limits()


async def greeter(messages):
    yield "Hello"


class Waiting:
    """A model that says a word, then thinks for ever."""

    def __init__(self):
        self.thinking = threading.Event()
        self.tidying = threading.Event()
        self.closed = threading.Event()

    async def __call__(self, messages):
        try:
            yield "Hello"
            self.thinking.set()
            await asyncio.Event().wait()
        finally:
            self.tidying.set()
            await asyncio.sleep(0.3)  # tidying up takes a moment of its own
            self.closed.set()


@pytest.fixture
def server():
    server = EmbeddedServer(model=greeter)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def backend():
    server = EmbeddedServer(model=greeter)
    server.start()
    with httpx.Client(base_url=server.url, timeout=SOON, headers=bearer(server.token)) as client:
        yield client
    server.stop()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def asking(server):
    return httpx.stream("POST", server.url + PATH, json=QUESTION, headers=bearer(server.token))


def run(script):
    """Run a script in a process of its own; it must succeed and print only what it means to."""
    done = subprocess.run(
        [sys.executable, "-W", "default::ResourceWarning", "-c", textwrap.dedent(script)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


# Starting


def test_it_answers_once_start_has_returned(server):
    server.start()
    with asking(server) as response:
        assert b'{"token": "Hello"}' in response.read()


def test_however_often_and_from_how_many_threads_it_is_started_it_is_one_server(server):
    together = threading.Barrier(8)

    def start(_):
        together.wait()
        server.start()
        return server.url, server.token

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert [thread.name for thread in threading.enumerate()].count("printer-widget-server") == 1


def test_it_needs_nothing_of_what_notebooks_patch(server, monkeypatch):
    monkeypatch.setattr(asyncio, "run", None)
    monkeypatch.setattr(asyncio, "new_event_loop", None)
    server.start()
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}


def test_its_token_is_never_shown(server):
    server.start()
    assert server.token not in repr(server) + repr(vars(server))
    assert len(server.token) >= 32


def test_before_start_it_has_no_url_and_says_what_to_do(server):
    assert repr(server) == "<EmbeddedServer stopped>"
    for name in ("url", "token"):
        with pytest.raises(RuntimeError, match=r"not running; call start\(\) first"):
            getattr(server, name)


def test_a_port_that_cannot_be_had_is_an_error_that_says_so(server, monkeypatch):
    monkeypatch.setattr(embedded, "HOST", "203.0.113.1")  # RFC 5737: nobody's address
    with pytest.raises(RuntimeError, match=r"could not start on 203\.0\.113\.1: .*ChatNode can"):
        server.start()


def test_a_server_that_fails_to_start_says_why_and_can_be_started_again(server, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(asyncio, "SelectorEventLoop", lambda: 1 / 0)
        began = time.monotonic()
        with pytest.raises(RuntimeError, match=r"could not start on .* division by zero"):
            server.start()
        assert time.monotonic() - began < SOON
    server.start()
    assert httpx.get(f"{server.url}/healthz").is_success


# Stopping


def test_stopping_cuts_open_streams_off_at_once():
    model = Waiting()
    server = EmbeddedServer(model=model)
    server.start()
    with asking(server) as response:
        assert model.thinking.wait(SOON)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 1
        assert model.closed.is_set()
        with pytest.raises(httpx.RemoteProtocolError):  # cut off is not the same as complete
            response.read()


def test_stopping_closes_the_port_and_ends_the_thread_whoever_is_connected(server):
    server.start()
    address = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    with httpx.Client() as client:
        client.get(f"{server.url}/healthz")  # and the connection is kept
        server.stop()
    assert "printer-widget-server" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_stopping_lets_a_model_tidy_up_whose_client_has_just_left():
    model = Waiting()
    server = EmbeddedServer(model=model, grace_s=0)
    server.start()
    with asking(server):
        assert model.thinking.wait(SOON)
    assert model.tidying.wait(SOON)
    server.stop()
    assert model.closed.is_set()


def test_stopped_it_can_be_started_again_with_a_new_token(server):
    server.start()
    token = server.token
    server.stop()
    server.stop()  # once more does nothing
    server.start()
    assert server.token != token
    assert httpx.get(f"{server.url}/healthz").is_success


def test_a_model_that_will_not_end_does_not_hold_stop_up(monkeypatch):
    monkeypatch.setattr(embedded, "STOPPING_S", 0.2)
    thinking, let_go = threading.Event(), threading.Event()

    async def model(messages):
        thinking.set()
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.to_thread(let_go.wait, 0.01)
        yield "too late"

    server = EmbeddedServer(model=model)
    server.start()
    with asking(server):
        assert thinking.wait(SOON)
        thread, began = server._thread, time.monotonic()
        server.stop()
        assert time.monotonic() - began < 1
    let_go.set()
    thread.join(SOON)
    assert not thread.is_alive()


# The process around it


def test_the_process_ends_at_once_and_quietly_in_the_middle_of_a_stream():
    out = run("""
        import json, socket, time
        from printer_widget.server.embedded import embedded_server

        server = embedded_server()
        server.start()
        client = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        body = json.dumps({"user_message": "tell me a story"})
        head = ["POST /api/chat/stream HTTP/1.1", "Host: localhost"]
        head += [f"Authorization: Bearer {server.token}", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}", "", body]
        client.sendall("\\r\\n".join(head).encode())
        assert client.recv(12) == b"HTTP/1.1 200"
        client.detach()  # left open, and no warning about it
        print(time.time())
        """)
    assert time.time() - float(out) < 1


def test_nothing_is_printed_even_when_a_client_speaks_nonsense():
    out = run("""
        import socket
        from printer_widget.server.embedded import embedded_server

        server = embedded_server()
        server.start()
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"nonsense\\r\\n\\r\\n")
            assert client.recv(12) == b"HTTP/1.1 400"
        server.stop()
        """)
    assert out == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_starts_its_own_and_leaves_its_parents_alone():
    out = run("""
        import os, warnings
        import httpx
        from printer_widget.server.embedded import embedded_server

        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of every such fork
        server = embedded_server()
        server.start()
        url, token = server.url, server.token
        child = os.fork()
        if child == 0:
            assert repr(server) == "<EmbeddedServer stopped>"
            server.stop()
            server.start()
            assert embedded_server() is server
            assert server.url != url and server.token != token
            assert httpx.get(server.url + "/healthz").json() == {"status": "ok"}
            server.stop()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert (server.url, server.token) == (url, token)
        assert httpx.get(url + "/healthz").json() == {"status": "ok"}
        print("both")
        """)
    assert out == "both\n"


def test_importing_the_package_imports_neither_fastapi_nor_uvicorn():
    out = run("""
        import sys
        import printer_widget
        from printer_widget.server import embedded
        embedded.available(), embedded.embedded_server()
        print({"fastapi", "starlette", "uvicorn"} & set(sys.modules))
        """)
    assert out == "set()\n"


@pytest.mark.parametrize("name", ["fastapi", "uvicorn"])
def test_without_its_extra_it_is_not_available_and_starting_says_what_is_missing(
    server, monkeypatch, name
):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "printer_widget.server.app", raising=False)
    assert not available()
    with pytest.raises(ImportError, match=name):
        server.start()


def test_a_browsers_python_has_no_threads_and_so_no_server(monkeypatch):
    assert available()
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert not available()


# Who may ask, and what


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, "Bearer"),
        ("Basic dXNlcjpwYXNz", "Bearer"),
        ("Bearer", 'Bearer error="invalid_token"'),
        ("Bearer wrong", 'Bearer error="invalid_token"'),
        ("Bearer é", 'Bearer error="invalid_token"'),
    ],
)
def test_without_the_token_nothing_is_answered(backend, header, challenge):
    headers = [("Authorization", header.encode("latin-1"))] if header else []
    for path in (PATH, "/docs", "/anything"):
        with httpx.Client(base_url=backend.base_url) as stranger:
            response = stranger.post(path, json=QUESTION, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == challenge
        assert "token" in response.json()["detail"]


def test_scheme_and_content_type_may_be_written_in_any_case(backend):
    headers = {
        "Authorization": backend.headers["Authorization"].replace("Bearer", "bEARER"),
        "Content-Type": "Application/JSON; charset=utf-8",
    }
    assert backend.post(PATH, json=QUESTION, headers=headers).is_success


def test_a_stranger_is_refused_before_a_body_is_read(backend):
    address = (backend.base_url.host, backend.base_url.port)
    with socket.create_connection(address, timeout=SOON) as stranger:
        stranger.sendall(b"POST %b HTTP/1.1\r\nHost: localhost\r\n" % PATH.encode())
        stranger.sendall(b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
        assert stranger.recv(12) == b"HTTP/1.1 401"


def test_health_and_description_are_public(backend):
    with httpx.Client(base_url=backend.base_url) as stranger:
        assert stranger.get("/healthz").json() == {"status": "ok"}
        assert PATH in stranger.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (200, ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]", "[::1]:80"]),
        (400, ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::2]", "::1", ""]),
    ],
)
def test_loopback_answers_to_its_own_names_alone(backend, status, names):
    for name in names:
        assert backend.get("/healthz", headers={"Host": name}).status_code == status


def test_a_page_that_asks_for_permission_gets_none(backend):
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = backend.options(PATH, headers=preflight)
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("form", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_what_a_page_could_send_without_asking_is_refused(backend, form):
    headers = {"Content-Type": form} if form else {}
    response = backend.post(PATH, content=b"{}", headers=headers)
    assert response.status_code == 415
    assert (form or "no content type") in response.json()["detail"]


def body_of(size):
    frame = len(json.dumps({"user_message": ""}))
    return json.dumps({"user_message": "x" * (size - frame)}).encode()


def chunks(body):
    for start in range(0, len(body), 60_000):
        yield body[start : start + 60_000]


@pytest.mark.parametrize("sent", [bytes, chunks], ids=["with its length", "chunked"])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(backend, sent):
    headers = {"Content-Type": "application/json"}
    fits = backend.post(PATH, content=sent(body_of(LIMITS.body)), headers=headers)
    assert fits.is_success
    refused = backend.post(PATH, content=sent(body_of(LIMITS.body + 1)), headers=headers)
    assert refused.status_code == 413
    assert "larger than 1,048,576 bytes" in refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        *[b"", b"no json", b"[]", b"null", b"{}", b'{"user_message": ""}', b'{"user_message": 1}'],
        b'{"user_message": "a", "context_node_ids": "b"}',
        b'{"user_message": "a", "conversation_id": ""}',
        b'{"user_message": "\\ud800"}',
    ],
)
def test_a_question_that_is_none_is_refused_with_the_reason(backend, body):
    response = backend.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert all({"type", "loc", "msg"} == set(told) for told in response.json()["detail"])
