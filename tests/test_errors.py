"""The exceptions: the tree in the docstring is the real one, and all of it is public."""

from __future__ import annotations

import pickle
import re

import pytest

import printer_widget
from printer_widget import conversation, errors, events
from printer_widget.errors import ChatError, ProviderError

EXCEPTIONS = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, Exception)
}
_LINE = re.compile(r"^ {4}((?:│   |    )*)(├── |└── )?([A-Z]\w+)  ", re.MULTILINE)


def drawn_tree() -> dict[str, str | None]:
    """Each exception of the docstring's drawing with the one that it hangs on."""
    parents: dict[str, str | None] = {}
    branch: list[str] = []
    for indent, twig, name in _LINE.findall(errors.__doc__ or ""):
        depth = len(indent) // 4 + bool(twig)
        branch[depth:] = [name]
        parents[name] = branch[depth - 1] if depth else None
    return parents


def test_the_tree_in_the_docstring_is_the_real_tree() -> None:
    real = {
        name: None if value is ChatError else value.__bases__[0].__name__
        for name, value in EXCEPTIONS.items()
    }
    assert drawn_tree() == real


def test_every_exception_is_public() -> None:
    for name, value in EXCEPTIONS.items():
        assert name in printer_widget.__all__
        assert getattr(printer_widget, name) is value


def test_every_public_name_is_there_once_and_in_order() -> None:
    names = printer_widget.__all__
    assert names == sorted(set(names))
    assert [name for name in names if not hasattr(printer_widget, name)] == []


def test_everything_imported_into_the_package_is_public() -> None:
    imported = {
        name
        for name, value in vars(printer_widget).items()
        if getattr(value, "__module__", "").startswith("printer_widget.")
        and not name.startswith("_")
    }
    assert imported <= set(printer_widget.__all__)


@pytest.mark.parametrize("module", [events, conversation], ids=lambda module: module.__name__)
def test_the_values_that_a_stream_and_a_turn_give_are_public(module) -> None:
    inner = {"Question"}  # what a source takes, and nobody else makes
    values = {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and name[0].isupper()
    }
    assert values - inner <= set(printer_widget.__all__)


def test_every_exception_is_caught_as_a_chat_error() -> None:
    assert all(issubclass(value, ChatError) for value in EXCEPTIONS.values())


@pytest.mark.parametrize("kind", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception_is_its_sentence_and_has_no_reply_yet(kind) -> None:
    error = kind("what went wrong")
    assert (str(error), error.reply) == ("what went wrong", None)


def test_a_provider_error_tells_the_status() -> None:
    assert ProviderError("refused", status=401).status == 401
    assert ProviderError("inside of the stream").status is None


def test_an_exception_survives_pickling_with_its_status() -> None:
    copy = pickle.loads(pickle.dumps(ProviderError("refused", status=401)))
    assert (str(copy), copy.status) == ("refused", 401)
