"""Which recorded turn answers a question, and what recording makes of the file."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from lessons import QUESTIONS, SOON, asked, paced, recorded_lesson
from printer_widget import ChatNode, Printer, ProviderError, Replay, record
from servers import TOKEN

# ── Whose answer it is ─────────────────────────────────────────────────────────────────────────


def echoing(messages):
    """Answer with what was asked, and how much was said before."""
    yield f"{len(messages)}: {messages[-1]['content']}"


def made(path: Path, *questions: str, model=echoing, **options) -> Path:
    chat = ChatNode(record(model, path), **options)
    for text in questions:
        asked(chat, text)
    chat.close()
    return path


def test_the_same_question_elsewhere_is_another_turn(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "Why?", "Why?", "Why?")
    chat = ChatNode(Replay(path, speed=0))
    assert [asked(chat, "Why?").content for _ in range(3)] == ["1: Why?", "3: Why?", "5: Why?"]
    chat.clear()
    assert asked(chat, "Why?").content == "1: Why?"
    chat.close()


@pytest.mark.parametrize(
    ("system", "before", "question", "says"),
    [
        (None, (), "Wat is the mean?", "the nearest question that is recorded is “What is the me"),
        (None, (), "Give an example", "recorded at another place of the conversation: after “What"),
        (None, ("What is the mean?",), "An example", "that is recorded is “Give an example”"),
        ("Be brief.", (), "What is the mean?", "recorded, but under another system prompt"),
        (None, ("What is the mean?",), "What is the mean?", "of the conversation: as the first"),
    ],
)
def test_an_unknown_question_is_an_error_that_names_the_nearest(
    system, before, question, says, tmp_path
) -> None:
    path = made(tmp_path / "lesson.cassette", "What is the mean?", "Give an example")
    chat = ChatNode(Replay(path, speed=0), system=system)
    for each in before:
        assert asked(chat, each).status == "complete"
    error = asked(chat, question)
    assert isinstance(error, ProviderError)
    assert f"“{question}” is not recorded here in lesson.cassette: " in str(error)
    assert says in str(error)
    chat.close()


@pytest.mark.parametrize(
    "written",
    ["what is the MEAN", " What  is the mean ? ", "What is the mean?!", "what is the mean."],
)
def test_a_question_is_known_by_its_words(written, tmp_path) -> None:
    path = made(tmp_path / "lesson.cassette", "What is the mean?", "Give an example")
    chat = ChatNode(Replay(path, speed=0))
    assert asked(chat, written).content == "1: What is the mean?"
    assert asked(chat, "give an example!").content == "3: Give an example"
    chat.close()


def test_marks_alone_are_words_of_their_own(tmp_path) -> None:
    chat = ChatNode(Replay(made(tmp_path / "a.cassette", "?", "…"), speed=0))
    assert [asked(chat, text).content for text in "?…"] == ["1: ?", "3: …"]
    chat.close()


def test_a_question_that_was_not_recorded_does_not_count_for_the_next(tmp_path) -> None:
    path = made(tmp_path / "lesson.cassette", "What is the mean?", "Give an example")
    chat = ChatNode(Replay(path, speed=0))
    for question in ("What is the mean?", "Give an example"):
        assert isinstance(asked(chat, "Wat?"), ProviderError)
        assert isinstance(asked(chat, "Wat now?"), ProviderError)
        assert asked(chat, question).content.endswith(f": {question}")
    chat.close()


def test_where_another_question_belongs_before_it_the_error_says_what_to_do(tmp_path) -> None:
    path = made(tmp_path / "lesson.cassette", "What is the mean?", "Give an example")
    chat = ChatNode(Replay(path, speed=0))
    assert str(asked(chat, "Give an example")).endswith("after “What is the mean?”. Ask that first")
    assert asked(chat, "What is the mean?").status == "complete"
    again = asked(chat, "What is the mean?")
    assert "as the first question. Delete the messages before it, or run chat.clear()" in str(again)
    chat.close()


async def test_after_stop_the_next_question_is_found(tmp_path) -> None:
    async def pausing(messages):
        yield "one "
        await asyncio.sleep(0.05 if len(messages) == 1 else 0)
        yield "two"

    path = made(tmp_path / "a.cassette", "a", "b", model=pausing)
    chat = ChatNode(Replay(path, speed=0.001))  # the pause is 50 seconds now
    turn = chat.send("a")
    async for _ in turn:
        turn.stop()
    assert [chat.messages[-1][key] for key in ("content", "status")] == ["one ", "stopped"]
    assert (await chat.send("b")).content == "one two"
    chat.close()


def test_an_unknown_question_may_go_to_another_source_and_be_recorded(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    for _ in range(2):
        chat = ChatNode(Replay(path, speed=0, fallback=record(echoing, path)))
        assert [asked(chat, text).content for text in "ab"] == ["1: a", "3: b"]
        chat.close()
    text = path.read_text("utf-8")
    chat = ChatNode(Replay(path, speed=0))
    assert [asked(chat, text).content for text in "ab"] == ["1: a", "3: b"]
    chat.close()
    assert text.count("\n== ") == 2


def test_recording_a_question_again_replaces_its_answer_alone(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b")
    before = path.read_text("utf-8").split("\n== ")
    made(path, "a", model=lambda _messages: "another")
    after = path.read_text("utf-8").split("\n== ")
    assert "another" in after[1]
    assert (after[0], after[2]) == (before[0], before[2])


def test_an_answer_edited_by_hand_is_followed_by_the_recorded_questions(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b", "c")
    text = path.read_text("utf-8")
    assert text.count("1: a") == 1
    path.write_text(text.replace("1: a", "Something else, and longer"), "utf-8")
    chat = ChatNode(Replay(path, speed=0))
    answers = [asked(chat, text).content for text in "abc"]
    assert answers == ["Something else, and longer", "3: b", "5: c"]
    chat.close()


def test_a_question_after_a_stopped_answer_is_found_wherever_that_was_stopped(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    with recorded_lesson("Printer", path):
        pass
    text = path.read_text("utf-8")
    assert text.count('"an ans"') == 4
    path.write_text(text.replace('"an ans"', '"an a"'), "utf-8")
    replay = Replay(path, speed=0)
    chat = ChatNode(replay, system="Teach.")
    for question in QUESTIONS[:3]:
        asked(chat, question)
    first = asked(chat, QUESTIONS[3])
    assert (first.status, first.content) == ("stopped", "Hälf an a")
    assert asked(chat, QUESTIONS[4]).status == "complete"
    chat.close()


# ── The file ───────────────────────────────────────────────────────────────────────────────────


def test_a_crash_in_mid_stream_leaves_the_earlier_turns(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a")
    before = path.read_bytes()
    come = threading.Event()

    async def endless(_messages):
        yield "half"
        come.set()
        await asyncio.Event().wait()

    chat = ChatNode(record(endless, path))
    turn = chat.send("b")
    assert come.wait(SOON)
    assert path.read_bytes() == before
    turn.stop()
    chat.close()


def test_an_answer_that_cannot_be_written_is_kept_and_says_so(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    chat = ChatNode(record(echoing, path))
    path.write_text("no cassette", "utf-8")
    error = asked(chat, "Hi")
    assert isinstance(error, ProviderError)
    assert "could not be recorded" in str(error)
    assert "a.cassette, line 1: this is no cassette" in str(error)
    assert error.reply.content == "1: Hi"
    assert path.read_text("utf-8") == "no cassette"
    chat.close()


def test_chats_that_record_to_one_file_lose_nothing(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    chats = [ChatNode(record(echoing, path)) for _ in range(8)]
    begun = [chat.send(f"question {at}") for at, chat in enumerate(chats)]
    for turn in begun:
        turn.result(SOON)
    replay = Replay(path)
    assert {entry.question for entry in replay.entries} == {f"question {at}" for at in range(8)}
    for chat in chats:
        chat.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a.cassette"]


def test_a_missing_file_and_a_speed_that_is_none_are_said_so(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no cassette .*record one with"):
        Replay(tmp_path / "none.cassette")
    with pytest.raises(FileNotFoundError, match="no folder for"):
        record(echoing, tmp_path / "none" / "a.cassette")
    path = paced(tmp_path / "a.cassette", 1)
    for speed in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="speed must be 0"):
            Replay(path, speed=speed)
    with pytest.raises(TypeError, match="speed must be a number, got str"):
        Replay(path, speed="fast")


def test_a_provider_of_ones_own_is_named_and_can_be_given(tmp_path) -> None:
    class Mine(Printer):
        pass

    path = paced(tmp_path / "a.cassette", 1)
    path.write_text(path.read_text().replace("from: Printer", "from: Mine"))
    with pytest.raises(ValueError, match=r"a.cassette, line 2: recorded with Mine.*provider="):
        Replay(path)
    chat = ChatNode(Replay(path, speed=0, provider=Mine("http://127.0.0.1:1", token=TOKEN)))
    assert asked(chat, "Hi").content == "1 "
    chat.close()


def test_two_chats_replay_one_cassette_at_once(tmp_path) -> None:
    path = made(tmp_path / "a.cassette", "a", "b")
    replay = Replay(path, speed=0)
    chats = [ChatNode(replay) for _ in range(2)]
    turns = [chat.send("a") for chat in chats]
    assert [turn.result(SOON).content for turn in turns] == ["1: a"] * 2
    for chat in chats:
        chat.close()
