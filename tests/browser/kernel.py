"""A real ipykernel and its one client, which speaks to it as JupyterLab does."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

SOURCES = Path(__file__).parents[2] / "src"
PATIENCE_S = 30.0

Message = dict[str, Any]


class Kernel:
    """A kernel and its one client; ``seen`` is everything that came on the iopub channel.

    Plain sockets: jupyter_client's blocking classes leave an event loop in every thread that
    uses them.
    """

    def __init__(self, folder: Path, *, sources: Path = SOURCES) -> None:
        name, about = write_connection_file(str(folder / "connection.json"), ip="127.0.0.1")
        self.log = folder / "kernel.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ipykernel_launcher", "-f", name],
                env=os.environ | {"PYTHONPATH": str(sources), "IPYTHONDIR": str(folder)},
                stdout=log,
                stderr=log,
            )
        self._session = Session(key=about["key"].encode())
        self._context = zmq.Context()
        self._shell = self._connect(zmq.DEALER, about["shell_port"])
        self._control = self._connect(zmq.DEALER, about["control_port"])
        self._iopub = self._connect(zmq.SUB, about["iopub_port"])
        self._iopub.subscribe(b"")
        self.seen: list[Message] = []
        self._news = threading.Condition()
        self._cells = itertools.count()
        self._closing = False
        # Whoever does not read at once loses what is above the socket's high-water mark.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.wait_for(lambda message: message["msg_type"] == "iopub_welcome")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._closing = True
        self._reader.join()  # no socket may be closed while another thread is in it
        self._context.destroy(linger=0)

    def start(self, code: str, *, cell: str | None = None) -> str:
        """Begin to run a cell, a new one unless ``cell`` names it; return the request's id."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        content |= {"user_expressions": {}, "stop_on_error": True}
        cell = cell or str(next(self._cells))
        return self._send(self._shell, "execute_request", content, metadata={"cellId": cell})

    def wait_for_end(self, request: str) -> Message:
        """Wait until a cell has ended, with all its output; return its reply."""
        reply = self._receive(self._shell, request)
        self.wait_for(
            lambda message: (
                message["content"].get("execution_state") == "idle"
                and message["parent_header"].get("msg_id") == request
            )
        )
        return reply

    def run(self, code: str, *, cell: str | None = None) -> str:
        """Run a cell, a new one unless ``cell`` names it; return what it printed."""
        request = self.start(code, cell=cell)
        reply = self.wait_for_end(request)
        assert reply["status"] == "ok", "\n".join(reply["traceback"])
        return self.printed(request)

    def printed(self, request: str) -> str:
        """Return what a cell has printed so far."""
        return "".join(
            message["content"]["text"]
            for message in self.seen
            if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == request
        )

    def wait_for(self, is_it: Callable[[Message], bool]) -> Message:
        """Return the first iopub message that fits, of those that came and those that will."""
        deadline = time.monotonic() + PATIENCE_S
        at = 0
        with self._news:
            while True:
                while at < len(self.seen):
                    if is_it(self.seen[at]):
                        return self.seen[at]
                    at += 1
                assert self._news.wait(deadline - time.monotonic()), "the message did not come"

    def wait_for_print(self, text: str) -> None:
        self.wait_for(lambda m: m["msg_type"] == "stream" and text in m["content"]["text"])

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    # The front end's part of a comm ----------------------------------------------------------

    def comm(self) -> str:
        """Return the id of the comm of the chat that was made last."""
        self.wait_for(_is_chat_open)
        return str([m for m in self.seen if _is_chat_open(m)][-1]["content"]["comm_id"])

    def send(self, comm: str, data: Message, *, subshell: str | None = None) -> None:
        content = {"comm_id": comm, "data": data}
        self._send(self._shell, "comm_msg", content, subshell=subshell)

    def command(self, comm: str, command: Any, *, subshell: str | None = None) -> None:
        self.send(comm, {"method": "custom", "content": command}, subshell=subshell)

    def updates(self, comm: str) -> list[Message]:
        """Return the states of the full updates on a comm."""
        return [
            message["content"]["data"]["state"]
            for message in self.seen
            if message["msg_type"] == "comm_msg"
            and message["content"]["comm_id"] == comm
            and message["content"]["data"]["method"] == "update"
        ]

    def create_subshell(self) -> str:
        return str(self._ask("create_subshell_request", {})["subshell_id"])

    def delete_subshell(self, subshell: str) -> None:
        self._ask("delete_subshell_request", {"subshell_id": subshell})

    # Sockets ---------------------------------------------------------------------------------

    def _ask(self, kind: str, content: Message) -> Message:
        reply = self._receive(self._control, self._send(self._control, kind, content))
        assert reply["status"] == "ok", reply
        return reply

    def _connect(self, kind: int, port: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.set_hwm(0)
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{port}")
        return socket

    def _send(
        self,
        socket: zmq.Socket[bytes],
        kind: str,
        content: Message,
        *,
        metadata: Message | None = None,
        subshell: str | None = None,
    ) -> str:
        message = self._session.msg(kind, content, metadata=metadata)
        message["header"]["subshell_id"] = subshell
        self._session.send(socket, message)
        return str(message["header"]["msg_id"])

    def _receive(self, socket: zmq.Socket[bytes], request: str) -> Message:
        """Return the content of the reply to a request."""
        deadline = time.monotonic() + PATIENCE_S
        while socket.poll(max(0, (deadline - time.monotonic()) * 1000)):
            _, frames = self._session.feed_identities(socket.recv_multipart())
            reply = self._session.deserialize(frames)
            if reply["parent_header"].get("msg_id") == request:
                content: Message = reply["content"]
                return content
        raise AssertionError("the kernel did not reply")

    def _read(self) -> None:
        session = self._session.clone()
        while not self._closing:
            if not self._iopub.poll(100):
                continue
            _, frames = session.feed_identities(self._iopub.recv_multipart())
            message = session.deserialize(frames)
            with self._news:
                self.seen.append(message)
                self._news.notify_all()


def _is_chat_open(message: Message) -> bool:
    if message["msg_type"] != "comm_open":
        return False
    return "streamedText" in message["content"]["data"].get("state", {})
