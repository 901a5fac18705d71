"""Conversations and their messages, as a client lists, reads, renames and deletes them."""

from __future__ import annotations

import re

import pytest

from serving import (
    QUESTION,
    SOON,
    Following,
    Waiting,
    ask,
    asking,
    events,
    limited,
    resuming,
    saying,
    serving,
)

pytestmark = pytest.mark.slow

ALL = "/api/conversations"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def listed(client, **query):
    response = client.get(ALL, params=query)
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()["conversations"]]


def asked(client, conversation, **fields):
    return ask(client, QUESTION | {"conversation_id": conversation} | fields)


def test_a_conversation_tells_what_it_is_and_where_it_belongs():
    with serving(saying("Yes")) as client:
        asked(client, "c", chat_node_id="node", project_id="project", user_message="  Is\n it? ")
        (found,) = client.get(ALL).json()["conversations"]
        assert client.get(f"{ALL}/c").json() == found
    assert TIME.fullmatch(found.pop("created_at"))
    assert TIME.fullmatch(found.pop("updated_at"))
    assert found == {
        "id": "c",
        "title": "Is it?",
        "chat_node_id": "node",
        "project_id": "project",
        "message_count": 2,
    }


def test_its_title_is_the_first_question_shortened():
    with serving(saying("Yes")) as client:
        asked(client, "c", user_message="word " * 100)
        asked(client, "c", user_message="Another")
        title = client.get(f"{ALL}/c").json()["title"]
    assert title == ("word " * 12)[:59].rstrip() + "…"


def test_conversations_come_newest_first_and_a_new_question_makes_one_new():
    with serving(saying("Yes")) as client:
        for name in ("a", "b", "c", "a"):
            asked(client, name)
        assert listed(client) == ["a", "c", "b"]


def test_they_can_be_listed_for_one_chat_alone():
    with serving(saying("Yes")) as client:
        asked(client, "a", chat_node_id="one")
        asked(client, "b", chat_node_id="two")
        assert listed(client, chat_node_id="one") == ["a"]
        assert listed(client, chat_node_id="three") == []


def test_they_can_be_read_page_by_page():
    with serving(saying("Yes")) as client:
        for name in "abcde":
            asked(client, name)
        assert listed(client, limit=2) == ["e", "d"]
        assert listed(client, limit=2, before="d") == ["c", "b"]
        assert listed(client, limit=2, before="b") == ["a"]
        assert client.get(ALL, params={"before": "x"}).status_code == 404
        for limit in (0, 201, "many"):
            assert client.get(ALL, params={"limit": limit}).status_code == 422


def test_its_messages_come_in_order_with_their_endings():
    with serving(saying("Yes")) as client:
        answers = [events(asked(client, "c", user_message=each).content) for each in ("A?", "B?")]
        found = client.get(f"{ALL}/c/messages").json()["messages"]
    assert [(each["role"], each["content"], each["status"]) for each in found] == [
        ("user", "A?", "complete"),
        ("assistant", "Yes", "complete"),
        ("user", "B?", "complete"),
        ("assistant", "Yes", "complete"),
    ]
    keys = {"id", "conversation_id", "role", "content", "timestamp", "status"}
    assert all(set(each) == keys and each["conversation_id"] == "c" for each in found)
    assert [each["id"] for each in found[1::2]] == [each[-1][1]["message_id"] for each in answers]
    assert all(TIME.fullmatch(each["timestamp"]) for each in found)


def test_a_failed_answer_keeps_its_partial_text_and_says_what_went_wrong(caplog):
    async def model(messages):
        yield "Ye"
        raise RuntimeError

    with serving(model) as client:
        *_, (_, ending) = events(asked(client, "c").content)
        *_, found = client.get(f"{ALL}/c/messages").json()["messages"]
    assert (found["content"], found["status"], found["error"]) == ("Ye", "error", ending["error"])


def test_a_stored_text_is_whole_characters():
    with serving(saying("\ud83d", "\ude42\ud83d", "\x00")) as client:
        asked(client, "c")
        *_, found = client.get(f"{ALL}/c/messages").json()["messages"]
    assert found["content"] == "🙂\ufffd\x00"


def test_an_answer_has_its_place_from_its_question_on():
    model = Waiting("slow")
    with serving(model) as client, asking(client, user_message="A?") as first:
        stream = Following(first)
        stream.until("slow")
        with asking(client, user_message="B?") as second:
            other = Following(second).run_id
            client.post(f"/api/chat/stream/{other}/stop")
        client.post(f"/api/chat/stream/{stream.run_id}/stop")
        found = client.get(f"{ALL}/c1/messages").json()["messages"]
    assert [each["content"] for each in found][:3] == ["A?", "slow", "B?"]


def test_it_can_be_renamed_and_keeps_its_place():
    with serving(saying("Yes")) as client:
        asked(client, "a")
        asked(client, "b")
        renamed = client.patch(f"{ALL}/a", json={"title": "  Ålesund 🙂 "})
        assert (renamed.status_code, renamed.json()["title"]) == (200, "Ålesund 🙂")
        assert client.get(f"{ALL}/a").json() == renamed.json()
        assert listed(client) == ["b", "a"]


@pytest.mark.parametrize("title", ["", "  ", "x" * 201, 1, None])
def test_a_title_that_is_none_is_refused(title):
    with serving(saying("Yes")) as client:
        asked(client, "a")
        assert client.patch(f"{ALL}/a", json={"title": title}).status_code == 422
        assert client.get(f"{ALL}/a").json()["title"] == "Hi"


def test_deleted_it_is_gone_with_everything_in_it():
    with serving(saying("Yes")) as client:
        run_id = events(asked(client, "a").content)[0][1]["run_id"]
        asked(client, "b")
        assert client.delete(f"{ALL}/a").status_code == 204
        assert listed(client) == ["b"]
        assert client.get(f"{ALL}/a/messages").status_code == 404
        assert client.get(f"/api/chat/stream/{run_id}").status_code == 410
        assert client.delete(f"{ALL}/a").status_code == 404
        # and what comes under its id begins anew
        asked(client, "a")
        assert len(client.get(f"{ALL}/a/messages").json()["messages"]) == 2


def test_deleted_in_the_middle_of_an_answer_its_model_is_stopped_and_the_stream_ends():
    model = Waiting("a")
    with serving(model, limits=limited(grace_s=60)) as client, asking(client) as response:
        stream = Following(response)
        stream.until('"a"')
        assert client.delete(f"{ALL}/c1").status_code == 204
        assert model.closed.wait(SOON)
        assert stream.rest()[-1][2]["status"] == "stopped"
        with resuming(client, stream.run_id) as again:
            assert again.status_code == 410


def test_an_unknown_conversation_is_not_found_by_any_call():
    with serving() as client:
        found = [
            client.get(f"{ALL}/x"),
            client.get(f"{ALL}/x/messages"),
            client.patch(f"{ALL}/x", json={"title": "t"}),
            client.delete(f"{ALL}/x"),
            client.get(ALL, params={"before": "x"}),
        ]
    assert [each.status_code for each in found] == [404] * 5
    assert {each.text for each in found} == {'{"detail":"There is no such conversation."}'}
