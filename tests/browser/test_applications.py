"""Servers of others answer in real JupyterLab, and see Stop."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from browser.notebook import OpenNotebook
from realservers.processes import THOUGHT, RealServer, agents_server, vercel_server


@pytest.fixture(params=["VercelUI", "AGUI"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[RealServer, str]]:
    """Return a server, and the provider that asks it."""
    if request.param == "VercelUI":
        with vercel_server() as real:
            yield real, f"VercelUI({real.url + '/api/chat'!r})"
    else:
        with agents_server() as real:
            yield real, f"AGUI({real.url + '/agui'!r})"


def test_an_answer_with_reasoning_is_shown_whole_and_stop_reaches_the_server(
    server: tuple[RealServer, str], open_notebook: OpenNotebook
) -> None:
    real, provider = server
    notebook = open_notebook(
        f"from printer_widget import *\nchat = ChatNode({provider})\nchat",
        "print(chat.messages[-1]['reasoning'])",
        "print(repr(chat.messages[-1]['content']))",
    )
    notebook.run(0)
    chat = notebook.chat()

    chat.ask("reason about 🙂 and 日本語")
    chat.wait("ended")
    chat.wait_for_text("reason about 🙂 and 日本語")
    thought = chat.answers.last.locator("[part~=reasoning]")
    assert (thought.text_content() or "").endswith(THOUGHT)
    assert thought.get_attribute("open") is None, "it is for whoever unfolds it"
    notebook.run(1)
    notebook.wait_for_output(1, THOUGHT)

    question = f"slow {uuid.uuid4()}"
    chat.ask(question)
    chat.wait("streaming")
    chat.wait_to_grow(20)
    chat.click_stop()
    assert real.stopped() == question
    chat.wait("stopped")
    shown = chat.text
    assert shown.startswith("0,1,2,")
    assert chat.ending.inner_text().startswith("Stopped")
    notebook.run(2)
    notebook.wait_for_output(2, repr(shown))
