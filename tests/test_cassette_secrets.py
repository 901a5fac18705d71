"""A canary for a key is nowhere in a cassette, whatever a server makes of it."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import pytest

from chats import WatchedChat
from leaks import ANSWERS, ESCAPES, assert_hidden, escaped, everything_about
from lessons import asked
from printer_widget import ChatError, ChatNode, OpenAIChat, ProviderError, Replay, VercelUI, record
from printer_widget.providers import Provider, RequestSpec
from printer_widget.sources import HttpSource
from protocols import DONE, KEY, PROTOCOLS, chunk
from servers import (
    TOKEN,
    Connection,
    in_turn,
    no_wait,
    read,
    sending,
    serve,
    serve_in_thread,
    source,
)

# Has what URLs, JSON and Base64 write in another way; no regular expression takes it for a key.
CANARY = 'cän/ary+"5ecret%\\x=='.replace("ä", "a")


def provider(url: str, key: str = CANARY) -> HttpSource:
    return HttpSource(PROTOCOLS["OpenAIChat"].make(url, key), wait=no_wait)


def forms(secret: str) -> list[str]:
    """How a secret may be written, and its halves."""
    data = secret.encode()
    coded = [
        base64.b64encode(b"x" * at + data + b"y" * (-len(data) - at & 3))[4:-4] for at in range(3)
    ]
    return [
        secret,
        secret[: len(secret) // 2 + 2],
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        *(each.decode() for each in coded),
        *(each.decode().translate(str.maketrans("+/", "-_")) for each in coded),
    ]


def assert_clean(path, secret: str = CANARY) -> str:
    text = path.read_text("utf-8")
    assert [form for form in forms(secret) if form in text] == []
    assert secret[-10:-4] not in text
    return text


# ── What a server may do with a key ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_token_is_in_no_cassette_of_the_answers_that_could_tell_it(answer, tmp_path) -> None:
    path = tmp_path / "a.cassette"
    with serve_in_thread(answer) as server:
        chat = WatchedChat(server.url, idle_timeout_s=0.1, through=partial(record, path=path))
        chat.ask()
        chat.node.close()
        chat.settle()
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert_clean(path, TOKEN)
    Replay(path)


def echoes() -> dict[str, bytes]:
    """Bodies that repeat the canary, each in another form."""
    data = CANARY.encode()
    bodies = {f"form {at}": form for at, form in enumerate(forms(CANARY)[:5]) if at != 1}
    bodies["an escaped slash"] = json.dumps(CANARY)[1:-1].replace("/", "\\/")
    bodies |= {f"{name} for all but letters": escaped(how, CANARY) for name, how in ESCAPES.items()}
    bodies["some of all"] = "".join(
        list(ESCAPES.values())[at % len(ESCAPES)].format(ord(each)) if not each.isalnum() else each
        for at, each in enumerate(CANARY)
    )
    bodies["JSON of JSON"] = json.dumps(json.dumps(escaped("\\u{:04x}", CANARY)))[3:-3]
    bodies["HTML in JSON"] = escaped("&#{:d};", CANARY).replace("&", "\\u0026")
    named = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;"}
    bodies["HTML by name"] = "".join(named.get(each, each) for each in CANARY)
    for at in range(3):
        bodies[f"Base64 of something with it, {at}"] = base64.b64encode(
            b"u:" + b"x" * at + data + b"and more"
        ).decode()
    bodies["Base64 for URLs"] = base64.urlsafe_b64encode(data).decode()
    return {name: text.encode() for name, text in bodies.items()}


@pytest.mark.parametrize("body", echoes().values(), ids=echoes())
@pytest.mark.parametrize("status", ["200 OK", "401 No"])
async def test_a_key_is_taken_out_in_every_form(body, status, tmp_path) -> None:
    path = tmp_path / "a.cassette"
    sent = b'data: {"choices":[{"delta":{"content":"' + body + b'"}}]}\n\n'
    async with serve(sending(sent, status=status)) as server:
        with pytest.raises(ChatError):
            await read(record(provider(server.url), path))
    text = assert_clean(path)
    assert '| data: {"choices":[{"delta":{"content":"' in text
    assert "…" in text


@pytest.mark.parametrize("form", [CANARY, escaped("\\u{:04X}", CANARY)], ids=["plain", "escaped"])
@pytest.mark.parametrize("size", [1, 2, 7])
async def test_a_key_is_taken_out_across_the_boundaries_of_chunks(size, form, tmp_path) -> None:
    path = tmp_path / "a.cassette"
    sent = b": " + form.encode() + b"\n\n" + PROTOCOLS["OpenAIChat"].answer("Hi")
    echoed = len(form) + 4

    async def answer(connection: Connection) -> None:
        await connection.head()
        for at in range(0, echoed, size):
            await connection.send(sent[at : min(at + size, echoed)])
            await asyncio.sleep(0.001)  # so that they are read one by one
        await connection.send(sent[echoed:])

    async with serve(answer) as server:
        live = await read(record(provider(server.url), path))
    assert_clean(path)
    assert await read(Replay(path, speed=0)) == live


@pytest.mark.parametrize(
    "begun",
    [
        CANARY[:12],
        escaped("\\u{:04X}", CANARY[:12]),
        *(CANARY[:9] + "\\u0022"[:at] for at in range(6)),
    ],
)
async def test_a_key_cut_off_by_the_end_is_taken_out(begun, tmp_path) -> None:
    path = tmp_path / "a.cassette"
    sent = chunk({"content": "Hi"}) + b'data: {"x":"' + begun.encode()
    async with serve(sending(sent)) as server:
        with pytest.raises(ChatError):
            await read(record(provider(server.url), path))
    assert "Hi" in assert_clean(path)
    assert CANARY[:8] not in path.read_text("utf-8")


def test_a_key_that_a_model_spells_is_not_recorded_and_said_so(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    pieces = b"".join(chunk({"content": letter}) for letter in f"It is {CANARY}.")
    spelt, fine = sending(pieces + DONE), sending(PROTOCOLS["OpenAIChat"].answer("Hi"))
    with serve_in_thread(in_turn(spelt, fine)) as server:
        chat = ChatNode(record(provider(server.url), path))
        error = asked(chat, "What is the key?")
        assert isinstance(error, ProviderError)
        assert "could not be recorded: it repeats a key or token in several pieces" in str(error)
        assert CANARY in error.reply.content
        assert not path.exists()
        assert asked(chat, "Hi").status == "complete"
        chat.close()
    # It is a part of the conversation by now, and there it is in one piece.
    assert "It is …." in assert_clean(path)


PAIRED = "abc+DEF/ghi=JKLmnop"


@pytest.mark.parametrize("how", [how for how in ESCAPES.values() if "x{" not in how[:3]])
async def test_no_part_of_a_key_stays_where_another_part_is_known_alone(how, tmp_path) -> None:
    path, body = tmp_path / "a.cassette", chunk({"content": "Your key: FORM."})
    sent = sending(body.replace(b"FORM", escaped(how, PAIRED).encode()) + DONE)
    async with serve(sent) as server:
        await read(record(provider(server.url, PAIRED), path))
    text = path.read_text("utf-8")
    assert "Your key: …." in text
    assert [part for part in ("abc", "DEF", "ghi", "JKL") if part in text] == []


def test_a_key_of_which_one_part_alone_is_in_one_piece_is_not_recorded(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    pieces = ["It is ", *"abc+DEF/ghi=", "JKLmnop", "."]
    spelt = sending(b"".join(chunk({"content": each}) for each in pieces) + DONE)
    with serve_in_thread(spelt) as server:
        chat = ChatNode(record(provider(server.url, PAIRED), path))
        error = asked(chat, "What is the key?")
        chat.close()
    assert "could not be recorded: it repeats a key or token in several pieces" in str(error)
    assert not path.exists()


async def test_a_refusal_that_spells_a_key_is_not_recorded(tmp_path, caplog) -> None:
    path = tmp_path / "a.cassette"
    body = json.dumps({"error": [{"bad": CANARY[:9]}, CANARY[9:]]}).replace("bad", "")
    async with serve(sending(body.encode(), status="401 No")) as server:
        with pytest.raises(ChatError):
            await read(record(provider(server.url), path))
    assert "could not be recorded: it repeats a key or token in several pieces" in caplog.text
    assert not path.exists()


async def test_heads_of_responses_tell_nothing(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    head = {
        "Set-Cookie": "session=c00kie-canary; Path=/",
        "X-Echo": CANARY,
        "Server": f"s {CANARY}",
        "X-RateLimit-Key": CANARY,
        "Location": f"/?key={quote(CANARY)}",
    }
    body = f'{{"error":"c00kie-canary for {{}} {KEY}"}}'.encode()
    async with serve(sending(body, status="401 No", more=head)) as server:
        with pytest.raises(ChatError):
            await read(record(provider(server.url), path))
    text = assert_clean(path)
    assert "c00kie" not in text
    assert "server: s …" in text
    assert "x-ratelimit-key: …" in text


async def test_headers_of_the_readers_own_are_secret(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    headers = {
        "Cookie": "session=c00kie-canary; other=0ther-canary",
        "Authorization": "Basic " + base64.b64encode(b"u5er-canary:pa55-canary").decode(),
        "X-Key": "hidden canary",
        "X-App": "app1-canary",
        "X-Course": "statistics",
    }
    echo = (
        "c00kie-canary 0ther-canary u5er-canary pa55-canary hidden canary app1-canary, statistics"
    )

    async with serve(sending(json.dumps({"error": echo}).encode(), status="403 No")) as server:
        with pytest.raises(ChatError):
            await read(record(VercelUI(server.url, headers=headers), path))
    text = path.read_text("utf-8")
    for secret in ("canary", headers["Authorization"][6:]):
        assert secret not in text
    assert ", statistics" in text


class InTheUrl(OpenAIChat):
    """A provider of somebody's own, whose key is in its URL and in its body."""

    def request(self, question) -> RequestSpec:
        spec = super().request(question)
        url = spec.url.replace("://", "://me:pa55w0rd-canary@")
        body = {**spec.json, "auth": {"nested": [{"api_key": "b0dy-canary"}]}}
        return replace(spec, url=f"{url}?key={quote(CANARY)}&api-version=1#fr4gment", json=body)


