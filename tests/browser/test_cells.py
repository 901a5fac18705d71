"""Code of an answer becomes a cell, where the host lets a page have its application."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.notebook import OpenNotebook

CODE = "def f(x):\n    if x:\n\n        return 'ä 😀'\n    return [\n        (x"
CELL = f"""\
from printer_widget import ChatNode

async def answer(messages):
    yield {f"```python{chr(10)}{CODE}{chr(10)}```{chr(10)}"!r}

ChatNode(answer)
"""
SOURCES = """() => jupyterapp.shell.currentWidget.content.widgets.map(
  (cell) => cell.model.sharedModel.getSource())"""


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_code_is_inserted_below_its_own_cell(open_notebook: OpenNotebook, way: str) -> None:
    notebook = open_notebook("first = 1", CELL, "last = 1")
    notebook.run(1)
    chat = notebook.chat()
    chat.ask("Code?")
    chat.wait("ended")
    # Another cell is the active one, until the reader is at the button.
    notebook.run(0)
    button = chat.host.locator("[part=insert]")
    if way == "mouse":
        button.click()
    else:
        button.focus()
        notebook.page.keyboard.press("Enter")
    expect(button).to_have_text("Inserted")
    assert notebook.page.evaluate(SOURCES) == ["first = 1", CELL, CODE, "last = 1"]


def test_a_host_that_keeps_its_application_gets_no_button(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(CELL)
    notebook.page.evaluate("() => { globalThis.kept = jupyterapp; delete globalThis.jupyterapp; }")
    notebook.page.evaluate("() => { kept.commands.execute('notebook:run-cell'); }")
    chat = notebook.chat()
    chat.ask("Code?")
    chat.wait("ended")
    expect(chat.host.locator("[part=copy]")).to_be_visible()
    expect(chat.host.locator("[part=insert]")).to_have_count(0)
    notebook.page.evaluate("() => { globalThis.jupyterapp = kept; }")
