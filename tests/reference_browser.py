"""What a browser does with the messages of wire, in the fewest words: the tests' reference.

The real one is js/src/wire.ts; both are held against tests/wire/deltas.json.
"""

from __future__ import annotations

from typing import Any

from printer_widget import wire
from printer_widget.sync import Outgoing


class Browser:
    """The four synced keys, and whether a resync is wanted."""

    def __init__(self, state: dict[str, Any], *, client: str = "browser") -> None:
        self.client = client
        self.state = dict(state)
        self.wants_resync = False
        self.kind = "ready"

    @property
    def text(self) -> str:
        return self.state["streamedText"]

    @property
    def reasoning(self) -> str:
        return self.state["_view"].get("reasoning", "")

    def take(self, message: dict[str, Any]) -> None:
        """Apply one message: ``{"method": "custom" | "update", …}``."""
        if message["method"] == "update":
            self.state.update(message["state"])
            return
        content = message["content"]
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "append":
            self._append(content)
        elif kind == "patch":
            self._patch(content)
        elif kind == "reason":
            self._reason(content)

    def _append(self, content: dict[str, Any]) -> None:
        offset, text = content["offset"], content["text"]
        if not isinstance(offset, int) or offset < 0 or not isinstance(text, str):
            return
        known = wire.utf16_length(self.text)
        if content["turn"] != self.state["_view"]["turn"] or offset > known:
            self.wants_resync = True
            return
        units = text.encode("utf-16-le", "surrogatepass")
        self.state["streamedText"] += units[2 * (known - offset) :].decode("utf-16-le")

    def _patch(self, content: dict[str, Any]) -> None:
        view = content["view"]
        if view["revision"] <= self.state["_view"]["revision"]:
            return
        if content["base"] != self.state["_view"]["revision"]:
            self.wants_resync = True
            return
        messages = list(self.state["messages"])
        messages[content["at"] : content["at"] + content["remove"]] = content["insert"]
        if view["turn"] != self.state["_view"]["turn"]:
            self.state["streamedText"] = ""
        elif self.reasoning:
            view = {**view, "reasoning": self.reasoning}
        self.state.update(messages=messages, isStreaming=content["isStreaming"], _view=view)

    def _reason(self, content: dict[str, Any]) -> None:
        base, to, text = content["base"], content["to"], content["text"]
        if content.keys() != {"type", "base", "to", "text"} or not isinstance(text, str):
            return
        if to <= self.state["_view"]["revision"]:
            return
        if base != self.state["_view"]["revision"]:
            self.wants_resync = True
            return
        more = {"revision": to, "reasoning": self.reasoning + text}
        self.state["_view"] = {**self.state["_view"], **more}

    def report(self) -> wire.Report:
        """Say what this browser knows: ready the first time, then ack, or resync if lost."""
        kind = "resync" if self.wants_resync else self.kind
        self.kind, self.wants_resync = "ack", False
        return wire.Report(
            kind=kind,
            client=self.client,
            turn=self.state["_view"]["turn"],
            offset=wire.utf16_length(self.text),
            revision=self.state["_view"]["revision"],
        )


def as_message(outgoing: Outgoing) -> dict[str, Any]:
    """Return what the widget would put on the comm."""
    if isinstance(outgoing, wire.Update):
        return {"method": "update", "state": outgoing.state}
    return {"method": "custom", "content": outgoing.to_json()}
