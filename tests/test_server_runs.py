"""Coming back to an answer, sending a question twice, stopping."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from printer_widget.server.models import DEMO, as_served
from printer_widget.server.questions import Asked
from printer_widget.server.runs import Runs
from printer_widget.server.store import Store
from serving import (
    PATH,
    PATIENT,
    QUESTION,
    SOON,
    Following,
    Stepping,
    Waiting,
    ask,
    asking,
    events,
    eventually,
    last,
    limited,
    messages,
    parse,
    resuming,
    saying,
    serving,
    stop,
    text,
)

pytestmark = pytest.mark.slow

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
        eventually(lambda: client.get(f"{PATH}/{run_id}").status_code == 410)
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


def forgotten(client, run_id):
    return client.get(f"{PATH}/{run_id}").status_code == 410


def test_another_key_or_an_old_one_begins_another_run():
    with serving(saying("a"), limits=limited(kept_s=0.05)) as client:
        contents = set()
        for key in ("k", "l", "k"):
            content = ask(client, headers={"Idempotency-Key": key}).content
            contents.add(content)
            run_id = events(content)[0][1]["run_id"]
            eventually(partial(forgotten, client, run_id))
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


# Lost


@pytest.mark.parametrize("model", [DEMO, as_served(saying("x"))], ids=["same", "other"])
@pytest.mark.parametrize(
    "comings", ["find begin stop", "stop stop find", "find find", "begin find"]
)
async def test_whoever_comes_first_to_a_run_that_was_lost_there_is_one_of_it(
    model, comings, caplog
):
    store = Store()
    asked = Asked(text="echo this text", conversation_id="c", idempotency_key="k")
    before = Runs(store, DEMO, PATIENT)
    lost = await before.begin("owner", asked)
    await before.close()  # as good as killed: there is no ending

    assert Runs(store, DEMO, PATIENT).recover() == 1
    runs = Runs(store, model, PATIENT)
    come = {
        "find": partial(runs.find, "owner", lost.id),
        "stop": partial(runs.stop, "owner", lost.id),
        "begin": partial(runs.begin, "owner", asked),
    }
    await asyncio.gather(*(come[coming]() for coming in comings.split()))
    assert await runs.stop("owner", lost.id)
    again = await runs.find("owner", lost.id)
    numbers = [number for number, _, _ in parse(again.read(0)[0])]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(await store.messages("owner", "c")) == 2
    assert "could not be stored" not in caplog.text
    await runs.close()
    store.close()
