"""``printer-widget``: what it says, what it refuses, and that it ends."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import time

import httpx
import platformdirs
import pytest

from printer_widget.conversation import Conversation, Message, Question
from printer_widget.server import cli, models
from printer_widget.server import serve as serve_module
from printer_widget.server.models import ServedModel, UnknownModelError, Upstream, resolve
from printer_widget.server.users import Users, read_users
from printer_widget.sources import FunctionSource
from server_process import TOKEN, Process
from serving import (
    QUESTION,
    SOON,
    Following,
    ask,
    asking,
    bearer,
    events,
    limited,
    saying,
    serving,
    text,
)


def run(*arguments, capsys):
    """Return the exit status and what was said, to stdout and stderr."""
    try:
        status = cli.main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    return status, *capsys.readouterr()


# What it says


def test_its_help_shows_examples_and_every_model(capsys):
    status, out, _ = run("serve", "--help", capsys=capsys)
    assert status == 0
    assert out.count("\n  printer-widget serve") == 4
    for said in ("PRINTER_SERVER_TOKENS", *(kind.form for kind in models.KINDS.values())):
        assert said in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_made_token_comes_with_the_line_that_knows_it(capsys):
    status, out, _ = run("token", "ann", capsys=capsys)
    assert status == 0
    token, line = (line.rpartition("   ")[2] for line in out.splitlines())
    assert re.fullmatch(r"ann:sha256\$[0-9a-f]{64}", line)
    assert Users(read_users(line, where="here")).find(token.encode()) == "ann"
    assert token not in line


@pytest.mark.parametrize("package", cli.NEEDED)
def test_without_its_extra_it_says_what_to_install(package, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    status, out, err = run("serve", capsys=capsys)
    assert (status, out) == (2, "")
    command = 'pip install "printer_widget[server]"'
    assert err == f"printer-widget: the backend needs {package}: run  {command}\n"


@pytest.mark.slow
def test_started_it_says_what_listens_where_and_two_lines_to_paste():
    with Process("--in-memory", token=None) as server:
        token = server.out.partition("  token ")[2].split()[0]
        assert server.out.count(token) == 2  # on its own, and in the line to paste
        assert f"  address   http://127.0.0.1:{server.port} " in server.out
        assert f"  OpenAI    http://127.0.0.1:{server.port}/v1 " in server.out
        assert "  model     demo\n" in server.out
        assert "  data      in memory, gone at the end\n" in server.out
        paste = server.out.partition("In a notebook:\n\n")[2].rstrip()
        assert server.err == ""
        server.client.headers.update(bearer(token))
        assert text(ask(server.client, {"user_message": "echo tick"}).content) == "tick"
        assert "tick" in pasted(paste)


def pasted(lines):
    """Return the reply that two lines from the start-up message lead to."""
    script = f"{os.linesep.join(line.strip() for line in lines.splitlines())}\n"
    script += "print(chat.send('echo tick').result(20))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_its_api_is_described_to_a_reader_and_to_programs():
    with Process("--in-memory") as server, httpx.Client(base_url=server.url) as stranger:
        assert stranger.get("/docs").status_code == 200
        description = stranger.get("/openapi.json").json()
        assert stranger.get("/healthz").json() == {"status": "ok"}
    assert set(description["paths"]) == {
        "/healthz",
        "/api/chat/stream",
        "/api/chat/stream/{run_id}",
        "/api/chat/stream/{run_id}/stop",
        "/api/conversations",
        "/api/conversations/{conversation_id}",
        "/api/conversations/{conversation_id}/messages",
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/{name}",
    }


@pytest.mark.slow
def test_listening_to_other_machines_it_warns_and_answers_to_the_names_it_was_told():
    arguments = ("--in-memory", "--host", "0.0.0.0", "--allow-host", "lab.example.org")
    with Process(*arguments) as server:
        assert "WARNING: other machines can connect, and over plain http" in server.err
        statuses = {
            host: server.client.get("/healthz", headers={"Host": host}).status_code
            for host in ("lab.example.org", socket.gethostname(), "localhost", "evil.example")
        }
    assert list(statuses.values()) == [200, 200, 200, 400]


# What it refuses


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "gpt"], r"no model “gpt”. Known are:\n  demo.*\n  echo.*\n  printer:URL"),
        (["--model", "demo:fast"], "“fast” is no number of tokens a second"),
        (["--model", "printer"], "needs the URL of its backend"),
        (["--model", "printer:http://example.org"], "plain http to another machine"),
        (["--token", "short"], "16 characters or more"),
        (["--tokens", "missing.txt"], "cannot read missing.txt: No such file"),
        (["--host", "203.0.113.1"], r"cannot listen on 203\.0\.113\.1"),
        (["--host", "no.such.host.invalid"], "cannot listen on no"),
        (["--db", "/dev/null/db"], "cannot be opened"),
        (["--port", "70000"], "must be between 0 and 65535"),
        (["--runs", "0"], "must be 1 or more"),
        (["--requests-per-minute", "-1"], "must not be negative"),
        (["--requests-per-minute", "x"], "invalid"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, reason, capsys):
    status, out, err = run("serve", "--port", "0", *arguments, capsys=capsys)
    assert (status, out) == (2, "")
    assert re.search(reason, err), err
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_an_error_that_says_so(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = run("serve", "--port", str(port), "--in-memory", capsys=capsys)
    assert status == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in err
    assert "--port names another port" in err


def test_a_file_without_users_is_no_invitation_to_everyone(tmp_path, capsys):
    file = tmp_path / "users.txt"
    file.write_text("# nobody yet\n")
    status, _, err = run("serve", "--tokens", str(file), capsys=capsys)
    assert status == 2
    assert "names no user" in err


def test_it_keeps_its_data_in_the_users_data_folder_unless_told_otherwise(tmp_path):
    options = argparse.Namespace(in_memory=False, db=None)
    folder = platformdirs.user_data_path("printer_widget", appauthor=False)
    assert serve_module._path(options) == folder / "backend.sqlite3"
    options.db = tmp_path / "other"
    assert serve_module._path(options) == tmp_path / "other"
    options.in_memory = True
    assert serve_module._path(options) is None


# That it serves as told


@pytest.mark.slow
def test_users_come_from_the_environment_a_file_and_the_command_line(tmp_path):
    file = tmp_path / "users.txt"
    file.write_text("bob:bobs-token-0123456789\n")
    env = {"PRINTER_SERVER_TOKENS": "ann:anns-token-0123456789"}
    with Process("--in-memory", "--tokens", file, env=env) as server:
        assert "  users     default, ann, bob\n" in server.out
        for token in (TOKEN, "anns-token-0123456789", "bobs-token-0123456789"):
            assert token not in server.out
            got = server.client.get("/api/conversations", headers=bearer(token))
            assert got.json() == {"conversations": []}


@pytest.mark.slow
def test_limits_and_the_system_prompt_are_those_of_the_command_line():
    arguments = ("--model", "echo", "--system", "You teach.", "--requests-per-minute", "1")
    with Process("--in-memory", *arguments) as server:
        assert "model     echo, with a system prompt" in server.out
        assert ask(server.client, QUESTION | {"system": "Obey."}).status_code == 403
        assert ask(server.client).status_code == 200
        assert ask(server.client).status_code == 429


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_and_quietly_in_the_middle_of_a_stream():
    with (
        Process("--in-memory") as server,
        asking(server.client, user_message="tell me a story") as response,
    ):
        Following(response).until("printer")
        began = time.monotonic()
        assert server.interrupt() == 0
        assert time.monotonic() - began < SOON
        assert server.err == ""


@pytest.mark.slow
def test_no_token_and_no_key_is_logged_however_much_is_logged():
    key = "an-upstream-key-0123456789"
    with serving(saying("yes"), token=key) as upstream:
        arguments = ("--model", f"printer:{upstream.base_url}", "--log-level", "debug")
        env = {"PRINTER_UPSTREAM_KEY": key}
        with Process("--in-memory", *arguments, env=env) as server:
            assert text(ask(server.client).content) == "yes"
            ask(server.client, headers=bearer(f"{TOKEN}-wrong"))
            server.interrupt()
    assert "POST /api/chat/stream" in server.err
    assert TOKEN not in server.out + server.err
    assert key not in server.out + server.err


# Models


def test_a_models_name_never_holds_its_key():
    model = resolve("printer", Upstream(base_url="https://example.org/", key="a-key"))
    assert model.name == "printer:https://example.org"
    assert "a-key" not in f"{model!r} {Upstream(key='a-key')!r}"


def test_models_of_other_servers_are_called_by_their_own_names():
    upstream = Upstream(key="a-key")
    names = ("openai:gpt", "anthropic:claude", "ollama:qwen3:8b")
    found = [resolve(name, upstream) for name in names]
    assert [model.name for model in found] == list(names)
    assert [model.alias for model in found] == ["gpt", "claude", "qwen3:8b"]
    assert "a-key" not in repr(found)
    assert resolve("ollama:qwen3:8b").source.label == "qwen3:8b"  # needs no key


@pytest.mark.parametrize("name", ["openai", "anthropic:", "ollama: "])
def test_a_model_that_is_not_named_is_an_error_that_says_how(name):
    with pytest.raises(ValueError, match=f"write {name.partition(':')[0]}:MODEL"):
        resolve(name)


def test_an_unknown_model_is_an_error_that_lists_the_known_ones():
    with pytest.raises(UnknownModelError, match=r"demo\[:RATE\].*\n.*echo"):
        resolve("nothing:at-all")


def test_the_echo_says_the_question_at_its_pace():
    with serving(resolve("echo:1000")) as client:
        question = "Éa 🙂\n" * 50
        began = time.monotonic()
        content = ask(client, QUESTION | {"user_message": question}).content
        took = time.monotonic() - began
    assert text(content) == question
    assert took >= (len(events(content)) - 3) / 1000


async def test_said_again_an_answer_hurries_to_where_it_was_and_goes_on_at_its_pace():
    question = Question(
        conversation=Conversation(
            messages=(Message(id="1", role="user", content="word " * 40, timestamp=""),)
        )
    )
    answer = resolve("echo:20").again(5 * 38).stream(question)
    arrived = [(time.monotonic(), event) async for event in answer]
    assert "".join(event.text for _, event in arrived[:-1]) == "word " * 40
    times = [at for at, _ in arrived]
    assert times[37] - times[0] < 1  # two seconds at its pace
    assert times[39] - times[37] > 0.05


def test_a_model_that_was_to_repeat_itself_and_does_not_ends_with_an_error(tmp_path):
    answers = iter(("Hello, you", "Good bye"))

    async def model(messages):
        for character in next(answers):
            yield character
        await asyncio.Event().wait()

    source = FunctionSource(model)
    served = ServedModel(name="moody", source=source, again=lambda known: source)
    db = tmp_path / "db"
    with serving(served, db=db, limits=limited(grace_s=60)) as client, asking(client) as response:
        stream = Following(response)
        seen = stream.until('"u"')
    with serving(served, db=db) as client:
        headers = {"Last-Event-ID": str(seen[-1][0])}
        content = client.get(f"/api/chat/stream/{stream.run_id}", headers=headers).content
        *_, message = client.get("/api/conversations/c1/messages").json()["messages"]
    ((name, data),) = events(content)
    assert name == "error"
    assert "could not go on" in data["error"]
    assert (message["content"], message["status"]) == ("Hello, you", "interrupted")
