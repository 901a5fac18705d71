"""Nothing that a model writes runs, loads, names, places or disguises itself: on the bare page.

The page is the widget's own renderer without any Content Security Policy, so that what keeps an
attack from working is the renderer alone. `harmless.js` lists what may be drawn.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.attacks import FLOODS, HARM, KINDS, of_kind
from browser.notebook import wait_until

JS = Path(__file__).parents[2] / "js"
CHECKER = Path(__file__).with_name("harmless.js")

# A task of its own for what an event handler of the attack would do.
DRAW = """async (json) => {
  const { text, kind } = JSON.parse(json);
  const found = new Set();
  const note = (when, harms) => harms.forEach((harm) => found.add(`${when}: ${harm}`));
  const open = () => document.body.appendChild(document.createElement("div"));

  const whole = open();
  renderMarkdown(whole, text, { final: true });
  note("whole", harmless.harms(whole));
  note("whole", harmless.strays(whole));
  if (kind === "misleading") {
    if (!whole.querySelector("a[href]")) note("whole", ["no link at all"]);
    note("whole", harmless.unnamed(whole));
  }
  harmless.touch(whole);

  const streamed = open();
  const cuts = kind === "stress" ? 40 : 300;
  const step = text.length <= cuts ? 1 : text.length / cuts;
  for (let end = 1; end < text.length; end += step) {
    const part = text.slice(0, Math.floor(end));
    renderMarkdown(streamed, part);
    note(`after ${JSON.stringify(part.slice(-30))}`, harmless.harms(streamed));
  }
  renderMarkdown(streamed, text, { final: true });
  note("streamed", harmless.harms(streamed));
  harmless.touch(streamed);

  for (const drawn of [whole, streamed]) {
    const again = open();
    again.innerHTML = drawn.innerHTML;
    note("parsed again", harmless.harms(again));
    again.innerHTML = again.innerHTML;
    note("parsed twice", harmless.harms(again));
    again.remove();
  }
  await new Promise((done) => setTimeout(done));
  whole.remove();
  streamed.remove();
  if (window.pwned) note("a script ran", [String(window.pwned)]);
  delete window.pwned;
  return [...found];
}"""

SHOW = """(text) => {
  renderMarkdown(document.body.appendChild(document.createElement("div")), text, { final: true });
}"""


ICON = "/favicon.ico"
"""What a browser asks each site for by itself, once, some time after its first page is there."""


class Watch:
    """A page on a loopback server, and all that happens there without having been asked for."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.seen: list[str] = []
        self.page = context.new_page()
        self.page.goto(url)
        self.page.add_script_tag(path=CHECKER)
        self.page.on("dialog", self._on_dialog)
        self.page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))
        self.page.on("console", lambda message: self.seen.append(f"console: {message.text}"))
        self.page.on("framenavigated", lambda frame: self.seen.append(f"went to {frame.url}"))
        context.on("page", lambda page: self.seen.append(f"opened {page.url}"))
        cdp = context.new_cdp_session(self.page)
        cdp.send("Network.enable")
        cdp.on("Network.requestWillBeSent", self._on_request)
        cdp.on("Network.webSocketCreated", self._on_request)

    def _on_dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, event: dict[str, Any]) -> None:
        url = event.get("url") or event["request"]["url"]
        if not url.endswith(ICON):
            self.seen.append(f"request: {url}")

    def settle(self) -> None:
        """Wait for what would happen a little later."""
        self.page.wait_for_timeout(200)


@pytest.fixture(scope="session")
def page_html() -> bytes:
    npm = shutil.which("npm")
    assert npm is not None, "npm, which builds the page, is not on PATH"
    subprocess.run([npm, "--prefix", str(JS), "run", "page"], check=True, capture_output=True)
    return (JS / "dist" / "page" / "index.html").read_bytes()


