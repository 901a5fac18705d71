"""Servers of others, each in a process of its own on loopback, to be talked to like any."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from hatch_build import find_node

HERE = Path(__file__).parent
THOUGHT = "The question is to be said again."
PATIENCE_S = 20


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
