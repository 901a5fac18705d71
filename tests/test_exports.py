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
from bs4 import BeautifulSoup, Tag
from nbconvert import (
    HTMLExporter,
    LatexExporter,
    MarkdownExporter,
    PythonExporter,
    RSTExporter,
    SlidesExporter,
)

from reading import (
    ANSWER,
    CHAT,
    CONTEXT,
    FALLBACK,
    HARM,
    LOADED,
    QUESTIONS,
    REPLY,
    SAID,
    SHOWN,
    STOPPED,
    TRANSCRIPT,
    WHERE,
    executed,
)
from shown import Shown

pytestmark = pytest.mark.kernel

VIEW = "application/vnd.jupyter.widget-view+json"
EVERYTHING = [text for texts in SHOWN for text in texts]
CONVERSATIONS = SHOWN.count(SAID)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "src"))
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        yield executed()


def data(notebook: Any, cell: int, output: int = 0) -> Any:
    return notebook.cells[cell].outputs[output].data


class Page:
    """What a reader sees on a page, by the transcripts in it.

    Attributes:
        said: each message's text, in the order of the page.
        context: each text that was shown to the model.
        endings: each ending.
        fallbacks: each line that stands for a chat.
    """

    def __init__(self, html: str) -> None:
        soup = BeautifulSoup(html, "html.parser")
        pres = soup.select("pre.printer-text")
        folded = soup.select("details > pre.printer-text")
        self.said = [_text(pre) for pre in pres if pre not in folded]
        self.context = [_text(pre) for pre in folded]
        notes = [_text(note) for note in soup.select("p > em")]
        self.endings = [note for note in notes if note.startswith("[")]
        self.fallbacks = [note for note in notes if note not in self.endings]
        self.pictures = soup.find_all("img")


def _text(tag: Tag) -> str:
    return tag.get_text().removeprefix("\n")


def assert_shows_all(html: str) -> None:
    page = Page(html)
    assert page.said == EVERYTHING
    assert page.context == [CONTEXT] * CONVERSATIONS
    assert page.endings == ["[stopped]"] * (CONVERSATIONS + 1)
    assert page.fallbacks == [FALLBACK] * 2
    assert page.pictures == []


# ── What is stored ─────────────────────────────────────────────────────────────────────────────


def test_a_chat_stores_what_had_been_said_when_it_was_displayed(notebook: Any) -> None:
    empty, loaded = data(notebook, CHAT), data(notebook, LOADED)
    assert empty["text/plain"] == "ChatNode(model)"
    assert loaded["text/plain"] == f"ChatNode(model)\n\n{data(notebook, TRANSCRIPT)['text/plain']}"
    assert VIEW in empty
    assert VIEW in loaded
    assert Shown(empty["text/html"]).texts == []
    assert Shown(loaded["text/html"]).texts == SAID


def test_the_output_beside_a_chat_is_up_to_date_though_later_cells_asked(notebook: Any) -> None:
    beside = data(notebook, CHAT, 1)
    assert beside == data(notebook, TRANSCRIPT)
    assert set(beside) == {"text/plain", "text/html"}
    for text in (*SAID, "You, with text (", "Assistant [stopped]:"):
        assert text in beside["text/plain"]


def test_a_reply_stores_its_text_its_ending_and_no_markdown(notebook: Any) -> None:
    reply, stopped = data(notebook, REPLY), data(notebook, STOPPED)
    assert set(reply) == {"text/plain", "text/html"}
    assert reply["text/plain"] == f"assistant: {ANSWER}"
    assert stopped["text/plain"] == f"assistant [stopped]: {ANSWER}"


def test_every_output_shows_all_that_was_said_and_holds_nothing_that_acts(notebook: Any) -> None:
    for (cell, output), said in zip(WHERE, SHOWN, strict=True):
        shown = Shown(data(notebook, cell, output)["text/html"])
        assert (shown.texts, shown.harms) == (said, [])


# ── What exports make of it ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_a_page_shows_it_all_escaped(notebook: Any, exporter: type[HTMLExporter]) -> None:
    page, _ = exporter(embed_images=True).from_notebook_node(notebook)
    assert_shows_all(page)
    assert HARM not in page
    assert "widget-view" not in page.split("<body")[1]


def test_a_host_that_takes_styles_and_scripts_away_shows_it_all(notebook: Any) -> None:
    """As GitHub and nbviewer do; nbconvert's own sanitiser stands for theirs."""
    page, _ = HTMLExporter(sanitize_html=True).from_notebook_node(notebook)
    outputs = BeautifulSoup(page, "html.parser").select(".jp-OutputArea")
    bare = [str(output) for output in outputs]
    for html in bare:
        assert "<script" not in html
    said = [_text(pre) for html in bare for pre in _plain_pres(html)]
    assert [text for text in said if text != CONTEXT] == EVERYTHING
    assert said.count(CONTEXT) == CONVERSATIONS
    assert "".join(bare).count("[stopped]") == CONVERSATIONS + 1
    assert HARM not in page


def _plain_pres(html: str) -> list[Tag]:
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(True):
        tag.attrs = {}
    return soup.find_all("pre")


def test_markdown_holds_html_that_no_renderer_takes_for_markdown(notebook: Any) -> None:
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    assert_shows_all(str(mistune.create_markdown(escape=False)(text)))


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
    asked = f"You, with text ({len(CONTEXT)} B):\n{QUESTIONS[0]}\n"
    assert text.count("ChatNode(model)\n") == 2
    assert text.count(asked) == CONVERSATIONS
    assert text.count("assistant [stopped]: Look at **this**:") == 1
    assert text.count("\nAssistant [stopped]:\nLook at **this**:") == CONVERSATIONS
    assert text.count("\n\\textbackslash{}input\\{secret\\}\n") == EVERYTHING.count(ANSWER)
    assert "\\input{secret}" not in text


def test_saved_widget_state_hides_what_a_page_would_show() -> None:
    """Why the README says not to save it: the page then waits for a script from a CDN."""
    page, _ = HTMLExporter().from_notebook_node(executed(save_state=True))
    shown = Page(page)
    assert shown.fallbacks == []
    assert VIEW in page
    assert shown.said == [*SAID, ANSWER, ANSWER, *SAID]  # the others stay
