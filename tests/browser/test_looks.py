"""Every state of a chat can be read in Lab's light and dark theme, narrow and wide.

The pictures go to .artifacts/screenshots, for a look by eye.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.backend import TOKEN, Backend, Refusal
from browser.notebook import Chat, OpenNotebook

PICTURES = Path(__file__).parents[2] / ".artifacts" / "screenshots"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (320, 1200)
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

QUESTION = "How do I keep a running mean of a long stream of numbers, without storing them?"
TEXT = """\
Keep two numbers: the count and the mean so far.

1. Add one to the count.
2. Move the mean towards the new number by the difference divided by the count.

```python
count += 1
mean += (number - mean) / count
```

An emoji 👩🏽‍🚀, some עברית, and averylongwordthatdoesnotfitintoanarrowviewofthisconversation.
"""

# Every text that is drawn, with its colour and what is painted behind it, both as [r, g, b].
_TEXTS = """(host) => {
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    pixel.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    return Array.from(pixel.getImageData(0, 0, 1, 1).data.slice(0, 3));
  };
  const behind = (element) => {
    const colours = [];
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
      colours.unshift(getComputedStyle(at).backgroundColor);
    }
    return colours;
  };
  const found = [];
  for (const element of host.shadowRoot.querySelectorAll("*")) {
    const own = Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.data).join("").trim();
    if (!text || !element.checkVisibility() || element.localName === "style") continue;
    const back = behind(element);
    const colour = getComputedStyle(element).color;
    found.push([text.slice(0, 40), paint([...back, colour]), paint(back)]);
  }
  return found;
}"""


@pytest.fixture
def chats(open_notebook: OpenNotebook, backend: Backend) -> dict[str, Chat]:
    """A chat in each of its states."""
    names = ["empty", "waiting", "streaming", "stopped", "complete", "error", "interrupted"]
    cells = [f"c{at} = ChatNode({backend.url!r}, token={TOKEN!r})\nc{at}" for at in range(7)]
    notebook = open_notebook(
        "from printer_widget import ChatNode\n" + cells[0], *cells[1:], "ChatNode()"
    )
    notebook.page.set_viewport_size({"width": 1500, "height": 1000})
    notebook.page.evaluate(
        "() => { jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight(); }"
    )
    found = {}
    for at, name in enumerate([*names, "demo"]):
        notebook.run(at)
        found[name] = notebook.chat(at)
    for name in names[1:5]:
        found[name].ask(QUESTION)
        answer = backend.next_answer()
        if name != "waiting":
            answer.say(TEXT[:300] if name != "complete" else TEXT)
            found[name].wait("streaming")
        if name == "stopped":
            found[name].stop.click()
        if name == "complete":
            answer.end()
    backend.refusal = Refusal(500, '{"detail": "the model is overloaded"}')
    found["error"].ask(QUESTION)
    found["error"].wait("failed")
    backend.refusal = None
    found["interrupted"].ask(QUESTION)
    answer = backend.next_answer()
    answer.say(TEXT[:120])
    answer.break_off()
    found["interrupted"].wait("failed")
    found["streaming"].input.fill("A draft of what to ask next")
    return found


def test_every_state_can_be_read_in_both_themes(chats: dict[str, Chat]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    grey = []
    for theme, name in THEMES.items():
        _change_theme(chats["empty"], theme, name)
        for state, chat in chats.items():
            for width in WIDTHS:
                chat.host.evaluate("(host, width) => { host.style.width = `${width}px`; }", width)
                file = PICTURES / f"{state}-{theme}-{width}.png"
                chat.host.screenshot(path=file, animations="disabled")
                overflow = chat.host.evaluate(
                    """(host) => Array.from(host.shadowRoot.querySelectorAll("*"))
                      .filter((one) => one.checkVisibility() &&
                        one.getBoundingClientRect().right > host.getBoundingClientRect().right + 1)
                      .map((one) => one.getAttribute("part") ?? one.className)"""
                )
                assert overflow == [], f"{state} at {width} px draws beyond its edge"
            for text, colour, back in chat.host.evaluate(_TEXTS):
                contrast = _contrast(colour, back)
                if contrast < LEAST_CONTRAST:
                    grey.append(f"{contrast:.1f} {theme} {state}: {text}")
    assert grey == []


def _change_theme(chat: Chat, theme: str, name: str) -> None:
    chat.page.evaluate(
        "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", name
    )
    is_light = "true" if theme == "light" else "false"
    expect(chat.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)


def _contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast of two sRGB colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: list[int]) -> float:
        linear = [
            part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
            for part in colour
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
