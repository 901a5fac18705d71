"""Test a chat as its reader uses it, without a browser and without a kernel.

For example::

    from printer_widget import ChatNode
    from printer_widget.testing import ScriptedModel, press_stop, wait_for_text

    model = ScriptedModel()
    chat = ChatNode(model, deterministic=True)
    turn = chat.send("Tell me a story")
    model.put("Once upon ")
    wait_for_text(chat, "Once upon ")
    press_stop(chat)
    assert turn.result().status == "stopped"

What a reader does comes in as the message that a browser sends, through ``chat.comm.handle_msg``.
It works in a notebook's cell, too. For pytest there are fixtures in
:mod:`printer_widget.testing.fixtures`. This package is imported by nothing else of ours.
"""

from __future__ import annotations

from .model import ScriptedModel
from .reader import ask, press, press_stop, wait_for_text

__all__ = ["ScriptedModel", "ask", "press", "press_stop", "wait_for_text"]
