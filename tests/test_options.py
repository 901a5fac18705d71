"""What the view of a chat is made with: suggestions and a language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from traitlets import TraitError

from printer_widget import ChatNode
from printer_widget.options import MAX_SUGGESTIONS
from sources import at_once


@pytest.fixture
def make() -> Iterator[Any]:
    made: list[ChatNode] = []

    def make_one(**options: Any) -> ChatNode:
        made.append(ChatNode(at_once("x"), **options))
        return made[-1]

    yield make_one
    for chat in made:
        chat.close()


def test_suggestions_travel_with_the_widget(make: Any) -> None:
    chat = make(suggestions=("What is a mean?", "Show me a table", "What is a mean?"))
    options = chat.get_state()["_options"]
    assert options["suggestions"] == ["What is a mean?", "Show me a table"]


def test_a_source_of_ones_own_suggests_nothing_by_itself(make: Any) -> None:
    assert make().get_state()["_options"] == {"locale": None, "strings": {}, "suggestions": []}


def test_the_demo_model_suggests_what_it_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRINTER_API_BASE_URL", raising=False)
    chats = ChatNode(), ChatNode(suggestions=[])
    offered = [chat.get_state()["_options"]["suggestions"] for chat in chats]
    for chat in chats:
        chat.close()
    assert len(offered[0]) > 2
    assert offered[1] == []


@pytest.mark.parametrize(
    ("suggestions", "error", "says"),
    [
        ("What is a mean?", TypeError, r"a list of texts.*got str"),
        (5, TypeError, r"a list of texts.*got int"),
        ({"a"}, TypeError, r"a list of texts.*got set"),
        (["a", 5], TypeError, r"suggestions\[1\] must be a text.*got int"),
        (["a", " \n"], ValueError, r"suggestions\[1\] is blank"),
        (["𝔸" * 151], ValueError, r"suggestions\[0\] has 302 characters.*300"),
        (["a"] * (MAX_SUGGESTIONS + 1), ValueError, r"at most 12 suggestions, got 13"),
    ],
)
def test_suggestions_that_cannot_be_shown_are_refused(
    make: Any, suggestions: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        make(suggestions=suggestions)


@pytest.mark.parametrize("locale", ["fr", "german", "de_DE", "DE", "", "de-DE-x"])
def test_an_unknown_locale_is_refused_with_the_known_ones(make: Any, locale: str) -> None:
    with pytest.raises(ValueError, match=r"there is no locale .* one of 'de', 'en'"):
        make(locale=locale)


def test_a_locale_is_text(make: Any) -> None:
    with pytest.raises(TypeError, match=r"one of 'de', 'en'; got int"):
        make(locale=5)


def test_english_is_in_the_bundle_and_german_is_sent(make: Any) -> None:
    english, german = (make(locale=name).get_state()["_options"] for name in ("en", "de-AT"))
    assert (english["locale"], english["strings"]) == ("en", {})
    assert german["locale"] == "de-AT"
    assert german["strings"]["send"] == "Senden"


def test_the_options_are_read_only_on_both_sides(make: Any) -> None:
    chat = make(locale="de")
    before = chat.get_state()["_options"]
    with pytest.raises(TraitError, match="read-only"):
        chat._options = {}
    chat.set_state({"_options": {"strings": {"send": "Boo"}}})
    assert chat.get_state()["_options"] == before
