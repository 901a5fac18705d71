"""Measure a stream on its whole way, from the server to the screen, beside the naive widget.

In one run, in real JupyterLab and real Chromium: bytes and messages over the websocket, CPU of the
kernel, main-thread time of the page, first and last token to the DOM, frames over 50 ms; and the
final text must be exact. ``python tests/bench/stream.py [--short]`` prints a table.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.backend import END, tokens  # noqa: E402
from browser.conftest import CHROMIUM_FLAGS  # noqa: E402
from browser.lab import LabServer  # noqa: E402
from browser.notebook import Notebook  # noqa: E402

WORKLOADS = {"W1": (2_000, 200.0), "W2": (20_000, 1_000.0)}
PATIENCE_S = 150

OURS = (
    """
from printer_widget import ChatNode
chat = ChatNode("{url}")
chat
""",
    """
turn = chat.send('{question}')
""",
)
NAIVE = (
    """
import sys; sys.path.insert(0, {here!r})
from naive import NaiveChat
chat = NaiveChat()
chat
""",
    """
task = chat.send("{url}", '{question}')
""",
)

# Watches the element that holds the answer, and what that says it shows, so as to cost little.
WATCH = """
(end) => {
  const watch = (window.watch = { frames: [], first: null, last: null });
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  const answers = '[data-role="assistant"] [part~="content"]';
  const hosts = [...document.querySelectorAll(".jp-OutputArea-output *")];
  const root = hosts.find((element) => element.shadowRoot)?.shadowRoot;
  let element = document.querySelector("pre.naive");
  let before = performance.now();
  const frame = (at) => {
    watch.frames.push(at - before);
    before = at;
    element ??= root.querySelector(answers);
    const text = element?.source ?? element?.lastChild?.data ?? "";
    if (text && watch.first === null) { watch.first = now(); watch.frames.length = 0; }
    if (text.endsWith(end)) {
      watch.last = now();
      watch.text = element.source ?? element.textContent;
    } else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one widget cost on one workload."""

    wire_kb: float
    messages: int
    kernel_cpu_s: float
    page_task_s: float
    first_ms: float
    last_ms: float
    slow_frames: int
    exact: bool


class Bench:
    """One JupyterLab, one Chromium, one server of tokens."""

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.lab = LabServer(folder)
        stack.callback(self.lab.close)
        server = subprocess.Popen([sys.executable, HERE / "backend.py"], stdout=subprocess.PIPE)
        stack.callback(server.kill)
        assert server.stdout is not None
        self.url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        playwright = stack.enter_context(sync_playwright())
        self.browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_FLAGS
        )
        stack.callback(self.browser.close)

    def measure(self, cells: tuple[str, str], count: int, rate: float) -> Measured:
        """Stream ``count`` tokens at ``rate`` a second into one widget."""
        question = json.dumps({"count": count, "rate": rate})
        filled = [
            cell.format(url=self.url, question=question, here=str(HERE)).strip() for cell in cells
        ]
        name = f"bench-{time.monotonic_ns()}.ipynb"
        self.lab.write(name, filled)
        context = self.browser.new_context(viewport={"width": 1200, "height": 900})
        notebook = Notebook(self.lab, context, name)
        try:
            return self._watch(notebook, count, rate)
        finally:
            context.close()
            self.lab.end_kernel(notebook.kernel_id)

    def _watch(self, notebook: Notebook, count: int, rate: float) -> Measured:
        page, wire = notebook.page, {"bytes": 0, "messages": 0}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Performance.enable")
        session.on("Network.webSocketFrameReceived", lambda frame: _count(wire, frame))
        session.on("Network.webSocketFrameSent", lambda frame: _count(wire, frame))
        notebook.open()
        notebook.run(0)
        page.locator("pre.naive, [part~=log]").first.wait_for(state="attached", timeout=60_000)
        page.wait_for_timeout(2_000)
        kernel = _kernel_process(self.lab)
        page.evaluate(WATCH, END)
        before = _sample(session, kernel, wire)
        notebook.run(1)
        page.wait_for_timeout(count / rate * 1000)
        page.wait_for_function("window.watch.last", timeout=PATIENCE_S * 1000, polling=100)
        page.wait_for_timeout(500)
        after = _sample(session, kernel, wire)
        seen: dict[str, Any] = page.evaluate("window.watch")
        sent = httpx.get(f"{self.url}/sent", trust_env=False).json()
        return Measured(
            wire_kb=(after[0] - before[0]) / 1000,
            messages=int(after[1] - before[1]),
            kernel_cpu_s=after[2] - before[2],
            page_task_s=after[3] - before[3],
            first_ms=(seen["first"] - sent["first"]) * 1000,
            last_ms=(seen["last"] - sent["last"]) * 1000,
            slow_frames=sum(frame > 50 for frame in seen["frames"]),
            exact=seen["text"] == "".join(tokens(count)),
        )


def _count(wire: dict[str, int], frame: dict[str, Any]) -> None:
    payload = frame["response"]["payloadData"]
    binary = frame["response"]["opcode"] == 2
    wire["bytes"] += len(base64.b64decode(payload)) if binary else len(payload.encode())
    wire["messages"] += 1


def _sample(session: Any, kernel: psutil.Process, wire: dict[str, int]) -> tuple[float, ...]:
    metrics = session.send("Performance.getMetrics")["metrics"]
    task = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
    cpu = kernel.cpu_times()
    return wire["bytes"], wire["messages"], cpu.user + cpu.system, task


def _kernel_process(lab: LabServer) -> psutil.Process:
    children = psutil.Process(lab._process.pid).children(recursive=True)
    return next(p for p in reversed(children) if "ipykernel_launcher" in " ".join(p.cmdline()))


def _ratio(naive: Measured, ours: Measured, field: str) -> str:
    value = getattr(ours, field)
    return f"1/{getattr(naive, field) / value:.1f}" if value else "–"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="the small workload alone")
    parser.add_argument("--ours", action="store_true", help="without the naive widget")
    options = parser.parse_args()
    names = [field.name for field in fields(Measured)]
    print(" ".join(["", "", *names]).replace(" ", "\t"))
    with ExitStack() as stack:
        bench = Bench(stack)
        for workload, (count, rate) in WORKLOADS.items():
            if options.short and workload != "W1":
                continue
            rows = {"ours": bench.measure(OURS, count, rate)}
            if not options.ours:
                rows["naive"] = bench.measure(NAIVE, count, rate)
            for name, row in rows.items():
                values = [getattr(row, field) for field in names]
                shown = [f"{v:.1f}" if isinstance(v, float) else str(v) for v in values]
                print("\t".join([workload, name, *shown]), flush=True)
            if len(rows) == 2:
                ratios = [_ratio(rows["naive"], rows["ours"], field) for field in names[:-1]]
                print("\t".join([workload, "ours/naive", *ratios]), flush=True)


if __name__ == "__main__":
    main()
