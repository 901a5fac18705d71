"""``printer-widget serve`` in a process of its own, to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from serving import bearer

SOURCES = Path(__file__).parents[1] / "src"
TOKEN = "a-token-of-the-tests-0123456789"
START_S = 30


class Process:
    """One run of the command line; ``port`` 0 is any free one."""

    def __init__(self, *arguments, port=0, token=TOKEN, env=None):
        env = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONUNBUFFERED": "1", **(env or {})}
        if token is not None:
            arguments = (*arguments, "--token", token)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "printer_widget.server.cli", "serve"),
                *("--port", str(port), *map(str, arguments)),
            ],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out, self.err = "", ""
        self._readers = [
            threading.Thread(target=self._collect, args=(name,), daemon=True)
            for name in ("out", "err")
        ]
        for reader in self._readers:
            reader.start()
        self.url = self._wait_for_url()
        headers = {} if token is None else bearer(token)
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=10, trust_env=False)

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def _collect(self, name):
        for line in getattr(self._process, f"std{name}"):
            setattr(self, name, getattr(self, name) + line)

    def _wait_for_url(self):
        deadline = time.monotonic() + START_S
        while "In a notebook" not in self.out:
            assert self._process.poll() is None, self.err
            assert time.monotonic() < deadline, self.err
            time.sleep(0.01)  # a process has no event to wait for
        return self.out.partition("address")[2].split()[0]

    def kill(self):
        """Kill it as the system does when memory runs out: it has no chance to tidy up."""
        self._process.kill()
        self._end()

    def interrupt(self):
        """Press Ctrl+C; return the exit status."""
        self._process.send_signal(signal.SIGINT)
        self._end()
        return self._process.returncode

    def _end(self):
        self._process.wait(20)
        for reader in self._readers:
            reader.join(5)
        self._process.stdout.close()
        self._process.stderr.close()
        self.client.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._process.poll() is None:
            self.kill()
