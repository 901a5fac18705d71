"""Servers of others, each in a process of its own on loopback, to be talked to like any."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from hatch_build import find_node

HERE = Path(__file__).parent
THOUGHT = "The question is to be said again."
PATIENCE_S = 20
START_S = 180


@dataclass(frozen=True)
class RealServer:
    """A server that runs; what it can be asked stands in ``vercel/server.mjs``."""

    url: str

    def stopped(self) -> str:
        """Wait until the server's model was told to stop; return the question it was answering."""
        return httpx.get(f"{self.url}/stopped", timeout=PATIENCE_S, trust_env=False).text


@contextmanager
def vercel_server() -> Iterator[RealServer]:
    """Vercel's AI SDK, with its mock model."""
    folder = HERE / "vercel"
    assert (folder / "node_modules").is_dir(), "not installed yet: run  make servers"
    with _process([str(find_node().folder / "node"), str(folder / "server.mjs")]) as server:
        yield server


@contextmanager
def agents_server() -> Iterator[RealServer]:
    """Pydantic AI's adapters, with its function model."""
    with _process([sys.executable, str(HERE / "agents.py")]) as server:
        yield server


@contextmanager
def served(
    command: Sequence[str | Path], *, health: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a server that is told its port by ``{port}``, until it answers at a path.

    The process's ``url`` is its address.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(part).format(port=port) for part in command],
            env={**os.environ, **(env or {})},
            stdout=log,
            stderr=log,
            text=True,
        )
        process.url = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + START_S
            while not _answers(process.url + health):
                log.seek(0)
                assert process.poll() is None, log.read()
                assert time.monotonic() < deadline, log.read()
                time.sleep(0.2)  # a process of others has no event to wait for
            yield process
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def _process(command: Sequence[str]) -> Iterator[RealServer]:
    """Run a server that prints its address once it listens."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
        try:
            url = process.stdout.readline().strip()
            if not url:
                complaints.seek(0)
                raise RuntimeError(f"{command} did not start: {complaints.read()}")
            yield RealServer(url)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
