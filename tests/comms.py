"""A comm that records what the kernel sends and plays the browser's part."""

from __future__ import annotations

import itertools
from typing import Any

from comm.base_comm import BaseComm

from reference_browser import Browser
from sources import drain


class RecordingComm(BaseComm):
    """Keeps every message instead of publishing it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.published: list[dict[str, Any]] = []
        self.opened: dict[str, Any] = {}
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        """Record a message."""
        if msg_type == "comm_open":
            self.opened = data["state"]
        elif msg_type == "comm_msg":
            self.published.append(data)
        else:
            self.published.append({"method": msg_type})

    def taken(self) -> list[dict[str, Any]]:
        """Return what was sent since the last call, after the loop has caught up."""
        drain()
        messages, self.published = self.published, []
        return messages

    def receive(self, content: Any, method: str = "custom", key: str = "content") -> None:
        """Let a message of the browser come in, and the loop act on it."""
        self.handle_msg({"content": {"data": {"method": method, key: content}}, "buffers": []})
        drain()


class Page:
    """A browser at the other end of a RecordingComm, with the wire's own rules."""

    def __init__(self, comm: RecordingComm) -> None:
        self.comm = comm
        self.browser = Browser({**comm.opened})
        self.replies: dict[str, dict[str, Any]] = {}
        self.lists: list[list[dict[str, Any]]] = []
        self.assets: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.nonces = itertools.count()
        self.last = -1
        self.report()

    def read(self) -> Browser:
        """Take what the kernel has sent."""
        for message in self.comm.taken():
            content = message.get("content")
            if isinstance(content, dict) and content.get("type") == "reply":
                self.replies[content["nonce"]] = content
            elif isinstance(content, dict) and content.get("type") == "conversations":
                self.lists.append(content["list"])
            elif isinstance(content, dict) and content.get("type") == "asset":
                self.assets.append(content)
            elif isinstance(content, dict) and content.get("type") in {"names", "preview"}:
                self.told.append(content)
            elif message["method"] in {"custom", "update"}:
                self.browser.take(message)
        return self.browser

    def report(self) -> None:
        """Acknowledge, or ask for a resync where the place was lost."""
        self.read()
        report = self.browser.report()
        self.comm.receive(
            {
                "type": report.kind,
                "client": report.client,
                "turn": report.turn,
                "offset": report.offset,
                "revision": report.revision,
            }
        )

    def command(self, kind: str, **fields: Any) -> dict[str, Any] | None:
        """Send a command; return the reply to it, if there is one."""
        self.last = next(self.nonces)
        nonce = f"n{self.last}"
        if kind != "stop":
            fields["nonce"] = nonce
        self.comm.receive({"type": kind, "client": self.browser.client, **fields})
        self.read()
        return self.replies.get(nonce)
