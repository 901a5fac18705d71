"""Chat notebooks under nbval: Stop from outside, long answers, and what must not pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import zmq
from jupyter_client.session import Session
from nbformat.v4 import new_code_cell, new_notebook, new_output

import notebook_runs
from printer_widget import Transcript

PATIENCE_S = 40.0


def write(path: Path, *cells: tuple[str, str | dict[str, str]]) -> None:
    """Write a notebook of cells and the results that are stored with them."""
    made = []
    for at, (code, result) in enumerate(cells, start=1):
        data = {"text/plain": result} if isinstance(result, str) else result
        outputs = [new_output("execute_result", data=data, execution_count=at)]
        made.append(new_code_cell(code, outputs=outputs, execution_count=at))
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)


def wait_for(path: Path, process: subprocess.Popen[str]) -> str:
    """Wait until another process has written a file; return what is in it."""
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"{path.name} was not written"
        time.sleep(0.02)
    return path.read_text("utf-8")


def send_from_outside(address: dict[str, str], content: dict[str, str]) -> None:
    """Send a browser's message as a client of its own, which no other client knows of."""
    connection = json.loads(Path(address["connection"]).read_text("utf-8"))
    session = Session(key=connection["key"].encode())
    data = {"method": "custom", "content": {"client": "outside", **content}}
    with zmq.Context() as context, context.socket(zmq.DEALER) as shell:
        shell.connect(f"tcp://{connection['ip']}:{connection['shell_port']}")
        session.send(shell, "comm_msg", {"comm_id": address["comm"], "data": data})


MAKE_CHAT = """\
import asyncio, json
from pathlib import Path
from ipykernel.connect import get_connection_file
from printer_widget import ChatNode

async def endless(messages):
    while True:
        yield "word "
        await asyncio.sleep(0.02)

chat = ChatNode(endless, deterministic=True)
address = {"connection": get_connection_file(), "comm": chat.comm.comm_id}
chat.on_token(lambda text: Path("address").with_suffix(".new").write_text(json.dumps(address)))
chat.on_token(lambda text: Path("address.new").replace("address"))
chat"""

LONG_ANSWER = """\
async def long(messages):
    for at in range(6000):
        yield f"token-{at} "
        if at % 10 == 0:
            await asyncio.sleep(0.001)

reply = await ChatNode(long).send("Say much")
len(reply.content.split())"""

STOPPED = "[('message-1', 'complete'), ('turn-1', 'stopped')]"


@pytest.mark.kernel
@pytest.mark.slow
def test_stop_from_a_second_client_is_heard_while_nbval_runs_a_cell(tmp_path: Path) -> None:
    """And an answer of more pieces than nbval can read messages passes: they are not sent."""
    name = "ChatNode(endless)"
    write(
        tmp_path / "stop.ipynb",
        (MAKE_CHAT, {"text/plain": name, "text/html": Transcript().to_fallback(name)}),
        ("turn = chat.send('Go on and on')\n(await turn).status", "'stopped'"),
        ("[(m['id'], m['status']) for m in chat.messages]", STOPPED),
        (LONG_ANSWER, "6000"),
    )
    command = ["-p", "nbval", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=30"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *command, "stop.ipynb"],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "IPYTHONDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        address = json.loads(wait_for(tmp_path / "address", process))
        send_from_outside(address, {"type": "stop", "turn": "turn-1"})
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "4 passed" in said


CONNECT = """\
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=20)
except OSError as error:
    reason = error.strerror
reason"""

COUNT_RUNS = """\
with open("log", "a") as log:
    print(end="x", file=log)
    runs = log.tell()
runs"""


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_notebook_is_run_twice_where_the_first_run_left_it_and_without_network(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = "'this run has no network, and tried to reach 192.0.2.1'"
    write(tmp_path / "notebooks" / "runs.ipynb", (CONNECT, refused), (COUNT_RUNS, "1"))
    assert notebook_runs.run(tmp_path / "notebooks") is False
    said = capfd.readouterr().out
    assert 0 < said.find(" 2 passed in ") < said.find(" 1 failed, 1 passed in ")


@pytest.mark.parametrize(
    ("tries", "reaches"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=9)", "192.0.2.1"),
        ("socket.create_connection(('example.org', 80), timeout=9)", "example.org"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))", "192.0.2.1"),
        ("socket.create_connection(server.getsockname()).close()", None),
        ("socket.create_connection(('localhost', server.getsockname()[1])).close()", None),
    ],
)
def test_no_connection_leaves_the_machine(tries: str, reaches: str | None) -> None:
    code = f"import socket\nserver = socket.create_server(('127.0.0.1', 0))\n{tries}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": notebook_runs.GUARDED},
        capture_output=True,
        text=True,
        check=False,
    )
    says = f"this run has no network, and tried to reach {reaches}"
    assert (says in done.stderr, done.returncode) == ((False, 0) if reaches is None else (True, 1))
