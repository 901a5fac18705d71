"""A client that goes away, answers that go too far, many at a time."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import pytest

from printer_widget.server import run as run_module
from printer_widget.server.event_stream import EventStream
from printer_widget.server.models import as_served
from printer_widget.server.questions import Asked
from printer_widget.server.runs import Runs
from printer_widget.server.store import Store
from serving import (
    PATIENT,
    SOON,
    Following,
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
        with resuming(client, run_id):
            assert not model.closed.wait(0.6)  # nor is it ended while somebody reads
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


async def test_models_that_never_wait_take_turns_all_the_same():
    said, enough = [], asyncio.Event()

    def saying_for_ever(name):
        async def model(messages):
            while True:
                said.append(name)
                if len(said) == 5_000:
                    enough.set()
                yield name

        return model

    store = Store()
    pairs = [(name, Runs(store, as_served(saying_for_ever(name)), PATIENT)) for name in "ab"]
    for name, runs in pairs:
        await runs.begin(name, Asked(text="Hi"))
    await enough.wait()
    turns = [len(list(turn)) for _, turn in groupby(said[said.index("b") :])]
    assert max(turns) < 100
    for _, runs in pairs:
        await runs.close()
    store.close()


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
