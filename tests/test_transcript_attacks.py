"""Nothing that a model wrote acts in a transcript, whichever renderer reads it as Markdown.

The page and the output of a cell are Markdown, too, once nbconvert has put them into a file. Three
renderers that let HTML through are made to draw both, and their HTML is searched for anything that
is neither Markdown's own nor ours.
"""

from __future__ import annotations

from collections.abc import Callable

import mistune
import pytest
from markdown_it import MarkdownIt

from browser.attacks import KINDS, of_kind
from printer_widget import Message, Transcript
from printer_widget.batching import join_surrogates
from printer_widget.transcript.markdown import inert
from shown import TRANSCRIPT, Shown

pytestmark = pytest.mark.slow

RENDERERS: dict[str, Callable[[str], object]] = {
    "markdown-it": MarkdownIt("commonmark", {"html": True}).enable(["table"]).render,
    "mistune": mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"]),
    "mistune with math": mistune.create_markdown(
        escape=False, plugins=["math", "footnotes", "def_list", "task_lists", "abbr"]
    ),
}

ANY = r".*"
PLAIN = "blockquote br dd del dl dt em h1 h2 h3 h4 h5 h6 hr strong table tbody thead tr ul"
MARKDOWN = {
    **{tag: {} for tag in PLAIN.split()},
    "li": {"class": "task-list-item", "id": r"fn-\d+"},
    **{tag: {"style": r"text-align: ?(left|center|right);?"} for tag in ["td", "th"]},
    "p": {},
    "a": {"href": r"(https?://|#fn).*", "id": r"fn.*", "class": r"footnote"},
    "ol": {"start": r"\d+"},
    "abbr": {"title": ANY},
    "code": {"class": r"language-.*"},
    "pre": {"lang": ANY, "data-open": ANY, "data-close": ANY},
    "div": {"class": "math"},
    "span": {"class": "math"},
    "input": {"type": "checkbox", "class": ANY, "disabled": "", "checked": ""},
}


@pytest.fixture(params=RENDERERS)
def render(request: pytest.FixtureRequest) -> Callable[[str], object]:
    return RENDERERS[request.param]


@pytest.mark.parametrize("kind", KINDS)
def test_no_attack_works_in_markdown(render: Callable[[str], object], kind: str) -> None:
    for attack in of_kind(kind):
        text = join_surrogates(attack["text"])
        made = str(render(inert(text)))
        assert Shown(made, MARKDOWN).harms == [], attack["name"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_attack_works_where_html_stands_in_markdown(
    render: Callable[[str], object], kind: str
) -> None:
    for attack in of_kind(kind):
        text = join_surrogates(attack["text"])
        html = _conversation(text)._repr_mimebundle_()["text/html"]
        made = str(render(f"Before\n\n{html}\n\nAfter"))
        found = Shown(made, TRANSCRIPT)
        assert found.harms == [], attack["name"]
        assert text.replace("\0", "\ufffd") in found.texts, attack["name"]


def _conversation(text: str) -> Transcript:
    message = Message(
        id="m1",
        role="assistant",
        content=text,
        timestamp=text,
        status="error",
        error=text,
        model=text,
        note=text,
        tools=({"name": text, "arguments": text},),
    )
    return Transcript((message,))


@pytest.mark.parametrize("kind", KINDS)
def test_no_attack_works_in_what_is_said_of_a_message(
    render: Callable[[str], object], kind: str
) -> None:
    comment = "<!--"
    for attack in of_kind(kind):
        text = join_surrogates(attack["text"])
        made = str(render(_conversation(text).to_markdown()))
        harms = [harm for harm in Shown(made, MARKDOWN).harms if not harm.startswith(comment)]
        assert harms == [], attack["name"]


def test_what_would_work_is_seen(render: Callable[[str], object]) -> None:
    for text in (
        "<b onclick=x>",
        "![x](https://a.test/x.png)",
        "a <script>b</script>",
        "<!-- x -->",
    ):
        assert Shown(str(render(text)), MARKDOWN).harms != [], text
