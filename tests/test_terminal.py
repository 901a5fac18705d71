"""A chat at the prompt of a real terminal: IPython's, and Python's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parents[1] / "src"

MODEL = """\
import itertools
from printer_widget import ChatNode
async def model(messages):
    import asyncio
    for n in itertools.count():
        yield f"{n} " if n else "\\x1b[2Jzero "
        if messages[-1]["content"] == str(n): return
        await asyncio.sleep(0.01)
chat = ChatNode(model)
"""


class Prompt:
    """An interpreter in a pseudo-terminal, and what stands at the beginning of its input lines."""

    def __init__(self, folder: Path, arguments: list[str], sign: str) -> None:
        env = os.environ | {"PYTHONPATH": str(SOURCES), "IPYTHONDIR": str(folder), "TERM": "dumb"}
        self._sign = sign
        self._child = pexpect.spawn(
            sys.executable, arguments, env=env, encoding="utf-8", timeout=30, echo=False
        )
        self.wait()

    def wait(self) -> str:
        """Wait until it asks for input; return what it put out."""
        self._child.expect(self._sign)
        return str(self._child.before).replace("\r\n", "\n").strip()

    def run(self, line: str) -> str:
        self._child.sendline(line)
        return self.wait()

    def run_until(self, line: str, text: str) -> None:
        """Run a line, and wait until it has put out ``text``."""
        self._child.sendline(line)
        self._child.expect_exact(text)

    def interrupt(self) -> str:
        """Press Ctrl-C."""
        self._child.sendintr()
        return self.wait()

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "lesson.py").write_text(MODEL)
    return f"exec(open({str(tmp_path / 'lesson.py')!r}).read())"


@pytest.fixture
def ipython(tmp_path: Path, model: str) -> Iterator[Prompt]:
    arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"]
    prompt = Prompt(tmp_path, arguments, r"In \[\d+\]: ")
    prompt.run(model)
    yield prompt
    prompt.close()


@pytest.fixture
def python(tmp_path: Path, model: str) -> Iterator[Prompt]:
    prompt = Prompt(tmp_path, ["-q"], ">>> ")
    prompt.run(model)
    yield prompt
    prompt.close()


@pytest.mark.parametrize("wait", ["await chat.send('3')", "chat.send('3').result(20)"])
def test_ipython_prints_the_answer_once_and_without_control_characters(
    ipython: Prompt, wait: str
) -> None:
    assert ipython.run(wait) == "␛[2Jzero 1 2 3 \nOut[2]: <the answer above>"
    assert ipython.run("_2") == "Out[3]: assistant: ␛[2Jzero 1 2 3"


@pytest.mark.parametrize("wait", ["await chat.send('x')", "chat.send('x').result()"])
def test_control_c_stops_the_answer_and_ends_the_cell(ipython: Prompt, wait: str) -> None:
    ipython.run_until(f"reply = {wait}; print('went on')", " 5 6 ")
    said = ipython.interrupt()
    assert "KeyboardInterrupt" in said
    assert ipython.run("chat.messages[-1]['status'], chat.is_streaming") == (
        "Out[3]: ('stopped', False)"
    )
    # Nothing of the cell is left to go on in the next one.
    assert ipython.run("await chat.send('1')") == "␛[2Jzero 1 \nOut[4]: <the answer above>"


def test_a_chat_is_displayed_as_text(ipython: Prompt) -> None:
    assert ipython.run("chat") == "Out[2]: ChatNode(model)"
    ipython.run("reply = await chat.send('1')")
    said = "You:\n1\n\nAssistant:\n␛[2Jzero 1"
    assert ipython.run("chat") == f"Out[4]: \nChatNode(model)\n\n{said}"
    assert ipython.run("chat.transcript()") == f"Out[5]: \n{said}"


def test_python_prints_the_answer_as_it_comes(python: Prompt) -> None:
    assert python.run("reply = chat.send('3').result()") == "␛[2Jzero 1 2 3"
    python.run_until("reply = chat.send('x').result()", " 5 6 ")
    assert "KeyboardInterrupt" in python.interrupt()
    assert python.run("chat.messages[-1]['status']") == "'stopped'"


def test_a_script_prints_nothing(tmp_path: Path, model: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{model}\nprint(chat.send('3').result())")
    env = os.environ | {"PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, script], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "assistant: ␛[2Jzero 1 2 3"
