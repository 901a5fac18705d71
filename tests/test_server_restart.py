"""A backend that is killed in the middle of an answer, and started again on its data."""

from __future__ import annotations

import contextlib
import signal

import httpx
import pytest

from printer_widget.demo import answer
from printer_widget.server.blocks import text_of
from printer_widget.server.database import Database, StoreError
from printer_widget.server.store import RESTARTED, Store
from server_process import TOKEN, Process
from serving import (
    PATH,
    Following,
    Stepping,
    asking,
    events,
    parse,
    resuming,
    saying,
    serving,
    stop,
    text,
)

pytestmark = pytest.mark.slow

QUESTION = "tell me a story"
STORY = answer([{"role": "user", "content": QUESTION}])


def read_until_killed(server, response, *, size):
    """Read some of a stream, kill its server, and read what was still on its way."""
    stream = Following(response)
    while len(stream.received) < size:
        stream.received += next(stream._chunks)
    server.kill()
    with contextlib.suppress(httpx.HTTPError):
        stream.rest()
    return list(parse(stream.whole))


def kill_in_mid_answer(db, *, headers=None):
    """Return what was seen of the story when its backend was killed."""
    with (
        Process("--db", db, "--model", "demo:400") as server,
        asking(server.client, user_message=QUESTION, headers=headers) as response,
    ):
        return read_until_killed(server, response, size=2_000)


def messages(server):
    return server.client.get("/api/conversations/c1/messages").json()["messages"]


def ending(server):
    *_, message = messages(server)
    return message["content"], message["status"], message.get("error")


def test_killed_again_and_again_an_answer_goes_on_without_a_lost_or_doubled_character(tmp_path):
    db = tmp_path / "backend.sqlite3"
    port, seen, run_id = 0, [], None
    for at in (600, 2_000, 6_000, None):
        with Process("--db", db, "--model", "demo:400", port=port) as server:
            port = server.port
            if not seen:
                response = asking(server.client, user_message=QUESTION)
            else:
                partial = "".join(data.get("token", "") for _, _, data in seen)
                content, status, error = ending(server)
                # all that any client saw is there, and at most what was stored but not yet sent
                assert content.startswith(partial)
                assert (status, error) == ("interrupted", RESTARTED)
                response = resuming(server.client, run_id, after=seen[-1][0])
            with response as opened:
                if at is not None:
                    seen += read_until_killed(server, opened, size=at)
                    run_id = seen[0][2]["run_id"]
                else:
                    seen += parse(opened.read())
                    assert ending(server) == (STORY, "complete", None)
    assert [number for number, _, _ in seen] == list(range(1, len(seen) + 1))
    assert "".join(data["token"] for _, name, data in seen if name == "message") == STORY
    assert seen[-1][1:] == (
        "stream_end",
        {"message_id": seen[-1][2]["message_id"], "status": "complete"},
    )


def test_interrupted_with_ctrl_c_it_goes_on_after_a_restart_too(tmp_path):
    db = tmp_path / "backend.sqlite3"
    with Process("--db", db) as server, asking(server.client, user_message=QUESTION) as response:
        stream = Following(response)
        seen = stream.until("printer")
        port = server.port
        assert server.interrupt() == 0
        assert server.err == ""
    with (
        Process("--db", db, "--model", "demo:1000", port=port) as server,
        resuming(server.client, stream.run_id, after=seen[-1][0]) as response,
    ):
        seen += parse(response.read())
    assert "".join(data["token"] for _, name, data in seen if name == "message") == STORY


def test_two_that_come_back_at_the_same_time_read_one_run(tmp_path):
    db = tmp_path / "backend.sqlite3"
    seen = kill_in_mid_answer(db)
    run_id = seen[0][2]["run_id"]
    with (
        Process("--db", db, "--model", "demo:2000") as server,
        resuming(server.client, run_id) as first,
        resuming(server.client, run_id) as second,
    ):
        whole = first.read()
        assert text(whole) == STORY
        assert second.read() == whole
        assert len(messages(server)) == 2


def test_stopped_after_the_restart_the_answer_keeps_what_there_was(tmp_path):
    db = tmp_path / "backend.sqlite3"
    seen = kill_in_mid_answer(db)
    run_id = seen[0][2]["run_id"]
    with Process("--db", db) as server:
        content, *_ = ending(server)
        assert stop(server.client, run_id).status_code == 204
        assert ending(server) == (content, "stopped", None)
        with resuming(server.client, run_id, after=seen[-1][0]) as response:
            assert events(response.read())[-1][1]["status"] == "stopped"


