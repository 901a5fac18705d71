"""What a reader sees and does: a notebook in a page of JupyterLab, and the chats in it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.lab import LabServer

PATIENCE_MS = 20_000

_READY = """() => {
  const panel = globalThis.jupyterapp?.shell.currentWidget;
  const context = panel?.sessionContext;
  return context?.isReady && context.session?.kernel?.connectionStatus === "connected"
    && context.session.kernel.status === "idle" && panel.content.widgets.length > 0;
}"""

_RUN = """async ([index, whole]) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  const done = jupyterapp.commands.execute("notebook:run-cell");
  if (whole) await done;
}"""

_NEXT_FRAME = "() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))"

_SAMPLE = """(host) => {
  const seen = (host.seen = []);
  const look = () => {
    const texts = host.shadowRoot.querySelectorAll("[data-role=assistant] [part=content]");
    const text = texts.length ? texts[texts.length - 1].source : "";
    if (text !== seen.at(-1)) seen.push(text);
    requestAnimationFrame(look);
  };
  look();
}"""


class Chat:
    """One view of a ChatNode.

    Attributes:
        host: the element that holds the view's shadow root and says its phase.
        input: where the reader writes.
    """

    def __init__(self, host: Locator) -> None:
        self.host = host
        self.page = host.page
        self.input = host.locator("[part=input]")
        self.send = host.locator("[part=send]")
        self.stop = host.locator("[part=stop]")
        self.retry = host.locator("[part=retry]")
        self.status = host.locator("[part=status]")
        self.thinking = host.locator("[part=thinking]:visible")
        self.messages = host.locator("[part=message]")
        self.answers = host.locator("[part=message][data-role=assistant]")
        self.ending = self.answers.last.locator("[part=ending]")

    def ask(self, text: str) -> None:
        """Type a question and press Enter."""
        self.input.fill(text)
        self.input.press("Enter")

    def wait(self, phase: str) -> None:
        """Wait until the view says this phase of itself, and has drawn it; in the front tab."""
        expect(self.host).to_have_attribute("data-phase", phase, timeout=PATIENCE_MS)
        self.page.evaluate(_NEXT_FRAME)

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many answers are shown, however far they have come."""
        expect(self.answers).to_have_count(count, timeout=PATIENCE_MS)

    @property
    def text(self) -> str:
        """The last answer's text, exactly; "" where there is none."""
        return self.texts("assistant")[-1] if self.answers.count() else ""

    def texts(self, role: str) -> list[str]:
        """Return the exact text of each of a role's messages."""
        found: list[str] = self.host.evaluate(
            """(host, role) => Array.from(
              host.shadowRoot.querySelectorAll(`[data-role=${role}] [part=content]`),
              (part) => part.source)""",
            role,
        )
        return found

    def wait_for_text(self, text: str) -> None:
        """Wait until the last answer is ``text``, code point for code point."""
        wait_until(lambda: self.text == text, lambda: _difference(self.text, text), self.page)

    def wait_to_grow(self, units: int = 1) -> None:
        """Wait until the last answer is longer than now by so many characters."""
        before = len(self.text)
        wait_until(
            lambda: len(self.text) >= before + units,
            lambda: f"the answer stays at {len(self.text)} characters, it had {before}",
            self.page,
        )

    def watch(self) -> None:
        """From now on, note in every frame what the last answer's text is."""
        self.host.evaluate(_SAMPLE)

    @property
    def seen(self) -> list[str]:
        """Every text that the last answer had in any frame since :meth:`watch`."""
        found: list[str] = self.host.evaluate("(host) => host.seen")
        return found

    def click_stop(self) -> float:
        """Click Stop; return when the browser took the click, on ``time.monotonic``'s clock."""
        self.page.evaluate(
            """() => addEventListener("click",
              (event) => { globalThis.clickedAt = event.timeStamp; },
              { capture: true, once: true })"""
        )
        offset = _clock_offset(self.page)
        self.stop.click()
        clicked: float = self.page.evaluate("clickedAt")
        return clicked / 1000 + offset


