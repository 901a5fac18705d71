"""What a reader sees of a chat whose kernel is gone, in JupyterLab, in Notebook 7 and on a page.

And that nothing a model wrote acts there: the attacks are parsed by a real browser, as a page and
as the output of a cell, without the policy that the page would have.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import Browser, BrowserContext, Request, expect

from browser.attacks import ATTACKS
from browser.lab import SOURCES, LabServer
from browser.notebook import Notebook
from browser.test_attacks import ICON, Watch
from printer_widget import Message, Transcript
from printer_widget.batching import join_surrogates
from reading import (
    ANSWER,
    CHAT,
    CONTEXT,
    FALLBACK,
    HARM,
    LOADED,
    QUESTIONS,
    SAID,
    SHOWN,
    STOPPED,
    WHERE,
    executed,
)

SCREENSHOTS = Path(__file__).parents[2] / ".artifacts" / "screenshots"

# ── Pages ──────────────────────────────────────────────────────────────────────────────────────

POLICY = r'<meta http-equiv="Content-Security-Policy"[^>]*>'
TEXTS = [join_surrogates(attack["text"]).replace("\0", "\ufffd") for attack in ATTACKS]

READ = """() => {
  const tags = new Set(), attributes = new Set();
  for (const element of document.body.querySelectorAll("*")) {
    tags.add(`${element.localName} ${element.namespaceURI.split("/").pop()}`);
    for (const { name, value } of element.attributes) {
      const isText = name === "title" && /^U\\+[0-9A-F]{4,5}$/.test(value);
      attributes.add(name === "style" || isText ? name : `${name}=${value}`);
      if (/url|position|expression|import/i.test(name === "style" ? value : "")) tags.add(value);
    }
  }
  return {
    tags: [...tags].sort(),
    attributes: [...attributes].sort(),
    texts: Array.from(document.querySelectorAll("section > pre"), (pre) => pre.textContent),
    folded: Array.from(document.querySelectorAll("details > pre"), (pre) => pre.textContent),
    pwned: String(window.pwned),
  };
}"""


@pytest.fixture
def asked() -> list[str]:
    """What the page's server was asked for."""
    return []


