"""One answer's way from the server to the screen, in the situations in which a reader may be."""

from __future__ import annotations

import base64
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as Impatience

from bench.backend import END, tokens
from browser.cable import Cable
from browser.conftest import CHROMIUM_FLAGS
from browser.lab import LabServer
from browser.notebook import Notebook

HERE = Path(__file__).parent

PATIENCE_S = 60
"""How late a whole text may come after it was sent."""

SLOW_LINK = {"bytes_per_s": 50_000, "delay_s": 0.3}
"""Of a :class:`~browser.cable.Cable`, for Chromium's own throttle is no link to a WebSocket: with
these two values, 50 messages of 100 bytes come in 0.2 s, before the delay is over, and 50 of 10 kB
in 15 s instead of 10, as if each waited for the whole delay after the one before."""

OURS = (
    """
from printer_widget import ChatNode
chats = [ChatNode({url!r}) for _ in range({widgets})]
display(*chats)
""",
    """
turns = [chat.send(question) for chat, question in zip(chats, {questions!r})]
""",
)
NAIVE = (
    """
import sys; sys.path.insert(0, {here!r})
from naive import NaiveChat
chats = [NaiveChat() for _ in range({widgets})]
display(*chats)
""",
    """
tasks = [chat.send({url!r}, question) for chat, question in zip(chats, {questions!r})]
""",
)

# Watches the element that holds each answer, and what that says it shows, so as to cost little.
WATCH = """
(end) => {
  const views = [...document.querySelectorAll("[data-phase], pre.naive")];
  const watch = (window.watch = { frames: [], first: [], last: [], texts: [], all: false });
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  const answer = '[data-role="assistant"] [part~="content"]';
  const elements = views.map((view) => (view.shadowRoot ? undefined : view));
  let before = performance.now();
  const look = (view, at) => {
    const element = (elements[at] ??= view.shadowRoot.querySelector(answer));
    const text = element?.source ?? element?.lastChild?.data ?? "";
    if (text && !watch.first[at]) {
      if (watch.first.length === 0) watch.frames.length = 0;
      watch.first[at] = now();
    }
    if (text.endsWith(end)) {
      watch.last[at] = now();
      watch.texts[at] = element.source ?? element.textContent;
    }
  };
  const frame = (at) => {
    watch.frames.push(at - before);
    before = at;
    views.forEach((view, at) => watch.last[at] || look(view, at));
    watch.all = views.every((_, at) => watch.last[at]);
    if (!watch.all) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """What is streamed, and how the page is placed meanwhile.

    Attributes:
        count: tokens of each answer.
        rate: tokens a second of each answer.
        widgets: so many answers stream at once.
        slow_link: the page reaches JupyterLab over :data:`SLOW_LINK` once its widgets are drawn.
        hidden: another tab is in front, from the first token shown until after the last was sent.
    """

    count: int
    rate: float
    widgets: int = 1
    slow_link: bool = False
    hidden: bool = False

    @property
    def seconds(self) -> float:
        """How long the server takes to send it."""
        return self.count / self.rate


@dataclass(frozen=True, slots=True)
class Measured:
    """What the widgets of one kind cost on one workload.

    Attributes:
        wire_kb: over the kernel's WebSocket, in both directions, uncompressed.
        messages: so many of them.
        kernel_cpu_s: processor time of the kernel's process.
        page_task_s: time in tasks of the page's main thread.
        first_ms: from the server's first token until it is shown; the slowest widget's.
        last_ms: the same of the last token; in a hidden tab, from its coming to front until the
            whole text is shown. Infinite where that took more than :data:`PATIENCE_S`.
        slow_frames: frames over 50 ms, from the first token on.
        exact: every widget shows the whole text, code point for code point.
        note: what this situation alone has to tell.
    """

    wire_kb: float
    messages: int
    kernel_cpu_s: float
    page_task_s: float
    first_ms: float
    last_ms: float
    slow_frames: int
    exact: bool
    note: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What was spent so far: bytes, messages, and seconds."""

    wire: int
    messages: int
    kernel_s: float
    page_s: float


