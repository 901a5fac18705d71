"""The widget and the backend together: what one promises, the other keeps."""

from __future__ import annotations

import threading

import pytest

from printer_widget import ChatNode
from printer_widget.demo import answer
from server_process import TOKEN, Process

QUESTION = "Tell me a story"
STORY = answer([{"role": "user", "content": QUESTION}])

pytestmark = pytest.mark.slow


def grown_to(chat, length):
    """Return an event that is set once the streamed text is so long."""
    grown = threading.Event()
    chat.observe(lambda change: len(change["new"]) >= length and grown.set(), "streamedText")
    return grown


def test_an_answer_goes_on_after_the_server_was_killed_with_no_character_lost(tmp_path):
    arguments = ("--db", tmp_path / "store.sqlite3", "--model", "demo:100")
    attempts = []
    with Process(*arguments) as server:
        chat = ChatNode(server.url, token=TOKEN)
        chat.observe(lambda change: attempts.append(change["new"]["attempt"]), "_view")
        grown = grown_to(chat, 200)
        turn = chat.send(QUESTION)
        assert grown.wait(30)
        port = server.port
        server.kill()
    with Process(*arguments, port=port):
        reply = turn.result(60)
        assert (reply.status, reply.content) == ("complete", STORY)
        assert [2, 5] in attempts
        assert attempts[-1] is None
    chat.close()


def test_stop_ends_the_run_at_the_server_too(tmp_path):
    with Process("--db", tmp_path / "store.sqlite3", "--model", "demo:100") as server:
        chat = ChatNode(server.url, token=TOKEN)
        grown = grown_to(chat, 100)
        turn = chat.send(QUESTION)
        assert grown.wait(30)
        chat.stop()
        reply = turn.result(0)
        assert reply.status == "stopped"
        assert STORY.startswith(reply.content)
        path = f"/api/conversations/{reply.conversation_id}/messages"
        stored = server.client.get(path).json()["messages"]
        while stored[-1]["role"] != "assistant":
            stored = server.client.get(path).json()["messages"]
        assert stored[-1]["status"] == "stopped"
        assert stored[-1]["content"].startswith(reply.content)
    chat.close()


async def test_conversations_are_found_again_by_the_name_of_the_chat(tmp_path):
    with Process("--db", tmp_path / "store.sqlite3", "--model", "echo") as server:
        first = ChatNode(server.url, token=TOKEN, chat_node_id="lesson-1")
        await first.send("About stars")
        first.clear()
        await first.send("About tides")
        again = ChatNode(server.url, token=TOKEN, chat_node_id="lesson-1")
        listed = await again.conversations()
        assert [info.title for info in listed] == ["About tides", "About stars"]
        await again.open_conversation(listed[1].id)
        assert [m["role"] for m in again.messages] == ["user", "assistant"]
        await again.rename_conversation(listed[1].id, "Stars")
        await again.delete_conversation(listed[0].id)
        assert [info.title for info in await again.conversations()] == ["Stars"]
        assert await ChatNode(server.url, token=TOKEN).conversations() == ()
        for chat in (first, again):
            chat.close()
