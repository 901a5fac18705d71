"""Several users on one backend: what each may do, and that nobody sees anything of another."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import socket

import httpx
import pytest

from printer_widget.server import create_app
from printer_widget.server.models import Upstream, resolve
from printer_widget.server.users import Credential, Users, hashed_line, new_token, read_users
from serving import (
    PATH,
    QUESTION,
    SOON,
    Following,
    Noting,
    Waiting,
    ask,
    asking,
    bearer,
    events,
    limited,
    saying,
    serving,
    stop,
)

pytestmark = pytest.mark.slow

COMPLETIONS = "/v1/chat/completions"
ANN, BOB = "anns-token-0123456789", "bobs-token-0123456789"
USERS = Users(read_users(f"ann:{ANN}\nbob:{BOB}", where="here"))


def serving_both(model, **options):
    return serving(model, users=USERS, **options)


def of(client, token):
    return httpx.Client(base_url=client.base_url, headers=bearer(token), timeout=SOON)


# Nobody sees anything of another


def everything(client):
    """All that a user can see."""
    found = client.get("/api/conversations").json()["conversations"]
    return [
        (each, client.get(f"/api/conversations/{each['id']}/messages").json()) for each in found
    ]


def calls(description, ids):
    """Every call that the description knows, with these ids wherever one can stand."""
    # Asking comes last: it makes what has the id the caller's own.
    for path, methods in sorted(description["paths"].items(), key=lambda item: item[0] == PATH):
        names = re.findall(r"{(\w+)}", path)
        assert set(names) <= set(ids), f"say what stands for {names} in {path}"
        for method, about in methods.items():
            parameters = about.get("parameters", [])
            queries = {each["name"] for each in parameters if each["in"] == "query"}
            headers = {each["name"].lower() for each in parameters if each["in"] == "header"}
            assert queries <= {*ids, "limit", "before"}, f"say what {queries} are in {path}"
            assert headers <= {"idempotency-key", "last-event-id"}, f"say what {headers} are"
            where = path.format(**ids)
            query = {name: ids[name] for name in queries & set(ids)}
            yield method, where, {"params": query}
            if path == COMPLETIONS:
                asks = [{"role": "user", "content": "What did she say?"}]
                for stream in (True, False):
                    asked = {"model": "model", "messages": asks, "stream": stream, **ids}
                    yield method, where, {"json": asked}
                    yield method, where, {"json": asked, "headers": keyed(ids)}
                continue
            if "before" in queries:
                yield method, where, {"params": {"before": ids["conversation_id"]}}
            if "last-event-id" in headers:
                yield method, where, {"headers": {"Last-Event-ID": "1"}}
            if "requestBody" in about:
                asks = ids | {"user_message": "What did she say?"}
                yield method, where, {"json": {"title": "Bob was here"}}
                yield method, where, {"json": asks}
                if "idempotency-key" in headers:
                    yield method, where, {"json": asks, "headers": keyed(ids)}


def keyed(ids):
    return {"Idempotency-Key": ids["idempotency_key"]}


def shape(response, ids):
    """A response without what is the caller's own: ids that were sent, ids that were made."""
    body = response.text
    for name in ids.values():
        body = body.replace(name, "ID")
    return response.status_code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d+", "#", body)


def test_no_call_that_the_backend_knows_shows_or_changes_anything_of_another_user():
    given = []

    async def model(messages):
        given.append([message["content"] for message in messages])
        if "her secret" in messages[-1]["content"]:
            yield "her answer"
            await Waiting()([]).__anext__()  # it is still being answered
        yield "his answer"

    with (
        serving_both(model, limits=limited(grace_s=60)) as stranger,
        of(stranger, ANN) as ann,
        of(stranger, BOB) as bob,
    ):
        description = stranger.get("/openapi.json").json()
        fields = {"user_message": "her secret", "conversation_id": None}
        ids = {"chat_node_id": "her-node", "project_id": "her-project", "name": "her-model"}
        key = "anns-key"
        with asking(ann, headers={"Idempotency-Key": key}, **fields, **ids) as response:
            stream = Following(response)
            stream.until("her answer")
        ids |= {"run_id": stream.run_id, "idempotency_key": key}
        ids |= {"conversation_id": list(events(stream.whole))[1][1]["conversation_id"]}
        before = everything(ann)
        assert "her secret" in json.dumps(before)

        nothing = {name: secrets.token_hex(8) for name in ids}
        made_up, walked = (list(calls(description, each)) for each in (nothing, ids))
        assert len(walked) >= 15
        for (method, path, options), (_, other_path, other_options) in zip(
            walked, made_up, strict=True
        ):
            response = bob.request(method, path, **options)
            assert "her secret" not in response.text, path
            assert "her answer" not in response.text, path
            unknown = bob.request(method, other_path, **other_options)
            assert shape(response, ids) == shape(unknown, nothing), (method, path, options)
        told = [content for contents in given[1:] for content in contents]
        assert "her secret" not in told
        assert "her answer" not in told
        assert everything(ann) == before
        # and she goes on as if nothing had been
        assert stop(ann, ids["run_id"]).status_code == 204
        assert len(everything(ann)[0][1]["messages"]) == 2


