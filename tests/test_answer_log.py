"""The log of answers, as several kernels write it."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from printer_widget import Message
from printer_widget.answer_log import AnswerLog

LINES = 40


def message(role, content, **more) -> Message:
    return Message(id="m", role=role, content=content, timestamp="now", **more)


def write_many(path: Path, who: str) -> None:
    log = AnswerLog(path)
    for at in range(LINES):
        log.write(at, message("user", who), message("assistant", who * 100_000))


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, who)) for who in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for who in "ab":
        mine = [line for line in found if line["question"] == who]
        assert [line["turn"] for line in mine] == list(range(LINES))
        assert {line["answer"] for line in mine} == {who * 100_000}


def test_what_the_server_counted_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    usage = {"input_tokens": 3, "output_tokens": 1}
    assert AnswerLog(path).write(1, message("user", "😀?"), message("x", "!", usage=usage)) is None
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["counts"] == {"question": 2, "answer": 1, "context": 0, **usage}


def test_a_line_is_a_line_to_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    ends = "a\u2028b\u2029c\x85d\re\nf\x0bg\x0ch\x1ci"
    AnswerLog(path).write(1, message("user", ends), message("assistant", "x\ud800"))
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["question"] == ends


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "answers.jsonl")
    log._path = Path("/dev/full")
    sentence = log.write(1, message("user", "Hi"), message("assistant", "Hello"))
    assert sentence is not None
    assert "No space left on device" in sentence


# What a full disk leaves ----------------------------------------------------------------------


@contextmanager
def room_for(path: Path, size: int) -> Iterator[None]:
    """Let ``path`` grow by so many bytes, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ask(log: AnswerLog, text: str) -> str | None:
    return log.write(1, message("user", text), message("assistant", "Hello"))


def asked(path: Path) -> list[str]:
    """The questions of the lines; of a line that is no JSON its first character."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line)["question"])
        except json.JSONDecodeError:
            found.append(line[:1])
    return found


def test_half_a_line_costs_no_other_line(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    log = AnswerLog(path)
    ask(log, "one")
    with room_for(path, 50):
        assert "the disk is full" in str(ask(log, "two"))
        assert "File too large" in str(ask(log, "three"))
    assert ask(log, "four") is None
    assert ask(log, "five") is None
    assert asked(path) == ["one", "{", "four", "five"]


def test_a_disk_that_takes_the_end_of_a_line_and_no_more_leaves_no_blank_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "answers.jsonl"
    log = AnswerLog(path)
    for room in (50, 1, 0):
        with room_for(path, room):
            assert ask(log, "lost") is not None
    assert ask(log, "kept") is None
    assert asked(path) == ["{", "kept"]


def test_another_kernel_that_ended_the_line_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    mine, other = AnswerLog(path), AnswerLog(path)
    with room_for(path, 50):
        ask(mine, "lost")
        ask(other, "lost, too")
    for log in (mine, other, mine):
        assert ask(log, "kept") is None
    assert asked(path) == ["{", "kept", "kept", "kept"]


def test_a_line_begins_anew_where_a_killed_kernel_left_half_of_one(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"time": "')
    log = AnswerLog(path)
    assert path.read_text() == '{"time": "'
    ask(log, "one")
    ask(log, "two")
    assert asked(path) == ["{", "one", "two"]


def test_how_many_answers_are_missing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    log = AnswerLog(path)
    with room_for(path, 0):
        said = [str(ask(log, "lost")) for _ in range(3)]
    assert [one.partition(" missing")[0] for one in said] == [
        "The last answer is",
        "The last 2 answers are",
        "The last 3 answers are",
    ]
    assert ask(log, "kept") is None
    with room_for(path, 0):
        assert str(ask(log, "lost")).startswith("The last answer is missing")


# What is no file ------------------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to(os.devnull)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # the name of a socket is short


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(
    ("make", "what"),
    [
        (pipe, "a named pipe"),
        (folder, "a folder"),
        (device, "a device"),
        (listening, "a socket"),
    ],
)
def test_what_is_no_file_is_refused_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "answers"
    make(path)
    with pytest.raises(
        ValueError,
        match=rf"answers' cannot be written \(it is {what}\): expected the name of a file",
    ):
        AnswerLog(path)