@pytest.fixture
def open_page(chromium: Browser, asked: list[str]) -> Iterator[Callable[[str], Watch]]:
    """Open a page that a server on loopback has, and nothing else."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            found = pages.get(self.path)
            self.send_response(204 if self.path == ICON else 200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if self.path != ICON:
                self.wfile.write(found or b"Nothing is here.")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context()
    base = f"http://127.0.0.1:{server.server_port}"

    def open_one(html: str) -> Watch:
        pages.update({"/": b"<!doctype html><title>Nothing yet</title>", "/page": html.encode()})
        watch = Watch(context, f"{base}/")
        watch.seen.clear()
        watch.page.goto(f"{base}/page")
        watch.settle()
        expected = {f"request: {base}/page", f"went to {base}/page"}
        watch.seen = [each for each in watch.seen if each not in expected]
        return watch

    yield open_one
    context.close()
    server.shutdown()
    server.server_close()


def hostile() -> Transcript:
    """A conversation in which every text is an attack."""
    return Transcript(
        tuple(
            Message(
                id=str(at),
                role="assistant",
                content=text,
                timestamp=text,
                status="error",
                error=text,
                model=text,
                note=text,
                reasoning=text,
                tools=({"name": text, "arguments": text},),
            )
            for at, text in enumerate(TEXTS)
        ),
        title="".join(TEXTS[:50]),
    )


@pytest.mark.parametrize("form", ["page", "output"])
def test_no_attack_works_and_every_one_is_shown(
    open_page: Callable[[str], Watch], form: str
) -> None:
    made = hostile()
    if form == "page":
        html, count = re.subn(POLICY, "", made.to_html())
        assert count == 1
    else:
        html = f"<!doctype html><body>{made._repr_mimebundle_()['text/html']}"
    watch = open_page(html)
    read = watch.page.evaluate(READ)
    assert watch.seen == []
    assert read["pwned"] == "undefined"
    assert read["texts"] == TEXTS
    assert read["folded"] == [text for text in TEXTS for _ in range(2)]
    page_only = {"h1"} if form == "page" else set()
    ours = {"b", "bdi", "code", "details", "div", "em", "p", "pre", "section", "span", "summary"}
    assert set(read["tags"]) == {f"{tag} xhtml" for tag in ours | page_only}
    assert set(read["attributes"]) == {
        *("class=printer-message", "class=printer-text", "class=printer-transcript"),
        *("dir=auto", "style", "title"),
    }


def test_the_policy_of_the_page_is_a_lock_of_its_own(
    open_page: Callable[[str], Watch], asked: list[str]
) -> None:
    locked = Transcript().to_html().replace("<body>", f"<body>{HARM}<img src=/beacon>")
    watch = open_page(locked)
    assert watch.page.evaluate("String(window.pwned)") == "undefined"
    assert "/beacon" not in asked
    assert "Content Security Policy" in "".join(watch.seen)
    watch = open_page(re.sub(POLICY, "", locked))
    assert watch.page.evaluate("String(window.pwned)") == "1"
    assert "/beacon" in asked


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_page_reads_in_light_in_dark_and_on_paper(
    open_page: Callable[[str], Watch], scheme: Any
) -> None:
    page = open_page(LESSON.to_html()).page
    page.emulate_media(color_scheme=scheme)
    letters, ground = page.evaluate(
        """() => [getComputedStyle(document.querySelector("pre")).color,
          getComputedStyle(document.body, "").backgroundColor]"""
    )
    assert ground == "rgba(0, 0, 0, 0)"  # the browser's own, which follows the scheme
    assert letters == ("rgb(0, 0, 0)" if scheme == "light" else "rgb(255, 255, 255)")
    page.screenshot(path=SCREENSHOTS / f"transcript-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.screenshot(path=SCREENSHOTS / f"transcript-{scheme}-320.png", full_page=True)
    context = page.locator("details pre").first
    expect(context).not_to_be_visible()
    page.emulate_media(media="print")
    assert context.evaluate("(pre) => pre.getBoundingClientRect().height") > 0


LESSON = Transcript(
    (
        Message(
            id="1",
            role="user",
            content="How do I get the mean of **sales**?",
            timestamp="2026-11-22T18:55Z",
        ),
        Message(
            id="2",
            role="assistant",
            content="# The mean\n\nAdd them up, and divide by `len(sales)`:\n\n"
            "```python\nsum(sales) / len(sales)\n```\n\n| n | mean |\n|---|------|\n| 3 | 4.5  |"
            "\n\n1. **Sum** them.\n2. Divide",
            timestamp="2026-11-22T18:56Z",
            status="stopped",
            model="tiny-1",
            reasoning="They want a mean.",
        ),
    ),
    "A lesson",
)

# ── Notebooks ──────────────────────────────────────────────────────────────────────────────────


@cache
def notebook(*, save_state: bool) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SOURCES))
        return executed(save_state=save_state)


COUNT_PICTURES = "(host) => host.shadowRoot.querySelectorAll('img').length"
READ_OUTPUTS = """() => Array.from(document.querySelectorAll(".jp-CodeCell"), (cell) =>
  Array.from(cell.querySelectorAll(".jp-OutputArea-output"), (output) => {
    const of = (selector) => Array.from(output.querySelectorAll(selector));
    return {
      text: output.innerText,
      said: of("pre").filter((pre) => !pre.closest("details")).map((pre) => pre.textContent),
      context: of("details > pre").map((pre) => pre.textContent),
      notes: of("p > em").map((note) => note.textContent),
      acting: of("img, script, iframe, a[href], [onerror]").map((one) => one.outerHTML),
      faces: [...new Set(of("pre").map((pre) => getComputedStyle(pre).fontFamily))],
      overflow: output.scrollWidth - output.clientWidth,
    };
  }))"""


@pytest.fixture
def harms(context: BrowserContext) -> list[str]:
    """What any page of the context did that no page should."""
    seen: list[str] = []

    def on_request(request: Request) -> None:
        if "a.test" in request.url or request.url.endswith("/x"):
            seen.append(request.url)

    context.on("request", on_request)
    context.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    return seen


@pytest.fixture
def open_kept(lab: LabServer, context: BrowserContext) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook that was executed elsewhere, with a kernel that knows nothing of it."""
    opened: list[Notebook] = []

    def open_one(kept: Any, name: str, path: str, *, is_trusted: bool) -> Notebook:
        nbformat.write(kept, lab.root / name)
        if is_trusted:
            NotebookNotary(data_dir=str(lab.root.parent / "data")).sign(kept)
        notebook = Notebook(lab, context, name, path=path)
        opened.append(notebook)
        notebook.page.set_viewport_size({"width": 1200, "height": 2800})
        notebook.open()
        return notebook

    yield open_one
    for notebook in opened:
        lab.end_kernel(notebook.kernel_id)


@pytest.mark.parametrize("path", ["lab/tree", "notebooks"], ids=["lab", "notebook"])
@pytest.mark.parametrize("is_trusted", [False, True], ids=["untrusted", "trusted"])
@pytest.mark.parametrize("save_state", [False, True], ids=["no-state", "state"])
def test_a_notebook_that_is_opened_again_without_its_kernel(
    open_kept: Callable[..., Notebook],
    harms: list[str],
    request: pytest.FixtureRequest,
    path: str,
    is_trusted: bool,
    save_state: bool,
) -> None:
    name = f"kept-{request.node.callspec.id}"
    kept = notebook(save_state=save_state)
    opened = open_kept(kept, f"{name}.ipynb", path, is_trusted=is_trusted)
    page = opened.page
    expect(page.locator(".jp-OutputArea-output")).to_have_count(len(WHERE))
    for nth in range(2) if is_trusted and save_state else ():
        chat = opened.chat(nth)
        assert chat.texts("user") == QUESTIONS
        assert chat.texts("assistant") == [ANSWER] * 2
        expect(chat.ending).to_contain_text("Stopped")
        assert chat.host.evaluate(COUNT_PICTURES) == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")

    read = page.evaluate(READ_OUTPUTS)
    for (cell, output), said in zip(WHERE, SHOWN, strict=True):
        shown = read[cell][output]
        is_chat = output == 0 and cell in {CHAT, LOADED}
        if is_chat and is_trusted:
            assert save_state or "widget" in shown["text"]  # what Jupyter says: "Loading widget..."
            continue
        assert shown["said"] == said
        assert shown["context"] == ([CONTEXT] if said == SAID else [])
        assert ("[stopped]" in shown["notes"]) == (cell == STOPPED or said == SAID)
        assert (FALLBACK in shown["notes"]) == is_chat
        assert shown["acting"] == []
        assert shown["overflow"] == 0
        assert not any("mono" in face for face in shown["faces"])
    assert harms == []
    assert page.evaluate("String(window.pwned)") == "undefined"