def test_two_users_may_use_the_same_id_and_the_same_key_for_what_is_their_own():
    with serving_both(Noting()) as stranger, of(stranger, ANN) as ann, of(stranger, BOB) as bob:
        for user in (ann, bob):
            for number in range(2):
                key = {"Idempotency-Key": f"k{number}"}
                ask(user, QUESTION | {"user_message": str(user is ann)}, headers=key)
        for user in (ann, bob):
            ((conversation, found),) = everything(user)
            assert conversation["id"] == "c1"
            said = [each["content"] for each in found["messages"] if each["role"] == "user"]
            assert said == [str(user is ann)] * 2


def test_without_a_users_token_no_call_but_health_and_description_is_answered():
    with serving_both(saying("yes")) as stranger:
        description = stranger.get("/openapi.json").json()
        names = ("run_id", "conversation_id", "chat_node_id", "project_id", "idempotency_key")
        ids = dict.fromkeys((*names, "name"), "x")
        for method, path, options in calls(description, ids):
            response = stranger.request(method, path, **options)
            assert (response.status_code == 401) == (path != "/healthz"), path


# Who they are


def test_a_token_is_known_by_its_digest_alone():
    token = new_token()
    users = Users(read_users(hashed_line("ann", token), where="here"))
    assert users.find(token.encode()) == "ann"
    assert users.find(hashlib.sha256(token.encode()).hexdigest().encode()) is None
    assert token not in f"{users!r} {users._credentials!r} {vars(users)}"
    assert len(token) >= 43
    assert new_token() != token


def test_users_are_read_one_to_a_line_or_between_commas():
    text = f"# the team\n\n ann:{ANN} , bob:{BOB}\nann:another-token-of-anns\na-token-alone-0123"
    users = Users(read_users(text, where="here"))
    assert users.names == ("ann", "bob", "default")
    assert users.find(b"another-token-of-anns") == users.find(ANN.encode()) == "ann"
    assert users.find(b"a-token-alone-0123") == "default"
    assert users.find(b"") is users.find(b"ann") is users.find("é".encode()) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ann:tooshort-secret"[:14], "16 characters or more"),
        ("ann:white space-secret-123", "without spaces"),
        ("ann:ümlaut-secret-0123456", "ASCII"),
        ("a/b:secret-0123456789", "letters, digits"),
        (":secret-0123456789", "letters, digits"),
        ("ann:sha256$secret", "64 hexadecimal digits"),
        (f"bob:{BOB},ann:short-secret"[:-7], "here, entry 2"),
    ],
)
def test_a_line_that_is_none_is_refused_without_repeating_it(text, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        read_users(text, where="here")
    assert "secret" not in str(refused.value)


def test_two_names_cannot_have_one_token_and_nobody_is_no_users():
    with pytest.raises(ValueError, match="ann and bob have the same token"):
        Users(read_users(f"ann:{ANN}\nbob:{ANN}", where="here"))
    with pytest.raises(ValueError, match="at least one token"):
        Users([])
    with pytest.raises(ValueError, match="not both"):
        create_app(token=ANN, users=USERS)
    assert "digest" not in repr(Credential("ann", b"digest"))


# Budgets


def test_more_questions_a_minute_than_the_budget_are_refused_for_now():
    with (
        serving_both(saying("yes"), limits=limited(questions_per_minute=2)) as stranger,
        of(stranger, ANN) as ann,
        of(stranger, BOB) as bob,
    ):
        assert [ask(ann).status_code for _ in range(4)] == [200, 200, 429, 429]
        refused = ask(ann)
        assert 55 <= int(refused.headers["retry-after"]) <= 60
        assert "2 questions a minute" in refused.json()["detail"]
        assert ask(bob).status_code == 200
        assert len(everything(ann)[0][1]["messages"]) == 4  # the others left no trace


def test_characters_in_and_out_count_and_more_than_the_budget_of_a_day_are_refused():
    with (
        serving_both(saying("y" * 50), limits=limited(characters_per_day=200)) as stranger,
        of(stranger, ANN) as ann,
        of(stranger, BOB) as bob,
    ):
        long = QUESTION | {"user_message": "x" * 60}
        assert [ask(ann, long).status_code for _ in range(3)] == [200, 200, 429]
        refused = ask(ann, long)
        assert 1 <= int(refused.headers["retry-after"]) <= 86_400
        assert "200 characters a day" in refused.json()["detail"]
        # 220 are used: an answer that has begun is finished
        assert ask(ann, QUESTION | {"user_message": "x"}).status_code == 429
        assert len(everything(ann)[0][1]["messages"]) == 4
        assert ask(bob, long).status_code == 200


def test_a_budget_of_a_day_outlives_a_restart(tmp_path):
    options = {"db": tmp_path / "db", "limits": limited(characters_per_day=100), "token": ANN}
    for expected in (200, 429):
        with serving(saying("y" * 70), **options) as ann:
            assert ask(ann, QUESTION | {"user_message": "x" * 30}).status_code == expected


def test_a_repeated_request_costs_no_characters():
    with serving(saying("y" * 50), limits=limited(characters_per_day=60)) as client:
        for _ in range(3):
            assert ask(client, headers={"Idempotency-Key": "k"}).status_code == 200


# What they may say


def test_a_locked_system_prompt_is_told_and_another_one_refused():
    model = Noting()
    with serving(model, system="You teach.") as client:
        assert ask(client).status_code == 200
        refused = ask(client, QUESTION | {"system": "Obey me."})
    assert model.given == [[("system", "You teach."), ("user", "Hi")]]
    assert refused.status_code == 403
    assert "has a system prompt of its own" in refused.json()["detail"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "x"])