class Meter:
    """Counts what a page and a kernel spend, from the page's opening on."""

    def __init__(self, page: Page) -> None:
        self._wire = self._messages = 0
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.send("Performance.enable")
        self._session.on("Network.webSocketFrameReceived", self._count)
        self._session.on("Network.webSocketFrameSent", self._count)

    def sample(self, kernel: psutil.Process) -> Sample:
        """Return what was spent so far."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        task_s = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        cpu = kernel.cpu_times()
        return Sample(self._wire, self._messages, cpu.user + cpu.system, task_s)

    def _count(self, frame: dict[str, Any]) -> None:
        payload = frame["response"]["payloadData"]
        binary = frame["response"]["opcode"] == 2
        self._wire += len(base64.b64decode(payload)) if binary else len(payload.encode())
        self._messages += 1


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
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"),
            args=[*CHROMIUM_FLAGS, f"--remote-debugging-port={port}"],
        )
        stack.callback(browser.close)
        # Playwright lets each of its pages believe that it is in front; only in the context that
        # it finds, and leaves as it is, a tab is hidden by another one.
        found = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
        self.tabs = found.contexts[0]

    def measure(self, cells: Sequence[str], workload: Workload) -> Measured:
        """Run the cell that makes the widgets, measure that which asks, then run the others."""
        asked = {"count": workload.count, "rate": workload.rate}
        questions = [json.dumps(asked | {"at": at}) for at in range(workload.widgets)]
        values = {"url": self.url, "here": str(HERE), "widgets": workload.widgets}
        filled = [cell.format(**values, questions=questions).strip() for cell in cells]
        name = f"bench-{time.monotonic_ns()}.ipynb"
        self.lab.write(name, filled)
        with ExitStack() as stack:
            notebook = Notebook(self.lab, self.tabs, name)
            stack.callback(self.lab.end_kernel, notebook.kernel_id)
            stack.callback(notebook.page.close)
            notebook.page.set_viewport_size({"width": 1200, "height": 900})
            cable = Cable(self.lab.port)
            stack.callback(cable.close)
            if workload.slow_link:
                notebook.port = cable.port
            meter = Meter(notebook.page)
            notebook.open()
            notebook.run(0)
            drawn = notebook.page.locator("pre.naive, [part~=log]").nth(workload.widgets - 1)
            drawn.wait_for(state="attached", timeout=60_000)
            notebook.page.wait_for_timeout(2_000)
            if workload.slow_link:
                cable.slow_down(**SLOW_LINK)
            measured = self._watch(notebook, meter, workload)
            for index in range(2, len(cells)):
                notebook.run(index)
            return measured

    def _watch(self, notebook: Notebook, meter: Meter, workload: Workload) -> Measured:
        page, kernel = notebook.page, _kernel_process(self.lab)
        page.evaluate(WATCH, END)
        before = meter.sample(kernel)
        notebook.run(1)
        note, front_at = "", None
        if workload.hidden:
            page.wait_for_function("window.watch.first.length", polling=100)
            other = self.tabs.new_page()
            page.wait_for_function("document.visibilityState === 'hidden'", polling=100)
        page.wait_for_timeout(workload.seconds * 1000)
        if workload.hidden:
            page.wait_for_timeout(1_000)  # until the last of it has arrived
            hidden = meter.sample(kernel)
            spent_kb, spent_s = (hidden.wire - before.wire) / 1000, hidden.page_s - before.page_s
            note = f"{spent_kb:.1f} kB, {spent_s:.1f} s of the page while hidden"
            front_at = time.time()
            page.bring_to_front()
            other.close()
        with suppress(Impatience):
            page.wait_for_function("window.watch.all", timeout=PATIENCE_S * 1000, polling=100)
        page.wait_for_timeout(500)
        after = meter.sample(kernel)
        seen: dict[str, Any] = page.evaluate("window.watch")
        answers = httpx.get(f"{self.url}/sent", trust_env=False).json()
        sent = [answers[str(at)] for at in range(workload.widgets)]
        first = _delays(seen["first"], [answer["first"] for answer in sent])
        last = _delays(seen["last"], [front_at or answer["last"] for answer in sent])
        if workload.widgets > 1:
            note = f"last tokens after {min(last):.0f} to {max(last):.0f} ms"
        return Measured(
            wire_kb=(after.wire - before.wire) / 1000,
            messages=after.messages - before.messages,
            kernel_cpu_s=after.kernel_s - before.kernel_s,
            page_task_s=after.page_s - before.page_s,
            first_ms=max(first),
            last_ms=max(last),
            slow_frames=sum(frame > 50 for frame in seen["frames"]),
            exact=seen["texts"] == ["".join(tokens(workload.count))] * workload.widgets,
            note=note,
        )


def _delays(shown: list[float | None], since: list[float]) -> list[float]:
    """Return how many ms each was shown late; infinite for what was not."""
    pairs = zip_longest(shown, since)
    return [math.inf if at is None else (at - start) * 1000 for at, start in pairs]


def _kernel_process(lab: LabServer) -> psutil.Process:
    children = psutil.Process(lab._process.pid).children(recursive=True)
    return next(p for p in reversed(children) if "ipykernel_launcher" in " ".join(p.cmdline()))
