"""Fixtures for pytest.

To be named in a test's module, or in the uppermost ``conftest.py``::

    pytest_plugins = ["printer_widget.testing.fixtures"]

Then::

    def test_a_greeting(scripted_chat, scripted_model):
        turn = scripted_chat.send("Hi")
        scripted_model.put("Hello")
        scripted_model.end()
        assert turn.result().content == "Hello"
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..widget import ChatNode
from .model import ScriptedModel


@pytest.fixture
def scripted_model() -> ScriptedModel:
    """Return a model whose every step the test decides."""
    return ScriptedModel()


@pytest.fixture
def scripted_chat(scripted_model: ScriptedModel) -> Iterator[ChatNode]:
    """Yield a chat with that model, fixed ids and a fixed clock; it is closed at the end."""
    chat = ChatNode(scripted_model, deterministic=True)
    yield chat
    chat.close()
