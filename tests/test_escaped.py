"""Text as HTML shows every character, and can do nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from browser.attacks import FLOODS, KINDS, of_kind
from printer_widget.batching import join_surrogates
from printer_widget.escaped import escaped, text_as_html, without_controls
from shown import Shown

MARKS = ["`", "```", "~~~", "**", "# ", "|", "\n", "\n\n", " \t\n", "\r", "<b>", "&", "x", "\u202e"]
TEXTS = st.text() | st.lists(st.sampled_from(MARKS)).map("".join)


@given(TEXTS)
@example("\n\n```\n\n<img src=x onerror=alert(1)>\n\n```\n\n")
@example("\nx")
def test_every_character_is_shown_and_nothing_else_is_there(text: str) -> None:
    shown = Shown(text_as_html(text))
    assert shown.texts == [text.replace("\0", "\ufffd")]
    assert shown.harms == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_attack_becomes_markup(kind: str) -> None:
    for attack in of_kind(kind):
        text = join_surrogates(attack["text"])
        shown = Shown(text_as_html(text))
        assert (shown.texts, shown.harms) == ([text.replace("\0", "\ufffd")], []), attack["name"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_escaped_in_time(name: str) -> None:
    """What makes it fail is the time limit of every test."""
    assert text_as_html(FLOODS[name]()).endswith("</pre>")


@given(TEXTS)
def test_it_has_no_blank_line_where_markdown_could_begin(text: str) -> None:
    assert [line for line in text_as_html(text).split("\n") if not line.strip()] == []
    assert "\n" not in escaped(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a `b` c", "`b`</code> c"),
        ("a **b** c", "<b>**b**</b> c"),
        ("# a\nb", "<b># a\n</b>b"),
        ("```py\na **b**\n```\nc", "a **b**\n```\n</code>c"),
        ("```x``` is `a`\n**b**", "x``` is <code"),
        ("```x```\n**b**", "<b>**b**</b>"),
        ("~~~ `x`\na **b**", "a **b**</code>"),
        ("   ```\na **b**", "a **b**</code>"),
        ("| a | b |\nc", "| a | b |\n</code>c"),
        ("a ** b ** c", "a ** b ** c"),
    ],
)
def test_markdown_is_set_but_stays_as_it_was_written(text: str, html: str) -> None:
    assert html in text_as_html(text)


def test_in_code_a_character_that_turns_letters_round_stands_in_a_box_of_its_own() -> None:
    html = text_as_html("`a\u202eb`")
    assert 'title="U+202E">\u202e</span>b' in html
    assert "<span" not in text_as_html("a\u202eb")


def test_a_terminal_gets_pictures_of_control_characters() -> None:
    assert without_controls("a\x1b]52;c;x\x07\r\n\tb\x7f\x9b") == "a␛]52;c;x␇␍\n\tb␡\ufffd"
