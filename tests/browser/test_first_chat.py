"""What a newcomer meets: ChatNode() and nothing else."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.notebook import OpenNotebook

WORDS = " ".join(f"word {number}" for number in range(20))


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
    chat.ask(f"Repeat after me: {WORDS}")
    chat.wait("waiting")
    chat.watch()
    chat.wait("ended")
    chat.wait_for_text(WORDS)
    assert len(chat.seen) > 5
    assert all(WORDS.startswith(text) for text in chat.seen)
    notebook.run(1)
    assert "printer-widget-server" in notebook.output(1), "the embedded backend did not answer"


_BROKEN_WORDS = """(pre) => {
  const text = pre.firstChild, range = document.createRange(), broken = [];
  for (const { 0: word, index } of text.data.matchAll(/\\w+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    if (range.getClientRects().length > 1) broken.push(word);
  }
  return broken;
}"""


def test_the_reply_of_a_cell_breaks_no_word_in_two(open_notebook: OpenNotebook) -> None:
    """Which the style sheet of JupyterLab does to preformatted text."""
    notebook = open_notebook(
        "from printer_widget import ChatNode\n"
        "await ChatNode(lambda messages: ' '.join('o' * n for n in range(60))).send('Howl')"
    )
    notebook.run(0)
    reply = notebook.page.locator("pre.printer-text")
    assert reply.evaluate(_BROKEN_WORDS) == []
