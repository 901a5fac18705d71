"""The main job: ask, watch the answer come, ask again."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.backend import Backend, cut
from browser.notebook import Chat, Notebook, OpenNotebook

# Astral, joined and flag emoji, combining marks, right to left with marks, line and paragraph
# separators, next line, spaces and tabs at both ends, carriage returns, HTML, a byte-order mark.
TRICKY = (
    "  \t𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩🏽‍🚀👨‍👩‍👧 🇩🇰 e\u0301 Z\u0351 שלום \u200fعربي\u202e\u2066x\u2069\u202c "
    "a\u2028b\u2029c\u0085d\r\ne\rf\n\n\n<b>&amp;</b> <!-- --> </script> \ufeff \u00a0 $x_1$ `y`"
    "\n  "
)

# Draws the outputs of the first cell anew, as Lab does when a notebook is opened a second time.
_REDRAW = """() => {
  const { model } = jupyterapp.shell.currentWidget.content.widgets[0].outputArea;
  model.fromJSON(model.toJSON());
}"""


def test_a_typed_question_is_answered_token_by_token(chat: Chat, backend: Backend) -> None:
    chat.wait("idle")

    chat.ask("What is a notebook?")
    answer = backend.next_answer()
    assert answer.question["user_message"] == "What is a notebook?"
    chat.wait("waiting")
    expect(chat.thinking).to_have_text("AI is thinking…")
    assert chat.texts("user") == ["What is a notebook?"]

    for token in ("A", " notebook", " is", " a", " document."):
        answer.say(token)
        chat.wait_for_text(answer.text)
        chat.wait("streaming")
    answer.end()
    chat.wait("ended")
    expect(chat.thinking).to_have_count(0)
    assert chat.texts("assistant") == ["A notebook is a document."]


def test_every_character_arrives_as_it_was_sent(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "print(ascii(chat.messages[-1]['content']))")
    notebook.run(0)
    chat = notebook.chat()
    chat.ask("Say something difficult")
    answer = backend.next_answer()
    chat.watch()
    for token in cut(TRICKY * 3, 1) + cut(TRICKY * 50, 3):
        answer.say(token)
    assert answer.text == TRICKY * 53
    answer.say("", "\0", "\ud83d", "", "!")
    answer.end()
    chat.wait("ended")
    text = TRICKY * 53 + "\0\ufffd!"  # half a character is none
    chat.wait_for_text(text)
    assert all(text.startswith(seen) for seen in chat.seen)
    notebook.run(1)
    notebook.wait_for_output(1, ascii(text))


def test_the_next_question_goes_into_the_same_conversation(chat: Chat, backend: Backend) -> None:
    for at, question in enumerate(("first?", "second?", "third?"), start=1):
        chat.ask(question)
        answer = backend.next_answer()
        answer.say(f"answer {at}")
        answer.end()
        chat.wait_for_answers(at)
        chat.wait("ended")
        chat.wait_for_text(f"answer {at}")
    assert chat.texts("user") == ["first?", "second?", "third?"]
    assert chat.texts("assistant") == ["answer 1", "answer 2", "answer 3"]
    roles = chat.messages.evaluate_all("all => all.map((message) => message.dataset.role)")
    assert roles == ["user", "assistant"] * 3


def test_shift_enter_breaks_the_line_and_enter_sends(chat: Chat, backend: Backend) -> None:
    chat.input.click()
    chat.page.keyboard.type("one")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("two")
    expect(chat.input).to_have_value("one\ntwo")
    assert backend.questions == []
    chat.page.keyboard.press("Enter")
    assert backend.next_answer().question["user_message"] == "one\ntwo"
    expect(chat.input).to_have_value("")


def test_enter_that_chooses_a_candidate_of_an_input_method_does_not_send(
    chat: Chat, backend: Backend
) -> None:
    chat.input.click()
    keys = chat.page.context.new_cdp_session(chat.page)
    composed = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    keys.send("Input.imeSetComposition", composed)
    chosen = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **chosen})
    keys.send("Input.insertText", {"text": "日本"})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **chosen})
    expect(chat.input).to_have_value("日本")
    assert chat.messages.count() == 0
    chat.page.keyboard.press("Enter")
    assert backend.next_answer().question["user_message"] == "日本"
    assert len(backend.questions) == 1


def test_what_is_typed_stays_out_of_the_notebook(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "untouched = 1", "untouched = 2")
    notebook.run(0)
    chat = notebook.chat()
    _delete_a_cell(notebook)  # so that there is something for Lab to take back
    before = _cells(notebook)

    chat.input.click()
    chat.page.keyboard.press("Escape")
    for keys in ("dd", "a", "b", "x", "m", "00"):
        chat.page.keyboard.type(keys)
    expect(chat.input).to_have_value("ddabxm00")
    chat.page.keyboard.press("Shift+Enter")  # Lab would run the cell
    chat.page.keyboard.type("x")
    # Lab would bring the cell back; here it takes back what was typed, as far as the browser likes.
    chat.page.keyboard.press("Control+z")
    expect(chat.input).not_to_have_value("ddabxm00\nx")
    chat.input.fill("Still here?")
    chat.page.keyboard.press("Control+Enter")  # Lab would run the cell
    answer = backend.next_answer()
    assert answer.question["user_message"] == "Still here?"
    chat.page.keyboard.type("dd")

    # The buttons leave with the click that presses them; the keys must not fall through then.
    answer.say("An answer to stop")
    chat.wait("streaming")
    chat.stop.click()
    chat.wait("stopped")
    chat.page.keyboard.type("dd")
    chat.retry.click()
    backend.next_answer().end()
    chat.wait("ended")
    chat.page.keyboard.type("dd")
    expect(chat.input).to_have_value("dddddd")
    chat.host.locator("[part=log]").focus()
    chat.page.keyboard.type("ddbax")
    assert _cells(notebook) == before


def test_the_hosts_own_keys_still_reach_it(chat: Chat) -> None:
    chat.input.click()
    chat.page.keyboard.press("Control+Shift+C")
    expect(chat.page.locator(".lm-CommandPalette-input")).to_be_focused()


def test_the_notebook_is_saved_from_within_the_chat(chat: Chat) -> None:
    changed = chat.page.locator(".lm-TabBar-tab.jp-mod-dirty")
    expect(changed).to_have_count(1)
    chat.input.click()
    chat.page.keyboard.press("Control+s")
    expect(changed).to_have_count(0)
    expect(chat.input).to_be_focused()


def test_a_long_text_that_is_pasted_is_sent_whole(chat: Chat, backend: Backend) -> None:
    text = "".join(f"line {at}: 👩🏽‍🚀\n" for at in range(10_000)).strip()
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    before = chat.input.bounding_box()
    chat.input.click()
    chat.page.keyboard.press("Control+v")
    expect(chat.input).to_have_value(text)
    after = chat.input.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] < after["height"] <= 160
    chat.page.keyboard.press("Enter")
    assert backend.next_answer().question["user_message"] == text


def test_a_draft_outlives_its_view(open_notebook: OpenNotebook, make_chat: str) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    notebook.run(0)
    chat = notebook.chat()
    chat.input.fill("half a question")
    notebook.page.evaluate(_REDRAW)
    again = notebook.chat()
    expect(again.input).to_have_value("half a question")


def test_the_next_question_can_be_written_while_an_answer_streams(
    chat: Chat, backend: Backend
) -> None:
    chat.ask("first?")
    answer = backend.next_answer()
    chat.page.keyboard.type("sec")
    answer.say("One ")
    chat.wait("streaming")
    chat.page.keyboard.type("ond?")
    chat.page.keyboard.press("Enter")  # too early: neither sent nor lost
    answer.say("answer")
    chat.wait_for_text("One answer")
    expect(chat.input).to_have_value("second?")
    answer.end()
    chat.wait("ended")
    expect(chat.input).to_be_focused()
    chat.page.keyboard.press("Enter")
    assert backend.next_answer().question["user_message"] == "second?"
    assert [q["user_message"] for q in backend.questions] == ["first?", "second?"]


def test_a_question_that_is_asked_while_a_cell_is_busy_is_answered_during_the_cell(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    busy = "import time\nwhile not chat.messages[1:]: time.sleep(1)"
    notebook = open_notebook(make_chat + "\nchat", busy)
    notebook.run(0)
    chat = notebook.chat()
    notebook.start(1)
    chat.ask("Are you busy?")
    answer = backend.next_answer()
    answer.say("Not at all")
    chat.wait_for_text("Not at all")
    assert notebook.is_running(1)
    answer.end()
    notebook.wait_for_end(1)


def _delete_a_cell(notebook: Notebook) -> None:
    notebook.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    notebook.command("notebook:delete-cell")
    notebook.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")


def _cells(notebook: Notebook) -> list[str]:
    found: list[str] = notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.map("
        "({ model }) => [model.type, model.executionCount, model.sharedModel.getSource()].join())"
    )
    return found
