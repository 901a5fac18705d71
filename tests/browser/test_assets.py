"""Assets in a real page: asked for once, run, and done without where no kernel sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hatch_build import run_npm
from playwright.sync_api import BrowserContext, Locator, Page, WebSocket, expect

from browser.notebook import OpenNotebook

Scheme = Literal["light", "dark"]

ROOT = Path(__file__).parents[2]
TWENTY = "from printer_widget import ChatNode\nchats = [ChatNode() for _ in range(20)]\n"
ANSWER = "Look:\n\n```python\ndef f(x):\n    return 'a'  # why\n```\n"
CODING = f"""\
from printer_widget import ChatNode

async def answer(messages):
    yield {ANSWER!r}

chats = [ChatNode(answer) for _ in range(3)]
display(*chats)
"""

# What Lab's themes say of the colours in question, by name.
THEMES = {
    "none": "",
    "light": """
      --jp-layout-color1: white; --jp-content-font-color1: rgba(0, 0, 0, .87);
      --jp-mirror-editor-property-color: #05a; --jp-mirror-editor-builtin-color: green;
      --jp-mirror-editor-comment-color: #408080; --jp-mirror-editor-keyword-color: green;
      --jp-mirror-editor-meta-color: #a2f; --jp-mirror-editor-number-color: #080;
      --jp-mirror-editor-operator-color: #7800c2; --jp-mirror-editor-string-color: #ba2121;
      --jp-mirror-editor-tag-color: #170; --jp-mirror-editor-def-color: #00f;""",
    "dark": """
      --jp-layout-color1: #212121; --jp-content-font-color1: #fff;
      --jp-mirror-editor-property-color: #42a5f5; --jp-mirror-editor-builtin-color: #43a047;
      --jp-mirror-editor-comment-color: #408080; --jp-mirror-editor-keyword-color: #4caf50;
      --jp-mirror-editor-meta-color: #a2f; --jp-mirror-editor-number-color: #66bb6a;
      --jp-mirror-editor-operator-color: #d48fff; --jp-mirror-editor-string-color: #ff7070;
      --jp-mirror-editor-tag-color: #388e3c; --jp-mirror-editor-def-color: #1e88e5;""",
    "high contrast": """
      --jp-layout-color1: #111; --jp-content-font-color1: #fff;
      --jp-mirror-editor-property-color: #42a5f5; --jp-mirror-editor-builtin-color: #43a047;
      --jp-mirror-editor-comment-color: #56acac; --jp-mirror-editor-keyword-color: #4eb352;
      --jp-mirror-editor-meta-color: #a2f; --jp-mirror-editor-number-color: #66bb6a;
      --jp-mirror-editor-operator-color: #cc7cff; --jp-mirror-editor-string-color: #ff7070;
      --jp-mirror-editor-tag-color: #388e3c; --jp-mirror-editor-def-color: #1e88e5;""",
}

# Contrast as WCAG 2.2 defines it, of every kind of token with what a code block stands on.
CONTRASTS = """() => {
  const block = document.querySelector("[part~=code]");
  const painter = document.createElement("canvas").getContext("2d");
  const luminance = (...layers) => {
    for (const layer of layers) {
      painter.fillStyle = layer;
      painter.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...painter.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) => {
      const value = byte / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = getComputedStyle(document.documentElement).backgroundColor;
  const ground = [page, getComputedStyle(block).backgroundColor];
  const kinds = "attribute builtin comment keyword meta number operator string tag title";
  return Object.fromEntries(kinds.split(" ").map((kind) => {
    const token = block.appendChild(document.createElement("span"));
    token.setAttribute("part", `token ${kind}`);
    const pair = [luminance(...ground), luminance(...ground, getComputedStyle(token).color)];
    return [kind, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)];
  }));
}"""


@pytest.fixture
def asked(context: BrowserContext) -> list[str]:
    """The names of the assets that pages ask their kernels for."""
    names: list[str] = []

    def read(payload: bytes | str) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if '"type":"asset"' in text:
            names.extend(re.findall(r'"name":"(\w+)"', text))

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", read)

    context.on("page", lambda page: page.on("websocket", watch))
    return names


