"""Every state of a chat can be read in Lab's light and dark theme, narrow and wide.

The pictures go to .artifacts/screenshots, for a look by eye.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.axe import violations
from browser.backend import Backend
from browser.notebook import Chat, OpenNotebook
from browser.states import chats_in_every_state

PICTURES = Path(__file__).parents[2] / ".artifacts" / "screenshots"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (320, 1200)
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

_MOVING = """(host) => Array.from(host.shadowRoot.querySelectorAll("*"))
  .flatMap((one) => one.getAnimations({ subtree: true }))
  .filter((one) => one.playState === "running" && one.effect.getTiming().iterations === Infinity)
  .map((one) => one.animationName)"""

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


_OVERFLOW = """(host) => Array.from(host.shadowRoot.querySelectorAll("*"))
  .filter((one) => one.checkVisibility() && !one.closest("pre, [part=table], [popover]") &&
    one.getBoundingClientRect().right > host.getBoundingClientRect().right + 1)
  .map((one) => one.getAttribute("part") ?? one.className)"""


@pytest.fixture
def chats(open_notebook: OpenNotebook, backend: Backend) -> dict[str, Chat]:
    """A chat in each of its states."""
    return chats_in_every_state(open_notebook, backend)


@pytest.mark.timeout(400)
def test_every_state_can_be_read_by_everybody(chats: dict[str, Chat]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for state, chat in _by_page(chats):
        chat.page.emulate_media(forced_colors="active", reduced_motion="reduce")
        moving = chat.host.evaluate(_MOVING)
        assert moving == [], f"{state} moves though the reader asked for less motion"
        _check_width(chat, state, 640)
        _take_picture(chat, f"{state}-forced-640")
        chat.page.emulate_media(forced_colors="none", reduced_motion="no-preference")
        # Letters twice as large, in the room that a zoom of 200 % leaves.
        _set_letters(chat, "28px")
        _check_width(chat, state, 640)
        _take_picture(chat, f"{state}-large-640")
        _set_letters(chat, "")
    grey, found = [], []
    for theme, name in THEMES.items():
        for state, chat in _by_page(chats):
            _change_theme(chat, theme, name)
            for width in WIDTHS:
                _check_width(chat, state, width)
                _take_picture(chat, f"{state}-{theme}-{width}")
                if width == WIDTHS[0]:
                    found += [f"{theme} {state}: {one}" for one in violations(chat)]
            for text, colour, back in chat.host.evaluate(_TEXTS):
                contrast = _contrast(colour, back)
                if contrast < LEAST_CONTRAST:
                    grey.append(f"{contrast:.1f} {theme} {state}: {text}")
    assert (grey, found) == ([], [])


def test_axe_sees_what_is_wrong(chat: Chat) -> None:
    assert violations(chat) == []
    chat.send.evaluate("(one) => { one.removeAttribute('aria-label'); one.title = ''; }")
    chat.host.locator("[part=log]").evaluate("(one) => one.setAttribute('role', 'list')")
    assert {one.split(":")[0] for one in violations(chat)} == {
        "aria-required-children",
        "button-name",
    }


def _by_page(chats: dict[str, Chat]) -> Iterator[tuple[str, Chat]]:
    """Go through the states; a page that is not in front draws nothing."""
    front = None
    for state, chat in chats.items():
        if chat.page is not front:
            front = chat.page
            front.bring_to_front()
        # Lab draws nothing of a cell that is out of sight, neither new styles nor new letters.
        chat.host.scroll_into_view_if_needed()
        with _opened(state, chat):
            yield state, chat


@contextmanager
def _opened(state: str, chat: Chat) -> Iterator[None]:
    button = chat.host.locator("[part~=conversations]")
    if state == "menu":
        button.click()
    yield
    if state == "menu":
        button.click()


def _set_letters(chat: Chat, size: str) -> None:
    chat.host.evaluate(
        "(host, size) => host.style.setProperty('--jp-content-font-size1', size)", size
    )


def _check_width(chat: Chat, state: str, width: int) -> None:
    chat.host.evaluate("(host, width) => { host.style.width = `${width}px`; }", width)
    overflow = chat.host.evaluate(_OVERFLOW)
    assert overflow == [], f"{state} at {width} px draws beyond its edge"


def _take_picture(chat: Chat, name: str) -> None:
    chat.host.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


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
