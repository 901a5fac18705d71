"""Chat completions that fail, that nobody waits for, and that are too many."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from completing import ASKED, PATH, body, complete, completing, until
from printer_widget.server.users import Users, read_users
from serving import QUESTION, SOON, Waiting, bearer, limited, saying, serving
from serving import ask as ask_printer

pytestmark = pytest.mark.slow

# Failures


async def failing(messages):
    yield "half"
    raise RuntimeError("the password is 1234")


def test_a_model_that_fails_is_an_error_in_the_stream_and_no_end(caplog):
    with serving(failing) as client:
        response = complete(client, stream=True)
    *_, last, nothing = response.text.split("\n\n")
    error = json.loads(last.removeprefix("data: "))["error"]
    assert (nothing, error["type"]) == ("", "server_error")
    assert error["message"].startswith("The model failed while it was answering")
    assert "DONE" not in response.text
    assert "1234" not in response.text
    assert "1234" in caplog.text


def test_a_model_that_fails_is_a_status_where_nothing_was_sent_yet(caplog):
    with serving(failing) as client:
        response = complete(client)
    assert response.status_code == 500
    assert response.json()["error"]["message"].startswith("The model failed")
    assert "half" not in response.text
    assert "1234" not in response.text


@pytest.mark.parametrize("limits", [{"run_s": 0.2}, {"reply": 1}])
def test_an_answer_that_goes_beyond_a_limit_is_an_error(limits):
    with serving(Waiting("a", "b"), limits=limited(**limits)) as client:
        assert "the limit." in complete(client).json()["error"]["message"]


# Going away


def test_a_client_that_leaves_in_mid_stream_stops_the_model_however_patient_the_backend_is():
    model = Waiting("a")
    with serving(model, limits=limited(grace_s=60)) as client:
        with completing(client) as response:
            until(response, '"a"')
            assert not model.closed.is_set()
        assert model.closed.wait(SOON)


def test_a_client_that_does_not_wait_for_the_whole_answer_stops_the_model_too():
    model = Waiting("a")
    with serving(model, limits=limited(grace_s=60)) as client:
        asked = body(client)
        with pytest.raises(httpx.ReadTimeout):
            client.post(PATH, json=asked, timeout=0.3)
        assert model.closed.wait(SOON)


# Limits and budgets are those of the other protocol


def test_runs_of_both_protocols_count_together():
    limits = limited(runs_per_user=1)
    with serving(Waiting("a"), limits=limits) as client, completing(client) as response:
        assert response.is_success
        assert ask_printer(client).status_code == 429
        refused = complete(client)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (429, "rate_limit_exceeded")
        assert int(refused.headers["retry-after"]) >= 1


def test_questions_of_both_protocols_count_together():
    with serving(saying("yes"), limits=limited(questions_per_minute=3)) as client:
        assert [ask_printer(client).status_code, complete(client).status_code] == [200, 200]
        assert complete(client, stream=True).status_code == 200
        assert complete(client).status_code == 429
        assert ask_printer(client).status_code == 429


def test_characters_of_both_protocols_count_together_and_outlive_a_restart(tmp_path):
    options = {"db": tmp_path / "db", "limits": limited(characters_per_day=200)}
    asked = [
        {"role": "user", "content": "x" * 20},
        {"role": "assistant", "content": "y" * 20},
        {"role": "user", "content": "z" * 20},
    ]
    with serving(saying("y" * 50), **options) as client:
        assert complete(client, asked).status_code == 200
    with serving(saying("y" * 50), **options) as client:
        assert ask_printer(client, QUESTION | {"user_message": "x" * 40}).status_code == 200
        refused = complete(client)
        assert refused.status_code == 429
        assert "200 characters a day" in refused.json()["error"]["message"]
        assert ask_printer(client).status_code == 429


def test_the_characters_of_an_answer_that_was_left_count():
    model = Waiting("y" * 90)
    with serving(model, limits=limited(characters_per_day=100)) as client:
        with completing(client) as response:
            until(response, "yyy")
        assert model.closed.wait(SOON)
        assert complete(client, [{"role": "user", "content": "x" * 9}]).status_code == 429


def test_each_user_has_a_budget_of_their_own():
    users = Users(read_users("ann:anns-token-0123456789\nbob:bobs-token-0123456789", where="here"))
    with serving(saying("yes"), users=users, limits=limited(questions_per_minute=1)) as client:
        for expected in (200, 429):
            for token in ("anns-token-0123456789", "bobs-token-0123456789"):
                asked = {"model": "model", "messages": ASKED}
                response = client.post(PATH, json=asked, headers=bearer(token))
                assert response.status_code == expected


def test_no_text_and_no_token_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    token = "canary-token-4f1c9a"
    with serving(saying("canary-answer"), token=token) as client:
        for stream in (True, False):
            assert complete(client, stream=stream).is_success
        assert complete(client, n=2).status_code == 400
    assert "canary" not in caplog.text
