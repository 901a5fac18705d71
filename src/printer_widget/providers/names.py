"""Models by name: what the text in ``ChatNode("openai:gpt-4o")`` stands for.

A name is ``KIND:MODEL``, where KIND is a key of :data:`KINDS`, or the URL of a Printer backend.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from .agui import AGUI
from .anthropic import AnthropicMessages
from .base import Provider
from .openai import OLLAMA_URL, OPENROUTER_URL, OpenAIChat
from .printer import Printer
from .vercel import VercelUI


def _ollama(model: str) -> Provider:
    return OpenAIChat(model, base_url=OLLAMA_URL, api_key="", include_usage=True)


def _openrouter(model: str) -> Provider:
    return OpenAIChat(model, base_url=OPENROUTER_URL)


KINDS: dict[str, Callable[[str], Provider]] = {
    "openai": OpenAIChat,
    "anthropic": AnthropicMessages,
    "ollama": _ollama,
    "openrouter": _openrouter,
    "vercel": VercelUI,
    "agui": AGUI,
}
"""What a name may begin with, and what is made of the rest of it."""


def provider_named(name: str, *, token: str | None = None) -> Provider:
    """Return the provider that ``name`` stands for.

    Args:
        name: ``"openai:gpt-4o"``, ``"anthropic:claude-…"``, ``"ollama:qwen3:8b"``,
            ``"openrouter:vendor/model"``, ``"vercel:https://…"``, ``"agui:https://…"``; or the URL
            of a Printer backend.
        token: for a Printer backend alone.

    Raises:
        TypeError: if a token is given to anything but a Printer backend.
        ValueError: if there is no such kind, nothing follows it, or the URL cannot be one. The
            message does not repeat the name, as it may be a URL that holds a password.
    """
    kind, colon, rest = name.partition(":")
    make = KINDS.get(kind)
    if make is None and not name.startswith(("http://", "https://")):
        near = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.7) if colon else []
        hint = f"; did you mean {near[0]}:?" if near else ""
        raise ValueError(
            "the name of a source must begin with http:// or https:// (then it is the url of a "
            f"Printer backend), or with one of {', '.join(f'{each}:' for each in KINDS)}{hint}"
        )
    if make is None:
        return Printer(name, token=token)
    if token is not None:
        raise TypeError(
            f"token= goes with the URL of a Printer backend; for {kind}: set the variable of its "
            "key, or pass api_key= to the provider itself"
        )
    if not rest.strip():
        raise ValueError(f"a name is missing after {kind}: write {kind}:NAME")
    return make(rest)
