"""What a reader sees of a chat without its kernel: what an execution stores, and what exports make.

The table in the README has a row for each; those that need a browser are in tests/browser.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mistune
import pytest
from nbconvert import (
    HTMLExporter,
    LatexExporter,
    MarkdownExporter,
    PythonExporter,
    RSTExporter,
    SlidesExporter,
)

from reading import DISPLAY, HARM, LOADED, PICTURE, REPLY, TRANSCRIPT, executed
from shown import Shown

pytestmark = pytest.mark.kernel

VIEW = "application/vnd.jupyter.widget-view+json"
ANSWER = (
    f"Look at **this**:\n\n```python\nprint(1)\n```\n\n{HARM}\n\n{PICTURE}\n\n\\input{{secret}}"
)
SAID = ["Hello", ANSWER, "stop", ANSWER]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "src"))
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        yield executed()


def data(notebook: Any, cell: int, output: int = 0) -> Any:
    return notebook.cells[cell].outputs[output].data


# ── What is stored ─────────────────────────────────────────────────────────────────────────────


def test_a_chat_stores_what_had_been_said_when_it_was_displayed(notebook: Any) -> None:
    empty, loaded = data(notebook, DISPLAY), data(notebook, LOADED)
    assert empty["text/plain"] == loaded["text/plain"] == "ChatNode(model)"
    assert VIEW in empty
    assert Shown(empty["text/html"]).texts == []
    assert Shown(loaded["text/html"]).texts == SAID


def test_the_output_beside_a_chat_is_up_to_date_though_later_cells_asked(notebook: Any) -> None:
    beside = data(notebook, DISPLAY, 1)
    assert beside == data(notebook, TRANSCRIPT)
    assert Shown(beside["text/html"]).texts == SAID
    assert "[stopped]" in beside["text/html"]
    assert "with text (5 B)" in beside["text/html"]


def test_a_reply_stores_its_text_and_no_markdown(notebook: Any) -> None:
    reply = data(notebook, REPLY)
    assert set(reply) == {"text/plain", "text/html"}
    assert Shown(reply["text/html"]).texts == [ANSWER]


# ── What exports make of it ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_a_page_shows_it_all_escaped(notebook: Any, exporter: type[HTMLExporter]) -> None:
    page, _ = exporter(embed_images=True).from_notebook_node(notebook)
    outputs = [part.split("</div>\n</div>")[0] for part in page.split("jp-RenderedHTML ")[1:]]
    assert page.count("a chat, to be used where its kernel runs") == 2
    # The reply, and three conversations: beside the chat, loaded, as a transcript.
    answer = "&lt;img src=x onerror=window.pwned=1&gt;"
    assert sum(part.count(answer) for part in outputs) == 1 + 3 * 2
    assert sum(part.count("<em>[stopped]</em>") for part in outputs) == 3
    assert HARM not in page
    assert "widget-view" not in page.split("<body")[1]


def test_markdown_holds_html_that_no_renderer_takes_for_markdown(notebook: Any) -> None:
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    outputs = "".join(part for at, part in enumerate(text.split("```python\n")) if at)
    assert outputs.count("[stopped]") == 3
    made = str(mistune.create_markdown(escape=False)(text))
    assert "<img" not in made
    assert "<b>**this**</b>" in made


@pytest.mark.parametrize("exporter", [LatexExporter, RSTExporter, PythonExporter])
def test_latex_and_others_need_no_pandoc_for_it(
    notebook: Any, exporter: type[LatexExporter], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not list(tmp_path.iterdir()), os.environ["PATH"]
    text, _ = exporter().from_notebook_node(notebook)
    assert "ChatNode" in text


def test_latex_shows_plain_text_and_runs_nothing_of_it(notebook: Any) -> None:
    text, _ = LatexExporter().from_notebook_node(notebook)
    assert "ChatNode(model)" in text
    assert text.count("Assistant [stopped]:") == 2
    assert "\\textbackslash{}input\\{secret\\}" in text
    assert "\n\\input{secret}" not in text


def test_saved_widget_state_hides_what_a_page_would_show(tmp_path: Path) -> None:
    """Why the README says not to save it: the page then waits for a script from a CDN."""
    page, _ = HTMLExporter().from_notebook_node(executed(save_state=True))
    assert "a chat, to be used where its kernel runs" not in page
    assert VIEW in page
    assert "<em>[stopped]</em>" in page  # the static output and the transcript stay
