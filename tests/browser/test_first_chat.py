"""What a newcomer meets: ChatNode() and nothing else."""

from __future__ import annotations

from browser.notebook import OpenNotebook
from playwright.sync_api import expect


def test_the_demo_model_answers_without_any_set_up_and_says_what_it_is(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(
        "from printer_widget import ChatNode\nchat = ChatNode()\nchat",
        "import threading\nprint([thread.name for thread in threading.enumerate()])",
    )
    notebook.run(0)
    chat = notebook.chat()
    notice = chat.host.locator("[part=notice]")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("demo model")
    expect(notice).to_contain_text("ChatNode(")
    chat.ask("What is an event stream?")
    chat.wait("streaming")
    chat.watch()
    chat.wait("ended")
    assert len(chat.text) > 100
    assert len(chat.seen) > 5
    assert all(chat.text.startswith(text) for text in chat.seen)
    notebook.run(1)
    assert "printer-widget-server" in notebook.output(1), "the embedded backend did not answer"
