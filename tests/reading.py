"""A notebook with a chat in it, executed without a browser, and what its readers shall see."""

from __future__ import annotations

from typing import Any

import nbformat
from nbclient import NotebookClient

HARM = "<img src=x onerror=window.pwned=1>"
PICTURE = "![x](https://a.test/beacon.png)"
ANSWER = (
    f"Look at **this**:\n\n```python\nprint(1)\n```\n\n{HARM}\n\n{PICTURE}\n\n\\input{{secret}}"
)
QUESTIONS = [f"Hello {HARM}", "stop"]
SAID = [QUESTIONS[0], ANSWER, QUESTIONS[1], ANSWER]
CONTEXT = f"x = 1  # {HARM}"
FALLBACK = "ChatNode(model): a chat, to be used where its kernel runs."

CELLS = [
    f"""
import asyncio
from printer_widget import ChatNode

async def model(messages):
    yield {ANSWER!r}
    if messages[-1]["content"] == "stop":
        await asyncio.sleep(3600)

chat = ChatNode(model, static=True, deterministic=True)
chat
""".strip(),
    f"await chat.send({QUESTIONS[0]!r}, context=[{CONTEXT!r}])",
    """
turn = chat.send("stop")
async for _ in turn:
    if "secret" in turn.text:
        turn.stop()
await turn
""".strip(),
    "again = ChatNode.load(chat.transcript(), model)\nagain",
    "chat.transcript()",
]
CHAT, REPLY, STOPPED, LOADED, TRANSCRIPT = range(len(CELLS))

WHERE = [(CHAT, 0), (CHAT, 1), (REPLY, 0), (STOPPED, 0), (LOADED, 0), (TRANSCRIPT, 0)]
"""Each output, by cell and place: the chat, beside it, two replies, the loaded chat, transcript."""

SHOWN = [[], SAID, [ANSWER], [ANSWER], SAID, SAID]
"""What was said, as each of them shows it where its HTML is read."""


def executed(*, save_state: bool = False) -> Any:
    """Return the notebook with its outputs, as papermill, nbconvert and Jupyter Book make them."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    NotebookClient(notebook, timeout=60, store_widget_state=save_state).execute()
    return notebook
