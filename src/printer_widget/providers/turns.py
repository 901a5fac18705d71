"""The messages of a conversation, in the shapes that most protocols want them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Told = Mapping[str, str]


def alternating(messages: Sequence[Told]) -> list[dict[str, str]]:
    """Return the messages with neighbours of one role joined, so that user and assistant alternate.

    A question whose answer failed leaves two questions in a row, which some protocols and the
    templates of many local models refuse. What is empty is left out.
    """
    joined: list[dict[str, str]] = []
    for message in messages:
        if not message["content"]:
            continue
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] += "\n\n" + message["content"]
        else:
            joined.append(dict(message))
    return joined


def without_system(messages: Sequence[Told]) -> tuple[str, list[dict[str, str]]]:
    """Return the system prompts, joined, and the other messages, alternating from a user's on."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system" and m["content"])
    others = [m for m in messages if m["role"] != "system"]
    while others and others[0]["role"] != "user":
        others.pop(0)
    return system, alternating(others)
