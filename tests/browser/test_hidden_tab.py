"""A tab behind another one draws nothing, and shows everything once it is in front."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Playwright

from browser.backend import Backend, cut
from browser.conftest import CHROMIUM_FLAGS
from browser.notebook import PATIENCE_MS, Chat, wait_until
from chromium import find_chromium
from rows import Note

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(400))
TOKENS = cut(TEXT, 7)


@pytest.fixture
def context(playwright: Playwright) -> Iterator[BrowserContext]:
    """The context that a browser starts with, as it is.

    Playwright lets each page of its own contexts believe that it is in front.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    browser = playwright.chromium.launch(
        executable_path=find_chromium(),
        args=[*CHROMIUM_FLAGS, "--window-size=1200,900", f"--remote-debugging-port={port}"],
    )
    found = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
    found.contexts[0].set_default_timeout(PATIENCE_MS)
    yield found.contexts[0]
    browser.close()


@pytest.mark.parametrize("hidden_s", [2, pytest.param(60, marks=pytest.mark.long)])
@pytest.mark.flood("Tab hidden for {hidden_s} s")
def test_a_tab_that_was_hidden_shows_everything(
    hidden_s: int, chat: Chat, backend: Backend, row: Note
) -> None:
    chat.ask("Survive this")
    answer = backend.next_answer()
    chat.wait("waiting")
    chat.watch()
    answer.say_all(TOKENS, per_second=len(TOKENS) / hidden_s)
    chat.wait_to_grow()
    other = chat.page.context.new_page()
    other.bring_to_front()
    assert chat.page.evaluate("document.visibilityState") == "hidden"
    shown = len(chat.seen)
    other.wait_for_timeout(hidden_s * 1000)
    wait_until(lambda: answer.text == TEXT, lambda: "not all was sent", other)
    assert len(chat.seen) <= shown + 1
    row.begin()
    chat.page.bring_to_front()
    chat.wait_for_text(TEXT)
    row.recovered()
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    assert chat.texts("assistant") == [TEXT]
    assert all(TEXT.startswith(text) for text in chat.seen)
