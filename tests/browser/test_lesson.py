"""A lesson's chat in real JupyterLab: its limits at the composer, its log beside the notebook."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from browser.backend import Backend
from browser.notebook import OpenNotebook

LESSON = "Lesson(max_turns=2, max_characters=20, log='answers.jsonl')"


def test_a_student_asks_what_the_lesson_allows_and_no_more(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    lesson = make_chat.replace("import ChatNode", "import ChatNode, Lesson")
    notebook = open_notebook(
        lesson.replace(", token", f", lesson={LESSON}, token") + "\nchat",
        "print(open('answers.jsonl').read(), end='')",
    )
    notebook.run(0)
    chat = notebook.chat()
    left, length = chat.host.locator("[part=left]"), chat.host.locator("[part=length]")
    expect(left).to_have_text("2 of 2 questions left")
    expect(chat.host.get_by_text("are logged to answers.jsonl")).to_be_visible()

    chat.ask("Is this one too long to be asked?")
    expect(length).to_have_text("33 of 20 characters")
    expect(chat.status).to_have_text("This question is too long: 33 of 20 characters.")
    for at, (question, says) in enumerate((("one?", "1 of 2 questions left"), ("two?", "No "))):
        chat.ask(question)
        answer = backend.next_answer()
        expect(left).to_contain_text(says)
        answer.say(f"answer to {question}")
        if at == 0:
            answer.end()
            chat.wait("ended")
    chat.input.press("Escape")
    chat.wait("stopped")

    # The keys that come after it are still the chat's, and not the notebook's.
    expect(chat.input).to_be_focused()
    chat.input.press_sequentially("three?")
    chat.input.press("Enter")
    expect(chat.send).to_be_disabled()
    assert chat.texts("user") == ["one?", "two?"]
    assert len(backend.questions) == 2

    notebook.run(1)
    logged = [json.loads(line) for line in notebook.output(1).splitlines()]
    assert [(line["turn"], line["answer"], line["ending"]) for line in logged] == [
        (1, "answer to one?", "complete"),
        (2, "answer to two?", "stopped"),
    ]
