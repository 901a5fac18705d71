"""What a lesson allows, and what it notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from printer_widget import (
    ChatError,
    ChatNode,
    Lesson,
    LessonLimit,
    Printer,
    ProviderError,
    StreamInterrupted,
)
from printer_widget.testing import ScriptedModel, ask, press

Make = Callable[..., ChatNode]


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def make(model: ScriptedModel) -> Iterator[Make]:
    made: list[ChatNode] = []

    def make_one(source: Any = model, **options: Any) -> ChatNode:
        made.append(ChatNode(source, lesson=Lesson(**options), deterministic=True))
        return made[-1]

    yield make_one
    for chat in made:
        chat.close()


def left(chat: ChatNode) -> int | None:
    return chat.get_state("_view")["_view"].get("left")


def answer(chat: ChatNode, model: ScriptedModel, text: str) -> None:
    turn = chat.send(text)
    model.put("Hello")
    model.end()
    turn.result(10)


# How many, how long --------------------------------------------------------------------------


def test_questions_are_counted_down_and_the_one_too_many_is_refused(make, model):
    chat = make(max_turns=2)
    assert left(chat) == 2
    answer(chat, model, "one")
    assert left(chat) == 1
    answer(chat, model, "two")
    assert left(chat) == 0
    with pytest.raises(LessonLimit, match="no questions are left: this lesson allows 2"):
        chat.send("three")
    assert issubclass(LessonLimit, ChatError)
    assert len(model.questions) == 2
    assert [m["content"] for m in chat.messages] == ["one", "Hello", "two", "Hello"]


def test_a_question_asked_again_or_changed_counts_and_no_deletion_gives_one_back(make, model):
    chat = make(max_turns=3)
    answer(chat, model, "one")
    model.put("Again")
    model.end()
    chat.retry().result(10)
    chat.delete(chat.messages[-1]["id"])
    assert left(chat) == 1
    model.put("Changed")
    model.end()
    chat.edit(chat.messages[0]["id"], "uno").result(10)
    chat.clear()
    assert left(chat) == 0
    for refused in (chat.retry, lambda: chat.send("And?")):
        with pytest.raises((LessonLimit, ValueError)):
            refused()
    assert len(model.questions) == 3


def test_a_refused_edit_leaves_the_conversation_as_it_is(make, model):
    chat = make(max_turns=1, max_characters=5)
    answer(chat, model, "one")
    for text in ("uno", "something long"):
        with pytest.raises(LessonLimit):
            chat.edit("message-1", text)
    with pytest.raises(LessonLimit):
        chat.retry()
    assert [m["content"] for m in chat.messages] == ["one", "Hello"]


def test_what_failed_before_any_answer_came_does_not_count(make, model):
    chat = make(max_turns=1)
    turn = chat.send("one")
    assert left(chat) == 0
    model.put(ProviderError("overloaded"))
    with pytest.raises(ProviderError):
        turn.result(10)
    assert left(chat) == 1
    turn = chat.retry()
    model.put("Half", ProviderError("overloaded"))
    with pytest.raises(ProviderError):
        turn.result(10)
    assert left(chat) == 0


def test_what_broke_off_before_any_answer_came_does_not_count(make, model):
    chat = make(max_turns=1)
    for steps, status in [([], "interrupted"), (["Half"], "interrupted")]:
        assert left(chat) == 1
        turn = chat.send("one")
        model.put(*steps, StreamInterrupted("the stream ended without an end"))
        with pytest.raises(StreamInterrupted) as caught:
            turn.result(10)
        assert caught.value.reply.status == status
    assert left(chat) == 0


def test_a_question_that_was_stopped_counts(make, model):
    chat = make(max_turns=1)
    chat.send("one").stop()
    assert left(chat) == 0


def test_a_question_may_be_as_long_as_allowed_in_characters_and_no_longer(make, model):
    chat = make(max_characters=4)
    answer(chat, model, "👩🚀é!")
    with pytest.raises(LessonLimit, match="has 5 characters: this lesson allows 4"):
        chat.send("12345")
    assert len(model.questions) == 1
    assert left(chat) is None


def test_a_reader_is_refused_with_the_same_sentences(make, model):
    chat = make(max_turns=1, max_characters=3)
    with pytest.raises(ValueError, match="has 4 characters"):
        ask(chat, "long")
    ask(chat, "one")
    chat.stop()
    with pytest.raises(ValueError, match="no questions are left"):
        ask(chat, "two")
    with pytest.raises(ValueError, match="no questions are left"):
        press(chat, "retry")


def test_context_can_be_refused(make, model):
    chat = make(allow_context=False)
    with pytest.raises(LessonLimit, match="allows no context"):
        chat.send("Hi", context=["x = 1"])
    with pytest.raises(LessonLimit, match="allows no context"):
        chat.context.add("x = 1", name="x")
    assert chat.messages == []
    chat.send("Hi")


def test_without_a_lesson_nothing_is_limited_and_the_view_is_told_nothing(model):
    chat = ChatNode(model)
    assert "left" not in chat.get_state("_view")["_view"]
    assert "lesson" not in chat.get_state("_options")["_options"]
    chat.send("Hi", context=["x" * 10_000])
    chat.close()


# What it is made of --------------------------------------------------------------------------


def test_the_view_is_told_what_it_needs(make, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    chat = make(max_turns=5, max_characters=300, allow_context=False, log=path, suggestions=["Hi?"])
    options = chat.get_state("_options")["_options"]
    assert options["lesson"] == {
        "max_turns": 5,
        "max_characters": 300,
        "allow_context": False,
        "log": str(path),
    }
    assert options["suggestions"] == ["Hi?"]


def test_the_model_is_told_the_lessons_system_prompt(make, model):
    answer(make(system="You teach."), model, "Hi")
    assert model.questions[0].system == "You teach."


def test_what_the_lesson_leaves_open_the_chat_may_say(model):
    chat = ChatNode(model, system="You teach.", suggestions=["Hi?"], lesson=Lesson(max_turns=1))
    answer(chat, model, "Hi")
    assert model.questions[0].system == "You teach."
    assert chat.get_state("_options")["_options"]["suggestions"] == ["Hi?"]
    chat.close()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"max_turns": 0}, ValueError, "max_turns must be 1 or more, got 0"),
        ({"max_turns": True}, TypeError, "max_turns must be a whole number, got bool"),
        ({"max_characters": -1}, ValueError, "max_characters must be 1 or more, got -1"),
        ({"max_characters": 2.5}, TypeError, "max_characters must be a whole number, got float"),
        ({"allow_context": "no"}, TypeError, "allow_context must be True or False, got 'no'"),
        ({"system": 5}, TypeError, "system must be text, got int"),
        ({"system": " "}, ValueError, "system is blank"),
        ({"log": ""}, ValueError, "log is blank"),
        ({"log": 5}, TypeError, "log must be text, got int"),
        (
            {"suggestions": ["Hi", "Why is that so?"], "max_characters": 10},
            ValueError,
            "the suggestion 'Why is that so.' has 15 characters, but this lesson allows 10",
        ),
    ],
)
def test_a_lesson_that_makes_no_sense_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        Lesson(**options)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"lesson": {"max_turns": 5}}, TypeError, r"lesson must be a Lesson\(…\), got dict"),
        ({"lesson": Lesson(suggestions=5)}, TypeError, "suggestions must be a list of texts"),
        ({"lesson": Lesson(system="A"), "system": "B"}, ValueError, "system= is given twice"),
        ({"lesson": Lesson(suggestions=[]), "suggestions": ["B"]}, ValueError, "given twice"),
    ],
)
def test_a_chat_refuses_a_lesson_that_does_not_go_with_it(options, error, says):
    with pytest.raises(error, match=says):
        ChatNode(ScriptedModel(), **options)


def test_a_lesson_is_a_value(tmp_path: Path):
    assert Lesson(suggestions=["a"], log=Path("a.jsonl")) == Lesson(
        suggestions=("a",), log="a.jsonl"
    )
    assert hash(Lesson(suggestions=["a"])) == hash(Lesson(suggestions=["a"]))
    with pytest.raises(AttributeError):
        Lesson().max_turns = 5


# The log -------------------------------------------------------------------------------------


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_ending_is_a_line_before_the_turn_resolves(make, model, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    chat = make(log=path, system="You teach.")
    answer(chat, model, "Was ist das\u2028für eins?\n")
    assert lines(path) == [
        {
            "time": "2000-01-01T00:00:00.000+00:00",
            "turn": 1,
            "question": "Was ist das\u2028für eins?\n",
            "answer": "Hello",
            "ending": "complete",
            "error": None,
            "counts": {"question": 22, "answer": 5, "context": 0},
        }
    ]
    assert "für" in path.read_text("utf-8")


def test_every_ending_is_logged_with_what_had_come(make, model, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    chat = make(log=path)
    chat.send("stopped", context=["x = 1"]).stop()
    turn = chat.send("failed")
    model.put("Half", ProviderError("overloaded"))
    with pytest.raises(ProviderError):
        turn.result(10)
    model.put("Whole")
    model.end()
    chat.retry().result(10)
    assert [
        (one["turn"], one["question"], one["answer"], one["ending"]) for one in lines(path)
    ] == [
        (1, "stopped", "", "stopped"),
        (2, "failed", "Half", "error"),
        (3, "failed", "Whole", "complete"),
    ]
    assert lines(path)[1]["error"] == "overloaded"
    assert lines(path)[0]["counts"]["context"] == 1
    assert "x = 1" not in path.read_text("utf-8")


def test_nothing_secret_is_logged(make, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    chat = make(Printer("http://127.0.0.1:9", token="canary-token"), log=path, system="canary-told")
    with pytest.raises(ChatError):
        chat.send("Hi").result(20)
    assert lines(path)[0]["ending"] == "error"
    assert "canary" not in path.read_text("utf-8")
    assert "canary" not in json.dumps(chat.get_state())


@pytest.mark.parametrize("name", ["", "missing/answers.jsonl", "nul\0.jsonl"])
def test_a_log_that_cannot_be_written_is_refused_when_the_chat_is_made(make, tmp_path: Path, name):
    with pytest.raises(ValueError, match=r"cannot be written .*: expected the name of a file"):
        make(log=tmp_path / name)


def test_a_log_that_fails_later_costs_no_answer_and_the_reader_is_told(
    make, model, tmp_path: Path, caplog
):
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "answers.jsonl"
    chat = make(log=path)
    path.unlink()
    folder.rmdir()
    answer(chat, model, "Hi")
    assert [m["content"] for m in chat.messages] == ["Hi", "Hello"]
    notice = chat.get_state("_view")["_view"]["labels"]["notice"]
    assert notice == f"The last answer is missing in the log {path}: No such file or directory."
    assert notice in caplog.text


def labels(chat: ChatNode) -> dict[str, str]:
    return chat.get_state("_view")["_view"]["labels"]


def test_the_notice_goes_once_the_log_can_be_written_again(make, model, tmp_path: Path):
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "answers.jsonl"
    chat = make(log=path)
    before = labels(chat)
    folder.rename(tmp_path / "away")
    answer(chat, model, "one")
    answer(chat, model, "two")
    assert labels(chat)["notice"].startswith("The last 2 answers are missing in the log")
    (tmp_path / "away").rename(folder)
    answer(chat, model, "three")
    assert labels(chat) == before
    assert [one["question"] for one in lines(path)] == ["three"]


def test_the_notice_of_the_source_comes_back(tmp_path: Path):
    folder = tmp_path / "logs"
    folder.mkdir()
    chat = ChatNode(lesson=Lesson(log=folder / "answers.jsonl"), deterministic=True)
    before = labels(chat)
    assert "notice" in before
    folder.rename(tmp_path / "away")
    chat.send("one").stop()
    assert labels(chat)["notice"] != before["notice"]
    (tmp_path / "away").rename(folder)
    chat.send("two").stop()
    assert labels(chat) == before
    chat.close()


def test_the_log_stays_where_it_was_whatever_folder_is_entered(
    make, model, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    chat = make(log="answers.jsonl")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    answer(chat, model, "Hi")
    assert len(lines(tmp_path / "answers.jsonl")) == 1