def test_a_web_page_of_another_origin_is_refused(origin):
    with serving(saying("yes")) as client:
        refused = ask(client, headers={"Origin": origin})
        own = ask(client, headers={"Origin": str(client.base_url).rstrip("/")})
    assert (refused.status_code, own.status_code) == (403, 200)


def test_more_headers_than_any_client_sends_are_refused():
    with serving(saying("yes")) as client:
        refused = client.get("/healthz", headers={"X": "x" * 17_000})
    assert refused.status_code == 431
    assert "larger than 16,384 bytes" in refused.json()["detail"]


def test_a_body_that_does_not_come_is_not_waited_for():
    with serving(saying("yes"), limits=limited(body_s=0.2)) as client:
        address = (client.base_url.host, client.base_url.port)
        with socket.create_connection(address, timeout=SOON) as slow:
            slow.sendall(b"POST %b HTTP/1.1\r\nHost: localhost\r\n" % PATH.encode())
            slow.sendall(b"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
            assert slow.recv(12) == b"HTTP/1.1 408"


def test_stopping_needs_no_body_and_other_bodies_must_be_json():
    with serving(saying("yes")) as client:
        run_id = events(ask(client).content)[0][1]["run_id"]
        assert stop(client, run_id).status_code == 204
        form = client.patch("/api/conversations/c1", data={"title": "t"})
        assert form.status_code == 415


# A token leaves no trace


def test_a_token_and_an_upstream_key_appear_nowhere(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    token, key = "canary-token-4f1c9a", "canary-key-77d0b2"
    db = tmp_path / "backend.sqlite3"
    seen = []
    with serving(saying("yes"), token=key) as upstream:
        model = resolve(f"printer:{upstream.base_url}", Upstream(key=key))
        wrong = resolve(f"printer:{upstream.base_url}", Upstream(key=f"{key}-wrong"))
        for served in (model, wrong):
            with serving(served, token=token, db=db) as client:
                seen += [ask(client), client.get("/openapi.json"), client.get("/docs")]
                seen += [client.get("/api/conversations"), client.get("/nothing")]
                seen += [client.get("/api/conversations/c1/messages")]
                seen += [client.get("/healthz", headers=bearer(f"{token}-wrong"))]
                seen += [ask(client, headers=bearer(f"{token}-wrong"))]
                seen += [client.get(f"{PATH}/{token}"), ask(client, {"system": token})]
                asked = {"model": "printer", "messages": [{"role": "user", "content": "Hi"}]}
                seen += [client.get("/v1/models"), client.post(COMPLETIONS, json=asked)]
                seen += [client.post(COMPLETIONS, json=asked, headers=bearer(f"{token}-wrong"))]
                stored = [file.read_bytes() for file in db.parent.iterdir()]
            seen += [repr(served), repr(Upstream(key=key))]
    said = [f"{each.headers}{each.text}" for each in seen if isinstance(each, httpx.Response)]
    said += [each for each in seen if isinstance(each, str)]
    traces = "".join(said) + caplog.text + "".join(map(repr, stored))
    assert "yes" in traces
    assert "canary-key" not in traces
    assert "canary-token" not in traces.replace(f"{PATH}/{token}", "")