def test_with_a_model_that_cannot_repeat_itself_the_restart_is_told_and_the_text_is_kept(tmp_path):
    db, model = tmp_path / "backend.sqlite3", Stepping()
    with serving(model, token=TOKEN) as upstream:
        upstream_url = str(upstream.base_url)
        model.step(5)
        arguments = ("--db", db, "--model", f"printer:{upstream_url}", "--key", TOKEN)
        with Process(*arguments) as server, asking(server.client) as response:
            stream = Following(response)
            seen = stream.until("4 ")
            server.kill()
        model.end()
        with Process(*arguments) as server:
            sentence = "The backend was restarted before the answer was complete."
            assert ending(server) == ("0 1 2 3 4 ", "interrupted", sentence)
            with resuming(server.client, stream.run_id, after=seen[-1][0]) as response:
                assert events(response.read()) == [("error", {"error": sentence})]
            with resuming(server.client, stream.run_id, after=seen[-1][0] + 1) as response:
                assert response.status_code == 204


def test_started_with_another_model_it_does_not_let_that_one_finish(tmp_path):
    db = tmp_path / "backend.sqlite3"
    seen = kill_in_mid_answer(db)
    with (
        Process("--db", db, "--model", "echo") as server,
        resuming(server.client, seen[0][2]["run_id"], after=seen[-1][0]) as response,
    ):
        assert events(response.read())[-1] == ("error", {"error": RESTARTED})


def test_the_same_request_sent_again_after_the_restart_reads_the_run_from_its_start(tmp_path):
    db, key = tmp_path / "backend.sqlite3", {"Idempotency-Key": "k"}
    kill_in_mid_answer(db, headers=key)
    with (
        Process("--db", db, "--model", "demo:2000") as server,
        asking(server.client, user_message=QUESTION, headers=key) as response,
    ):
        assert text(response.read()) == STORY
        assert len(messages(server)) == 2


def test_what_is_sent_was_stored_before(tmp_path):
    """A copy of the files, taken when an event arrives, holds that event."""
    db = tmp_path / "backend.sqlite3"
    with Process("--db", db) as server, asking(server.client) as response:
        stream = Following(response)
        for number in range(1, 20):
            seen = stream.until(f"id: {number}\n")
            copy = tmp_path / str(number)
            copy.mkdir()
            for file in (db, db.with_name(f"{db.name}-wal")):
                (copy / file.name).write_bytes(file.read_bytes())
            database = Database(copy / db.name)
            blocks = database.submit(
                lambda db: db.execute("SELECT block FROM events ORDER BY id").fetchall()
            ).result()
            database.close()
            said = "".join(data.get("token", "") for _, _, data in seen)
            assert text_of(block for (block,) in blocks).startswith(said)
            assert len(blocks) >= len(seen)


def test_a_second_backend_on_the_same_data_is_refused_with_a_reason(tmp_path):
    store = Store(tmp_path / "backend.sqlite3")
    with pytest.raises(StoreError, match="is in use, by another backend"):
        Store(tmp_path / "backend.sqlite3")
    store.close()
    Store(tmp_path / "backend.sqlite3").close()


def test_an_unread_answer_is_still_saved_when_it_is_killed_by_sigterm(tmp_path):
    db = tmp_path / "backend.sqlite3"
    with Process("--db", db) as server, asking(server.client, user_message="hello") as response:
        Following(response).until("Hello")
        server._process.send_signal(signal.SIGTERM)
        server._end()
    with Process("--db", db) as server:
        content, status, _ = ending(server)
        assert (content[:5], status) == ("Hello", "interrupted")
        assert server.client.get(f"{PATH}/unknown").status_code == 410


def test_an_answer_of_the_model_printer_keeps_its_conversation_upstream():
    given = []

    async def model(messages):
        given.append([message["content"] for message in messages])
        yield f"A{len(given)}"

    with (
        serving(model, token=TOKEN) as upstream,
        serving(saying("unused")),
        Process("--in-memory", "--model", f"printer:{upstream.base_url}", "--key", TOKEN) as server,
    ):
        for number in range(3):
            with asking(server.client, user_message=f"Q{number}") as response:
                response.read()
        with asking(server.client, user_message="new", conversation_id=None) as response:
            response.read()
    assert given[2] == ["Q0", "A1", "Q1", "A2", "Q2"]
    assert given[3] == ["new"]