@pytest.fixture(scope="module")
def page_url(page_html: bytes) -> Iterator[str]:
    """Where the page is served, beside which there is nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path == "/"
            self.send_response(204 if self.path == ICON else 200 if is_page else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path != ICON:
                self.wfile.write(page_html if is_page else b"Nothing is here.")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def shared(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    yield made
    made.close()


@pytest.fixture(scope="module")
def watched(shared: BrowserContext, page_url: str) -> Watch:
    return Watch(shared, page_url)


@pytest.fixture
def watch(watched: Watch) -> Watch:
    watched.page.evaluate("document.body.replaceChildren()")
    watched.seen.clear()
    return watched


@pytest.mark.parametrize("kind", KINDS)
def test_no_attack_works_whole_or_streamed(watch: Watch, kind: str) -> None:
    attacks = of_kind(kind)
    assert attacks
    harms = {}
    for attack in attacks:
        found = watch.page.evaluate(DRAW, json.dumps(attack))
        if found:
            harms[attack["name"]] = found
    watch.settle()
    assert harms == {}
    assert watch.seen == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        (HARM, "uncaught"),
        ("<img src=/beacon>", "request: http://127.0.0.1"),
        ("<link rel=stylesheet href='data:text/css,x'>", "request: data:"),
        ("<iframe src=about:srcdoc srcdoc='<p>'></iframe>", "went to"),
        ("<img src=x: onerror=alert(1)>", "dialog: 1"),
        ("<img src=x: onerror=console.log(1)>", "console: 1"),
        ("<img src=x: onerror='throw 1'>", "uncaught: 1"),
    ],
)
def test_what_would_work_is_seen(watch: Watch, html: str, said: str) -> None:
    html = html.replace(HARM, "<img src=x: onerror='pwned.x=1'>")
    watch.page.evaluate("(html) => { document.body.innerHTML = html; }", html)
    wait_until(
        lambda: any(one.startswith(said) for one in watch.seen), lambda: f"{watch.seen}", watch.page
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p id=x>",
        "<p class=x>",
        "<p style=color:red>",
        "<p data-x=1>",
        "<p onclick=1>",
        "<p part=message>",
        "<img>",
        "<svg><script></script></svg>",
        '<math><mi href="https://a.test"></mi></math>',
        "<math><mtext><b>x</b></mtext></math>",
        "<math><maction></maction></math>",
        "<!-- x -->",
        "<template></template>",
        "<a href=javascript:1 title=javascript:1 target=_blank rel='noopener noreferrer'>x</a>",
        "<a href=https://a.test/ title=https://a.test/ rel='noopener noreferrer'>x</a>",
        "<a href=https://a.test/ title=https://a.test/ target=_blank rel=noopener>x</a>",
        "<a href=https://a.test/ title=https://b.test/ target=_blank rel='noopener noreferrer'>x",
        "<code>a\u202eb</code>",
        "<code>a\u200db</code>",
    ],
)
def test_the_checker_finds_harm(watch: Watch, html: str) -> None:
    find = "(html) => { document.body.innerHTML = html; return harmless.harms(document.body); }"
    assert watch.page.evaluate(find, html) != []


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends(watch: Watch, name: str) -> None:
    """What makes it fail is the time limit of every test."""
    text = FLOODS[name]()
    found = watch.page.evaluate(
        """async (text) => {
          const drawn = document.body.appendChild(document.createElement("div"));
          const half = text.slice(0, text.length / 2);
          for (const part of [half, text]) renderMarkdown(drawn, part);
          renderMarkdown(drawn, text, { final: true });
          return [...new Set(harmless.harms(drawn))].slice(0, 5);
        }""",
        text,
    )
    assert found == []
    assert watch.seen == []


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("*a* " * 40_000, "em"),
        (f"# {'*a* ' * 40_000}", "em"),
        ("- *a*\n" * 40_000, "li"),
        ("|a|b|\n|-|-|\n" + "|*a*|b|\n" * 20_000, "td"),
        ("> *a*\n\n" * 40_000, "blockquote"),
        ("```\n" + "\u202e" * 40_000, "[part=invisible]"),
    ],
    ids=["paragraph", "heading", "items", "rows", "quotes", "invisible"],
)
def test_what_is_too_much_is_shown_as_it_was_written(
    watch: Watch, text: str, selector: str
) -> None:
    whole, streamed = watch.page.evaluate(
        """([text, selector]) => {
          const draw = (cuts) => {
            const drawn = document.body.appendChild(document.createElement("div"));
            for (const cut of cuts) renderMarkdown(drawn, text.slice(0, cut));
            renderMarkdown(drawn, text, { final: true });
            return [drawn.querySelectorAll(selector).length, drawn.textContent];
          };
          return [draw([]), draw([1, 2001, 101003, 160001, 160004])];
        }""",
        [text, selector],
    )
    assert 50 < whole[0] < 30_000
    assert streamed == whole


def test_what_is_too_much_loses_no_letter(watch: Watch) -> None:
    text = "- a\n" * 40_000 + "# <b>the end</b>"
    watch.page.evaluate(SHOW, text)
    code = watch.page.evaluate("document.querySelector('code').textContent")
    assert len(code) > 1000
    assert text.endswith(code)


def test_a_link_opens_a_page_that_knows_nothing_of_this_one(
    watch: Watch, shared: BrowserContext, page_url: str
) -> None:
    page = watch.page
    page.evaluate(SHOW, f"[x]({page_url}there)")
    with shared.expect_page() as opened:
        page.locator("a").click()
    there: Page = opened.value
    there.wait_for_load_state()
    assert there.url == f"{page_url}there"
    assert there.evaluate("[window.opener, document.referrer]") == [None, ""]
    there.close()
    assert page.url == page_url


def test_copy_gives_the_code_as_it_was_sent_and_no_markup(
    watch: Watch, shared: BrowserContext
) -> None:
    shared.grant_permissions(["clipboard-read", "clipboard-write"])
    code = f"if a\u202e == 'b\u200b':\n\t{HARM} </code>&amp;"
    page = watch.page
    page.bring_to_front()
    page.evaluate(SHOW, f"```\n{code}\n```")
    expect(page.locator("code")).to_contain_text("U+202E")
    page.locator("[part=copy]").click()
    expect(page.locator("[part=copy]")).to_contain_text("Copied")
    kinds = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          return item.types;
        }"""
    )
    assert kinds == ["text/plain"]
    assert page.evaluate("navigator.clipboard.readText()") == code
    assert page.evaluate("harmless.harms(document.body)") == []
