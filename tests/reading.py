"""A notebook with a chat in it, executed without a browser, as its readers get it."""

from __future__ import annotations

from typing import Any

import nbformat
from nbclient import NotebookClient

HARM = "<img src=x onerror=window.pwned=1>"
PICTURE = "![x](https://a.test/beacon.png)"

CELLS = [
    f"""
import asyncio
from printer_widget import ChatNode

async def model(messages):
    yield "Look at **this**:\\n\\n```python\\nprint(1)\\n```\\n\\n"
    yield {HARM!r} + "\\n\\n" + {PICTURE!r} + "\\n\\n\\\\input{{secret}}"
    if messages[-1]["content"] == "stop":
        await asyncio.sleep(3600)

chat = ChatNode(model, static=True, deterministic=True)
chat
""",
    "await chat.send('Hello', context=['x = 1'])",
    """
turn = chat.send("stop")
async for _ in turn:
    if "secret" in turn.text:
        turn.stop()
""",
    "again = ChatNode.load(chat.transcript(), model)\nagain",
    "chat.transcript()",
]
DISPLAY, REPLY, _, LOADED, TRANSCRIPT = range(len(CELLS))


def executed(*, save_state: bool = False) -> Any:
    """Return the notebook with its outputs, as papermill, nbconvert and Jupyter Book make them."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    NotebookClient(notebook, timeout=60, store_widget_state=save_state).execute()
    return notebook
