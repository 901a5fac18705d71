"""Coming back to an answer, sending a question twice, stopping, going away."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from printer_widget.server import run as run_module
from printer_widget.server.event_stream import EventStream
from printer_widget.server.models import as_served
from printer_widget.server.runs import Asked, Runs
from printer_widget.server.store import Store
from serving import (
    PATH,
    QUESTION,
    SOON,
    Following,
    Stepping,
    Waiting,
    ask,
    asking,
    events,
    eventually,
    limited,
    parse,
    resuming,
    saying,
    serving,
    stop,
    text,
)

PATIENT = limited(grace_s=60)


def messages(client, conversation="c1"):
    return client.get(f"/api/conversations/{conversation}/messages").json()["messages"]


def last(client):
    *_, message = messages(client)
    return message["role"], message["content"], message["status"], message.get("error")


# Coming back


def test_every_event_has_the_next_number_and_the_first_block_the_pause_before_a_return():
    with serving(saying("a", "b", "c")) as client:
        content = ask(client).content
    assert [number for number, _, _ in parse(content)] == [1, 2, 3, 4, 5]
    assert content.startswith(b"retry: 1000\nid: 1\nevent: stream_start\n")
    assert content.count(b"retry:") == 1


@pytest.mark.parametrize("after", [None, 0, 1, 3, 4])
def test_a_finished_run_is_read_again_strictly_after_an_event(after):
    with serving(saying("a", "b", "c")) as client:
        whole = ask(client).content
        run_id = events(whole)[0][1]["run_id"]
        with resuming(client, run_id, after=after) as response:
            again = response.read()
    assert again.startswith(b"retry: 1000\nid: ")
    assert list(parse(again)) == list(parse(whole))[after or 0 :]


@pytest.mark.parametrize("after", [5, 6, 10**14])
def test_nothing_left_after_an_event_is_no_content(after):
    with serving(saying("a", "b", "c")) as client:
        run_id = events(ask(client).content)[0][1]["run_id"]
        with resuming(client, run_id, after=after) as response:
            assert (response.status_code, response.read()) == (204, b"")


def test_an_unknown_run_is_gone_for_reading_and_for_stopping():
    with serving() as client:
        for response in (client.get(f"{PATH}/nothing"), stop(client, "nothing")):
            assert response.status_code == 410
            assert "no such run" in response.json()["detail"]


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "", "1_0", "9" * 30])
def test_a_last_event_id_that_we_never_gave_is_refused(number):
    with serving(saying("a")) as client:
        run_id = events(ask(client).content)[0][1]["run_id"]
        response = client.get(f"{PATH}/{run_id}", headers={"Last-Event-ID": number})
    assert response.status_code == 422


def test_who_loses_the_connection_reads_on_where_it_broke_and_loses_nothing():
    model = Stepping()
    with serving(model, limits=PATIENT) as client:
        model.step(3)
        with asking(client) as response:
            stream = Following(response)
            seen = stream.until("2 ")
            run_id = stream.run_id
        model.step(4)  # it goes on while nobody reads
        eventually(lambda: model.said == 7)
        with resuming(client, run_id, after=seen[-1][0]) as response:
            stream = Following(response)
            stream.until("6 ")
            model.step(2)  # and is followed live
            stream.until("8 ")
            model.end()
            rest = stream.rest()
        assert [number for number, _, _ in seen + rest] == list(range(1, 12))
        said = [data["token"] for _, name, data in seen + rest if name == "message"]
        assert "".join(said) == "0 1 2 3 4 5 6 7 8 " == last(client)[1]


def test_two_connections_read_the_same_run_each_at_its_own_place():
    model = Stepping()
    with serving(model) as client, asking(client) as response:
        first = Following(response)
        model.step(2)
        first.until("1 ")
        with resuming(client, first.run_id, after=2) as other:
            second = Following(other)
            model.step()
            model.end()
            assert second.rest() == first.rest()[2:]


def test_more_connections_to_one_run_than_the_limit_are_refused_for_now():
    model = Waiting("a")
    with serving(model, limits=limited(readers_per_run=2)) as client, asking(client) as response:
        run_id = Following(response).run_id
        with resuming(client, run_id) as second, resuming(client, run_id) as third:
            assert second.status_code == 200
            assert third.status_code == 429
            assert third.headers["retry-after"] == "1"


def test_the_events_of_an_ended_run_are_forgotten_after_a_while_and_its_messages_kept():
    with serving(saying("a"), limits=limited(kept_s=0.05)) as client:
        run_id = events(ask(client).content)[0][1]["run_id"]
        time.sleep(0.1)
        assert client.get(f"{PATH}/{run_id}").status_code == 410
        assert last(client) == ("assistant", "a", "complete", None)


# The same question twice


def test_the_same_key_reads_the_run_that_there_is_from_its_start():
    model = Waiting("a")
    key = {"Idempotency-Key": "k"}
    with serving(model) as client, asking(client, headers=key) as response:
        first = Following(response).until('"a"')
        with asking(client, headers=key) as again:
            assert Following(again).until('"a"') == first
    assert model.runs == 1


def test_the_same_key_reads_a_run_that_has_ended():
    key = {"Idempotency-Key": "k"}
    with serving(saying("a")) as client:
        assert ask(client, headers=key).content == ask(client, headers=key).content
        assert len(messages(client)) == 2


def test_the_same_key_at_the_same_moment_begins_one_run():
    model = Waiting("a")
    with serving(model, limits=PATIENT) as client, ThreadPoolExecutor(8) as pool:
        together = threading.Barrier(8)

        def run_id(_):
            together.wait()
            with asking(client, headers={"Idempotency-Key": "k"}) as response:
                return Following(response).run_id

        assert len(set(pool.map(run_id, range(8)))) == 1
    assert model.runs == 1


def test_another_key_or_an_old_one_begins_another_run():
    with serving(saying("a"), limits=limited(kept_s=0.05)) as client:
        contents = set()
        for key in ("k", "l", "k"):
            contents.add(ask(client, headers={"Idempotency-Key": key}).content)
            time.sleep(0.1)
    assert len(contents) == 3


def test_the_same_key_with_another_question_is_refused():
    key = {"Idempotency-Key": "k"}
    with serving(saying("a")) as client:
        ask(client, headers=key)
        response = ask(client, QUESTION | {"user_message": "Other"}, headers=key)
    assert response.status_code == 422
    assert "another question" in response.json()["detail"]


# Stopping


def test_stop_ends_the_run_at_once_and_keeps_what_was_said():
    model = Waiting("Hel", "lo")
    with serving(model, limits=PATIENT) as client, asking(client) as response:
        stream = Following(response)
        stream.until('"lo"')
        began = time.monotonic()
        assert stop(client, stream.run_id).status_code == 204
        assert model.closed.wait(SOON)
        assert time.monotonic() - began < 0.25
        _, name, data = stream.rest()[-1]
        assert (name, data["status"]) == ("stream_end", "stopped")
        assert last(client) == ("assistant", "Hello", "stopped", None)
        assert messages(client)[-1]["id"] == data["message_id"]


def test_stop_is_as_good_the_second_time_and_after_the_end():
    model = Waiting()
    with serving(model) as client:
        with asking(client) as response:
            run_id = Following(response).run_id
            assert [stop(client, run_id).status_code for _ in range(3)] == [204] * 3
        assert stop(client, run_id).status_code == 204
        with resuming(client, run_id) as response:
            assert text(response.read()) == ""


def test_stop_does_not_undo_an_ending():
    with serving(saying("a")) as client:
        run_id = events(ask(client).content)[0][1]["run_id"]
        assert stop(client, run_id).status_code == 204
        assert last(client) == ("assistant", "a", "complete", None)


def test_stop_in_the_grace_time_ends_the_run_at_once():
    model = Waiting("a")
    with serving(model, limits=PATIENT) as client:
        with asking(client) as response:
            stream = Following(response)
            stream.until('"a"')
        assert not model.closed.wait(0.2)
        assert stop(client, stream.run_id).status_code == 204
        assert model.closed.wait(SOON)
        assert last(client) == ("assistant", "a", "stopped", None)


# Going away


def test_after_the_grace_time_the_model_is_stopped_and_the_answer_kept_as_interrupted():
    model = Waiting("a")
    with serving(model, limits=limited(grace_s=0.2)) as client:
        with asking(client) as response:
            stream = Following(response)
            stream.until('"a"')
        assert not model.closed.is_set()
        assert model.closed.wait(SOON)
        sentence = "Nobody was reading any more, so the model was stopped."
        eventually(lambda: last(client)[0] == "assistant")
        assert last(client) == ("assistant", "a", "interrupted", sentence)
        with resuming(client, stream.run_id, after=2) as response:
            assert events(response.read()) == [("error", {"error": sentence})]


def test_who_comes_back_in_time_has_the_whole_grace_time_again():
    model = Waiting("a")
    with serving(model, limits=limited(grace_s=0.4)) as client:
        with asking(client) as response:
            run_id = Following(response).run_id
        for _ in range(3):
            time.sleep(0.25)
            with resuming(client, run_id) as response:
                Following(response).until('"a"')
        assert not model.closed.is_set()
        assert model.closed.wait(SOON)


async def test_a_client_that_was_sent_nothing_yet_has_no_grace_time():
    closed = asyncio.Event()

    async def model(messages):
        try:
            await asyncio.Event().wait()
            yield ""
        finally:
            closed.set()

    async def receive():
        await is_sending.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.body":
            is_sending.set()
            await asyncio.Event().wait()

    is_sending = asyncio.Event()
    runs = Runs(Store(), as_served(model), PATIENT)
    run = await runs.begin("owner", Asked(text="Hi"))
    await EventStream(run)({"type": "http"}, receive, send)
    await asyncio.wait_for(closed.wait(), 1)
    await runs.close()


async def test_a_run_that_no_client_ever_reads_is_not_kept_for_long(monkeypatch):
    monkeypatch.setattr(run_module, "UNATTENDED_S", 0.05)
    runs = Runs(Store(), as_served(saying_nothing), PATIENT)
    run = await runs.begin("owner", Asked(text="Hi"))
    await asyncio.wait_for(run.ended.wait(), 1)
    await runs.close()


async def saying_nothing(messages):
    await asyncio.Event().wait()
    yield ""


def test_another_question_in_the_conversation_ends_an_answer_that_was_left():
    model = Waiting("Hel", "lo")
    with serving(model, limits=PATIENT) as client:
        with asking(client) as response:
            Following(response).until('"lo"')
        with asking(client, user_message="Go on") as response:
            Following(response).run_id  # noqa: B018 - wait for it
            assert [each["content"] for each in model.messages] == ["Hi", "Hello", "Go on"]
            assert last(client)[:3] == ("user", "Go on", "complete")
            assert [each["status"] for each in messages(client)][1] == "stopped"


def test_an_answer_that_somebody_reads_goes_on_beside_another_question():
    model = Waiting("Hel", "lo")
    with serving(model) as client, asking(client) as response:
        stream = Following(response)
        stream.until('"lo"')
        with asking(client, user_message="And this?") as other:
            Following(other).until('"lo"')
            assert not model.closed.is_set()
            # what is there of the first answer is told
            assert [each["content"] for each in model.messages] == ["Hi", "Hello", "And this?"]


# Limits


def test_an_answer_that_takes_too_long_is_ended_with_a_reason():
    model = Waiting("a")
    with serving(model, limits=limited(run_s=0.2)) as client:
        ending = events(ask(client).content)[-1]
        assert ending == ("error", {"error": "The answer took longer than 0.2 s, the limit."})
        assert model.closed.wait(SOON)
        assert last(client) == ("assistant", "a", "error", ending[1]["error"])


def test_an_answer_that_is_too_long_is_ended_with_a_reason():
    async def model(messages):
        while True:
            yield "abc"

    with serving(model, limits=limited(reply=1_000)) as client:
        content = ask(client).content
    assert text(content) == ("abc" * 334)[:1_000]
    sentence = "The answer is longer than 1,000 characters, the limit."
    assert events(content)[-1] == ("error", {"error": sentence})


def test_a_huge_token_comes_in_events_that_every_client_takes():
    token = "🙂" * 1_000_000
    with serving(saying(token), limits=limited(reply=10_000_000)) as client:
        content = ask(client).content
    assert text(content) == token
    assert max(map(len, content.split(b"\n\n"))) < 1 << 20


@pytest.mark.parametrize(("limits", "status"), [({"runs_per_user": 2}, 429), ({"runs": 2}, 503)])
def test_more_runs_at_a_time_than_the_limit_are_refused_for_now(limits, status):
    served = serving(Waiting("a"), limits=limited(**limits))
    with served as client, asking(client) as first, asking(client):
        refused = ask(client)
        assert refused.status_code == status
        assert int(refused.headers["retry-after"]) >= 1
        assert "Try again" in refused.json()["detail"] or "Wait" in refused.json()["detail"]
        stop(client, Following(first).run_id)
        with asking(client) as third:
            assert third.status_code == 200


# Together


def test_twenty_runs_at_once_keep_their_texts_apart_and_whole():
    async def model(messages):
        name = messages[-1]["content"]
        for number in range(500):
            yield f"{name}:{number} "

    with serving(model) as client, ThreadPoolExecutor(20) as pool:

        def run(number):
            return ask(client, {"user_message": str(number)}).content

        for number, content in enumerate(pool.map(run, range(20))):
            assert text(content) == "".join(f"{number}:{each} " for each in range(500))
            assert [each for each, _, _ in parse(content)] == list(range(1, 504))