async def test_what_is_secret_in_a_url_or_a_body_is_in_no_cassette(tmp_path) -> None:
    path = tmp_path / "a.cassette"

    async def answer(connection: Connection) -> None:
        await connection.head("400 No")
        await connection.send(f"{connection.request.path} pa55w0rd-canary b0dy-canary".encode())

    async with serve(answer) as server:
        mine: Provider = InTheUrl("m", base_url=f"{server.url}/v1")
        with pytest.raises(ChatError):
            await read(record(HttpSource(mine, wait=no_wait), path))
    text = assert_clean(path)
    assert f"-- request POST {server.url}/v1/chat/completions\n" in text
    for secret in ("pa55w0rd", "b0dy", "fr4gment"):
        assert secret not in text


def test_a_key_that_changes_is_taken_out_with_the_one_before(tmp_path) -> None:
    path, keys = tmp_path / "a.cassette", ["f1rst-canary", "s3cond-canary"]
    both = in_turn(
        sending(b"f1rst-canary", status="503 Busy", more={"Retry-After": "0"}),
        sending(PROTOCOLS["OpenAIChat"].answer("f1rst-canary s3cond-canary")),
    )
    with serve_in_thread(both) as server:
        each = iter(keys)
        mine = OpenAIChat("m", base_url=f"{server.url}/v1", api_key=lambda: next(each))
        chat = ChatNode(record(HttpSource(mine, wait=no_wait), path))
        assert asked(chat, "Is it f1rst-canary?").content == "f1rst-canary s3cond-canary"
        chat.close()
    assert "canary" not in path.read_text("utf-8")


async def test_a_key_of_somebody_elses_is_taken_out_by_its_shape(tmp_path) -> None:
    path, key = tmp_path / "a.cassette", "sk-proj-0123456789abcdefgh"
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {key}"}}).encode()
    async with serve(sending(said, status="401 No")) as server:
        with pytest.raises(ChatError):
            await read(record(provider(server.url), path))
    assert key not in path.read_text("utf-8")


def test_no_repr_and_no_error_of_a_recording_shows_the_key(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    with serve_in_thread(ANSWERS["401, with an echo"]) as server:
        recording = record(source(server.url), path)
        chat = ChatNode(recording)
        error = asked(chat, "Hi")
        assert_hidden([repr(recording), *everything_about(error)])
        chat.close()
    replayed = ChatNode(Replay(path, speed=0))
    error = asked(replayed, "Hi")
    assert str(error).startswith("HTTP 401; the server refused the token")
    assert_hidden(everything_about(error))
    replayed.close()


async def test_events_of_a_function_are_rid_of_keys_by_their_shape(tmp_path) -> None:
    path, key = tmp_path / "a.cassette", "sk-proj-0123456789abcdefgh"
    await read(record(lambda _messages: f"It is {key}", path))
    assert key not in path.read_text("utf-8")
