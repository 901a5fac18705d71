"""The whole main job by keys alone: no mouse is in here."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.backend import TOKEN, Backend
from browser.notebook import Chat, OpenNotebook, wait_until

MAKE = """from printer_widget import ChatNode
chat = ChatNode({url!r}, token={token!r}, suggestions=["What is a mean?", "Show me a table"])
chat"""
_FOCUSED = """(host) => {
  const one = host.shadowRoot.activeElement;
  return one === null ? "" : one.getAttribute("part") ?? one.localName;
}"""
_HAS_RING = """(host) => {
  const one = host.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const composer = one.closest("[part=composer], [part=editor]");
  return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) ||
    (composer !== null && getComputedStyle(composer).borderTopColor !==
      getComputedStyle(composer.parentElement).borderTopColor);
}"""


def test_the_whole_job_is_done_by_keys(open_notebook: OpenNotebook, backend: Backend) -> None:
    notebook = open_notebook(MAKE.format(url=backend.url, token=TOKEN), "untouched = 1")
    notebook.run(0)
    chat = notebook.chat()
    keys = chat.page.keyboard
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    # From a suggestion
    _tab_to(chat, "suggestion")
    keys.press("Tab")
    keys.press("Enter")
    first = backend.next_answer()
    assert first.question["user_message"] == "Show me a table"
    assert _focused(chat) == "input"

    # Stop, by Escape and by its button
    first.say("One")
    chat.wait("streaming")
    keys.press("Escape")
    first.wait_gone()
    chat.wait("stopped")
    _tab_to(chat, "retry", "Shift+Tab")
    keys.press("Enter")
    second = backend.next_answer()
    assert _focused(chat) == "input"
    second.say("Two")
    chat.wait("streaming")
    _tab_to(chat, "stop")
    keys.press("Space")
    second.wait_gone()
    chat.wait("stopped")
    assert _focused(chat) == "input"

    # Edit the last question
    keys.press("ArrowUp")
    assert _focused(chat) == "edit-input"
    expect(chat.host.locator("[part=edit-input]")).to_have_value("Show me a table")
    keys.press("Escape")
    assert _focused(chat) == "input"
    keys.press("ArrowUp")
    keys.type(" of primes")
    keys.press("Enter")
    third = backend.next_answer()
    assert third.question["user_message"] == "Show me a table of primes"
    third.say("```python\nprint(2)\n```\n\n**Three**")
    third.end()
    chat.wait("ended")
    assert _focused(chat) == "input"

    # Copy the code, and the answer
    _tab_to(chat, "copy", "Shift+Tab")
    keys.press("Enter")
    assert _clipboard(chat) == "print(2)"
    _tab_to(chat, "copy-message")
    keys.press("Enter")
    assert _clipboard(chat) == third.text


def test_the_menu_is_used_by_keys(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("from printer_widget import ChatNode\nChatNode(suggestions=['Hi'])")
    notebook.run(0)
    chat = notebook.chat()
    keys = chat.page.keyboard
    _tab_to(chat, "suggestion")
    keys.press("Enter")
    chat.wait("ended")
    first = chat.text
    _tab_to(chat, "new", "Shift+Tab")
    keys.press("Enter")
    chat.wait("idle")
    assert _focused(chat) == "input"
    _tab_to(chat, "conversations", "Shift+Tab")
    keys.press("Enter")
    menu = chat.host.locator("[part=conversation-list]")
    expect(menu.get_by_text("Hi", exact=True)).to_be_visible()
    wait_until(lambda: _focused(chat) == "conversation-open", lambda: _focused(chat), chat.page)
    keys.press("Enter")
    chat.wait_for_text(first)
    assert _focused(chat) == "input"


def test_every_stop_on_the_way_shows_that_it_has_the_focus(
    open_notebook: OpenNotebook, backend: Backend
) -> None:
    notebook = open_notebook(MAKE.format(url=backend.url, token=TOKEN))
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Show me everything")
    answer = backend.next_answer()
    answer.say("See [here](https://example.org).[^1]\n\n```python\n1\n```\n\n")
    answer.say("| a |\n|---|\n| 1 |\n\n[^1]: A note.")
    answer.end()
    chat.wait("ended")
    _tab_to(chat, "conversations", "Shift+Tab")
    chat.page.keyboard.press("Shift+Tab")
    seen = []
    while True:
        chat.page.keyboard.press("Tab")
        part = _focused(chat)
        if part == "":
            break
        seen.append(part)
        assert chat.host.evaluate(_HAS_RING), f"{part} does not show that it has the focus"
        assert len(seen) < 60
    mine = ["copy-message", "edit", "delete"]
    body = ["a", "footnote-ref", "copy", "pre", "table", "footnote-back"]
    assert seen == [
        *("conversations", "new", "log", *mine, *body),
        *("copy-message", "again", "delete", "input", "send"),
    ]


def _focused(chat: Chat) -> str:
    part: str = chat.host.evaluate(_FOCUSED)
    return part


def _tab_to(chat: Chat, part: str, key: str = "Tab") -> None:
    """Press Tab until the part has the focus."""
    for _ in range(80):
        if _focused(chat) == part:
            return
        chat.page.keyboard.press(key)
    raise AssertionError(f"{part} was not reached by {key}")


def _clipboard(chat: Chat) -> str:
    text = ""

    def is_written() -> bool:
        nonlocal text
        text = chat.page.evaluate("navigator.clipboard.readText()")
        return text != ""

    wait_until(is_written, lambda: "nothing was copied", chat.page)
    chat.page.evaluate("navigator.clipboard.writeText('')")
    return text
