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
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from browser.attacks import ATTACKS
from browser.lab import SOURCES, LabServer
from browser.test_attacks import Watch
from printer_widget import Message, Transcript
from printer_widget.batching import join_surrogates
from reading import DISPLAY, HARM, LOADED, PICTURE, REPLY, TRANSCRIPT, executed

SCREENSHOTS = Path(__file__).parents[2] / ".artifacts" / "screenshots"
FALLBACK = "a chat, to be used where its kernel runs"
ANSWER = f"Look at **this**:\n\n```python\nprint(1)\n```\n\n{HARM}\n\n{PICTURE}"

# ── Pages ──────────────────────────────────────────────────────────────────────────────────────

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
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
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
        html, count = re.subn(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", made.to_html()
        )
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
    html = Transcript().to_html().replace("<body>", f"<body>{HARM}<img src=/beacon>")
    watch = open_page(html)
    assert watch.page.evaluate("String(window.pwned)") == "undefined"
    assert asked == ["/", "/page"]
    assert "Content Security Policy" in "".join(watch.seen)


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


def outputs(page: Page, cell: int) -> str:
    return "\n".join(
        page.locator(
            f'.jp-Cell[data-windowed-list-index="{cell}"] .jp-OutputArea-output'
        ).all_inner_texts()
    )


@pytest.mark.parametrize("host", ["lab", "notebook"])
@pytest.mark.parametrize("is_trusted", [False, True], ids=["untrusted", "trusted"])
@pytest.mark.parametrize("save_state", [False, True], ids=["no-state", "state"])
def test_a_notebook_that_is_opened_again_without_its_kernel(
    lab: LabServer,
    context: BrowserContext,
    harms: list[str],
    host: str,
    is_trusted: bool,
    save_state: bool,
) -> None:
    name = f"kept-{host}-{is_trusted}-{save_state}.ipynb"
    kept = notebook(save_state=save_state)
    nbformat.write(kept, lab.root / name)
    if is_trusted:
        NotebookNotary(data_dir=str(lab.root.parent / "data")).sign(kept)
    kernel = lab.start_kernel(name)
    page = context.new_page()
    path = f"lab/tree/{name}?reset&" if host == "lab" else f"notebooks/{name}?"
    page.goto(f"{lab.url}/{path}token={lab.token}")
    cells = page.locator(".jp-CodeCell")
    expect(cells).to_have_count(len(kept.cells))
    expect(page.get_by_text("[stopped]").last).to_be_visible()
    page.wait_for_timeout(1000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"kept-{host}-{is_trusted}-{save_state}.png")
    lab.end_kernel(kernel)
    assert ANSWER in outputs(page, REPLY)
    assert harms == []