@pytest.fixture(scope="session")
def bare_page() -> str:
    run_npm(ROOT, "run", "page", quiet=True)
    return (ROOT / "js" / "dist" / "page" / "index.html").as_uri()


@pytest.fixture
def page(context: BrowserContext, bare_page: str) -> Iterator[Page]:
    made = context.new_page()
    made.goto(bare_page)
    made.evaluate("colourCode()")
    yield made
    made.close()


def colours(code: Locator) -> list[tuple[str, str]]:
    found: list[list[str]] = code.evaluate(
        """(code) => Array.from(code.querySelectorAll("[part~=token]"),
             (token) => [token.textContent, token.getAttribute("part").split(" ")[1]])"""
    )
    return [(text, kind) for text, kind in found]


def render(page: Page, text: str) -> Locator:
    page.evaluate(
        """(text) => {
             const el = document.body.appendChild(document.createElement("div"));
             renderMarkdown(el, text, { final: true });
           }""",
        text,
    )
    return page.locator("pre code").last


def test_twenty_chats_of_a_page_ask_once(open_notebook: OpenNotebook, asked: list[str]) -> None:
    notebook = open_notebook(TWENTY + "display(*chats)", "chats[0]")
    notebook.run(0)
    menus = notebook.page.locator("[part~=conversations]")
    expect(menus).to_have_count(20)
    assert asked == ["conversations"]
    notebook.run(1)
    expect(menus).to_have_count(21)
    assert asked == ["conversations"]


def test_code_is_coloured_when_it_is_there(open_notebook: OpenNotebook, asked: list[str]) -> None:
    notebook = open_notebook(CODING)
    notebook.run(0)
    for nth in range(3):
        chat = notebook.chat(nth)
        chat.ask("Code?")
        chat.wait("ended")
        expect(chat.answers.locator("[part~=keyword]")).to_have_count(2)
        assert colours(chat.answers.locator("pre code")) == [
            ("def", "keyword"),
            ("f", "title"),
            ("return", "keyword"),
            ("'a'", "string"),
            ("# why", "comment"),
        ]
        assert chat.answers.locator("pre code").inner_text() == ANSWER.split("\n", 3)[3][:-5]
    assert asked == ["highlight"]


def test_a_saved_notebook_holds_no_asset_and_shows_its_code_without(
    open_notebook: OpenNotebook, asked: list[str]
) -> None:
    notebook = open_notebook(CODING + "\nfor chat in chats:\n    chat.send('Code?')")
    notebook.run(0)
    expect(notebook.chat().answers.locator("[part~=keyword]")).to_have_count(2)
    notebook.save()
    saved = (notebook.lab.root / notebook.name).read_text("utf-8")
    assert "printer_widget" in saved
    for asset in (ROOT / "src" / "printer_widget" / "static" / "assets").iterdir():
        assert asset.read_text("utf-8")[-200:-20] not in saved
    assert asked == ["highlight"]


def test_code_that_takes_too_long_stays_plain_and_holds_up_no_other(page: Page) -> None:
    # The last of a text is looked at first, so that the other one has to wait for it.
    slow = "\n".join(["new a" * 60] * 66)
    render(page, f"{ANSWER}\n```csharp\n{slow}\n```\n")
    codes = page.locator("pre code")
    expect(codes.first.locator("[part~=keyword]")).to_have_count(2)
    assert colours(codes.last) == []
    assert codes.last.text_content() == slow


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_legible(page: Page, scheme: Scheme, theme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.add_style_tag(content=":root { background: var(--bg); " + THEMES[theme] + "}")
    code = render(page, f"```html\n<!-- c --><a b='c'>&lt;</a>\n```\n{ANSWER}")
    expect(code.locator("[part~=keyword]")).to_have_count(2)
    contrasts: dict[str, float] = page.evaluate(CONTRASTS)
    assert len(contrasts) == 10
    assert {kind: value for kind, value in contrasts.items() if value < 4.5} == {}


def test_forced_colours_leave_one_colour(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    code = render(page, ANSWER)
    expect(code.locator("[part~=keyword]")).to_have_count(2)
    seen = code.evaluate(
        """(code) => [code, ...code.querySelectorAll("[part~=token]")].map(
             (token) => getComputedStyle(token).color)"""
    )
    assert len(set(seen)) == 1
