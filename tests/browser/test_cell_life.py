"""What a reader does to the cell of a chat in mid-stream costs no letter of the answer."""

from __future__ import annotations

import pytest

from browser.backend import Backend, cut
from browser.notebook import Notebook, OpenNotebook
from rows import Note

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(400))
TOKENS = cut(TEXT, 7)

# What is done to the first cell, and how many views of the chat are left of two.
DONE = {
    "cell moved below another": (["notebook:move-cell-down"], 2),
    "cell deleted": (["notebook:delete-cell"], 1),
    "output cleared": (["notebook:clear-cell-output"], 1),
    "outputs of all cells cleared": (["notebook:clear-all-cell-outputs"], 0),
}


@pytest.mark.parametrize("done", DONE)
@pytest.mark.lifecycle("View closed: {done}")
def test_the_answer_outlives_its_views(
    done: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    commands, left = DONE[done]
    notebook = open_notebook(make_chat + "\nchat", "chat", "chat")
    notebook.run(0)
    notebook.run(1)
    notebook.chat().ask("Survive this")
    answer = backend.next_answer()
    answer.say_all(TOKENS[:500], per_second=1000)
    notebook.chat().wait_to_grow(200)
    _activate(notebook, 0)
    for command in commands:
        notebook.command(command)
    row.begin()
    assert notebook.page.locator("[data-phase]").count() == left
    notebook.run(2 if done != "cell deleted" else 1)
    views = [notebook.chat(at) for at in range(notebook.page.locator("[data-phase]").count())]
    for view in views:
        view.wait("streaming")
        view.watch()
    row.recovered()
    answer.say_all(TOKENS[500:], per_second=1000).wait(30)
    answer.end()
    for view in views:
        view.wait("ended")
        view.wait_for_text(TEXT)
        assert view.texts("user") == ["Survive this"]
        assert all(TEXT.startswith(text) for text in view.seen)
    row.end(views[-1].status.inner_text())


def _activate(notebook: Notebook, index: int) -> None:
    notebook.page.evaluate(
        "(index) => { jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index
    )
