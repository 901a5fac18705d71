"""The menu of conversations, with the backend that comes with the package."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.notebook import OpenNotebook

CHAT = "from printer_widget import ChatNode\nchat = ChatNode()\nchat"


def test_an_earlier_conversation_is_opened_from_the_menu(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(CHAT)
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Hi")
    chat.wait("ended")
    first = chat.text
    chat.host.locator("[part~=new]").click()
    chat.wait("idle")
    chat.ask("repeat after me: Two")
    chat.wait("ended")

    chat.host.locator("[part~=conversations]").click()
    menu = chat.host.locator("[part~=conversation-list]")
    expect(menu.get_by_text("repeat after me: Two", exact=True)).to_be_visible()
    menu.get_by_text("Hi", exact=True).click()
    chat.wait_for_text(first)
    assert chat.texts("user") == ["Hi"]
    expect(chat.input).to_be_focused()

    chat.host.locator("[part~=conversations]").click()
    expect(menu.locator("[aria-current=true]")).to_contain_text("Hi")
    chat.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
