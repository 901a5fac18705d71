"""The log of answers, as several kernels write it."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

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
