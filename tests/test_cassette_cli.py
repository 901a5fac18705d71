"""``printer-widget cassette``: what it shows, finds and takes out."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from lessons import recorded_lesson
from printer_widget import Replay
from printer_widget.server import cli
from protocols import KEY

SECRET = "pa55w0rd-canary"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "lesson.cassette"
    with recorded_lesson("OpenAIChat", path):
        pass
    return path


def run(*arguments, capsys):
    status = cli.main(["cassette", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_it_shows_every_turn_and_how_it_ended(path, capsys):
    status, out, _ = run("show", path, capsys=capsys)
    assert status == 0
    turns = out.split("\n   ")
    assert out.startswith("1. Q: Hello  (line 3)\n   OpenAIChat m-1, HTTP 200, ")
    assert "Hälf an answer." in turns
    assert "OpenAIChat m-1, after 1 earlier question, HTTP 401, 1 piece" in turns
    assert "failed: HTTP 401; the server refused the key; it says 'Bad key …', after " in out
    assert "failed: the connection broke off in the middle of the answer, after " in out
    assert "stopped, after " in out
    assert out.count("complete, after ") == 2


def test_it_says_that_nothing_is_wrong(path, capsys):
    assert run("check", path, capsys=capsys) == (0, f"{path}: 5 turns, nothing wrong\n", "")


@pytest.mark.parametrize("action", ["show", "check", "redact"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no file {path}"),
        ("", "{path} is empty: expected 'printer-widget cassette 1' in line 1"),
        ("printer-widget cassette 1\n\n== Hi\nwhat\n", "{path}, line 4: expected text after | or"),
    ],
)
def test_it_names_what_cannot_be_read(action, text, says, tmp_path, capsys):
    path = tmp_path / "a.cassette"
    if text is not None:
        path.write_text(text)
    status, out, err = run(action, path, capsys=capsys)
    assert (status, out) == (2, "")
    assert err.startswith(f"printer-widget: {says.format(path=path)}")
    assert text is None or path.read_text() == text


def test_a_cassette_without_turns_is_said_so(tmp_path, capsys):
    path = tmp_path / "a.cassette"
    path.write_text("printer-widget cassette 1\n")
    status, _, err = run("show", path, capsys=capsys)
    assert (status, err) == (2, f"printer-widget: {path} has no turn yet: record one first\n")


def test_it_finds_what_looks_like_a_secret_without_repeating_it(path, capsys):
    key = "sk-proj-0123456789abcdefgh"
    text = path.read_text("utf-8").replace("| Q: Hello\n", f"| Q: Hello {key}\n")
    path.write_text(text, "utf-8")
    at = text.split("\n").index(f"| Q: Hello {key}")
    status, out, _ = run("check", path, capsys=capsys)
    assert status == 1
    assert f"{path}, line {at + 1}: this looks like a secret: sk-pro… (26 characters)\n" in out
    assert out.count("looks like a secret") == 5  # it is told again with each turn
    assert key not in out


def test_it_takes_out_what_is_listed_and_what_looks_like_a_secret(
    path, capsys, monkeypatch, tmp_path
):
    text = path.read_text("utf-8")
    text = text.replace("| Q: And then?", f"| Q: And then? {SECRET}")
    text = text.replace('"an ans"', '"Bearer abcdefghijklmnop"', 1)
    path.write_text(text.replace("\n\n==", f"\n# a note with {SECRET}\n\n==", 1), "utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    before = path.read_text("utf-8").split("\n== ")
    assert run("redact", path, "--secrets", "-", capsys=capsys) == (
        0,
        f"{path}: 2 turns changed\n",
        "",
    )
    after = path.read_text("utf-8").split("\n== ")
    assert after[2:5] == before[2:5]
    assert SECRET not in "".join(after)
    assert '"Bearer …"' in after[1]
    assert "| Q: And then? …" in after[5]
    listed = tmp_path / "keys.txt"
    listed.write_text(f"{KEY}\n")
    assert (
        run("redact", path, "--secrets", listed, capsys=capsys)[1] == f"{path}: 0 turns changed\n"
    )
    assert len(Replay(path).entries) == 5


def test_it_needs_no_package_of_the_servers(path):
    code = (
        "import sys; sys.modules.update(fastapi=None, uvicorn=None, platformdirs=None); "
        "from printer_widget.server import cli; sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "cassette", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