class Notebook:
    """A notebook and its kernel; ``page`` is the tab in which it is open.

    Args:
        lab: the server.
        context: the browser's window.
        name: of the notebook's file.
        kernel: the kernelspec.
        path: where the front end shows notebooks: JupyterLab, or "notebooks" for Notebook 7.
    """

    def __init__(
        self,
        lab: LabServer,
        context: BrowserContext,
        name: str,
        *,
        kernel: str = "python3",
        path: str = "lab/tree",
    ) -> None:
        self.lab = lab
        self.name = name
        self.kernel_id = lab.start_kernel(name, name=kernel)
        self._path = path
        self.port = lab.port
        self._context = context
        self.page: Page = context.new_page()

    def open(self) -> None:
        """Open the notebook in the tab, and wait until its kernel is at hand."""
        self.page.goto(f"{self._url}&token={self.lab.token}")
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the page is connected to an idle kernel."""
        self.page.wait_for_function(_READY, timeout=PATIENCE_MS * 2)

    def wait_shown(self) -> None:
        """Wait until the page shows the notebook, whatever its kernel does."""
        expect(self.page.locator(".jp-CodeCell").first).to_be_visible(timeout=PATIENCE_MS * 2)

    def close_tab(self) -> None:
        """Close the browser's tab; the kernel goes on."""
        self.page.close()

    def reopen(self) -> None:
        """Open the notebook in a new tab, whatever its kernel does."""
        self.page = self._context.new_page()
        self.page.goto(self._url)
        self.wait_shown()

    def another_tab(self) -> Notebook:
        """Open the notebook in a second tab, beside the first and in front of it."""
        twin = copy.copy(self)
        twin.reopen()
        return twin

    def reload(self) -> None:
        """Reload the page, whatever the kernel does."""
        self.page.reload()
        self.wait_shown()

    def run(self, index: int) -> None:
        """Run a cell and wait for its end."""
        self.page.evaluate(_RUN, [index, True])

    def start(self, index: int) -> None:
        """Run a cell and wait only until Lab shows that it runs."""
        self.page.evaluate(_RUN, [index, False])
        wait_until(lambda: self.is_running(index), lambda: f"cell {index} never began", self.page)

    def is_running(self, index: int) -> bool:
        """Tell whether Lab shows that the cell runs.

        The kernel's own status would not do: a comm message that a subshell has handled makes it
        idle though the cell goes on.
        """
        return self._cell(index).locator(".jp-InputPrompt").inner_text().strip() == "[*]:"

    def wait_for_end(self, index: int) -> None:
        """Wait until a cell no longer runs."""
        wait_until(
            lambda: not self.is_running(index), lambda: f"cell {index} still runs", self.page
        )

    def command(self, name: str) -> None:
        """Execute one of Lab's commands and wait for its end."""
        self.page.evaluate("(name) => jupyterapp.commands.execute(name)", name)

    def save(self) -> None:
        """Save the notebook, so that its outputs are there when it is opened again."""
        self.command("docmanager:save")

    def output(self, index: int) -> str:
        """Return the text that a cell put out."""
        return "\n".join(self._cell(index).locator(".jp-OutputArea-output").all_inner_texts())

    def wait_for_output(self, index: int, text: str) -> None:
        """Wait until a cell has put out ``text``, apart from blanks at both ends."""
        wait_until(
            lambda: self.output(index).strip() == text.strip(),
            lambda: f"cell {index} has put out {self.output(index)!r} instead of {text!r}",
            self.page,
        )

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self._path}/{self.name}?reset"

    def _cell(self, index: int) -> Locator:
        return self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def chat(self, nth: int = 0) -> Chat:
        """Return a view of a chat, and wait until it is drawn."""
        host = self.page.locator("[data-phase]").nth(nth)
        expect(host.locator("[part=input]")).to_be_visible(timeout=PATIENCE_MS)
        return Chat(host)


OpenNotebook = Callable[..., Notebook]
"""Open a notebook of the given cells; ``port`` is where the page looks for the server."""


def wait_until(
    condition: Callable[[], bool], explain: Callable[[], str], page: Page | None = None
) -> None:
    """Wait for what has no event of its own; ``explain`` says what is instead."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, explain()
        if page is None:
            time.sleep(0.01)
        else:
            page.wait_for_timeout(10)  # lets the page's events be handled meanwhile


def _clock_offset(page: Page) -> float:
    """Return what to add to the page's ``performance.now()``, in s, to get ``time.monotonic()``."""
    best = (float("inf"), 0.0)
    for _ in range(10):
        before = time.monotonic()
        there = page.evaluate("performance.now()") / 1000
        after = time.monotonic()
        best = min(best, (after - before, (before + after) / 2 - there))
    return best[1]


def _difference(shown: str, sent: str) -> str:
    pairs = enumerate(zip(shown, sent, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(shown), len(sent)))
    return (
        f"the answer has {len(shown)} characters instead of {len(sent)} and differs from {at} on: "
        f"{shown[at : at + 30]!r} instead of {sent[at : at + 30]!r}"
    )
