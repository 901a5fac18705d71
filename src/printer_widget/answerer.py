"""Who answers: what ``ChatNode`` was given, else the environment's backend, else the demo model."""

from __future__ import annotations

import os

from .providers import Printer
from .sources import DeferredSource, FunctionSource, HttpSource, Source, SourceLike, as_source

_DEMO_NOTICE = (
    "This is the demo model that comes with printer_widget. To talk to a real one: "
    'ChatNode("openai:…"), ChatNode("ollama:…"), or ChatNode(your_function)'
)

_DEMO_SUGGESTIONS = (
    "What can you do?",
    "Show me some code",
    "Explain the variance with math",
    "Tell me a story",
)


def choose(
    source: SourceLike | None, token: str | None, *, embed: bool = True
) -> tuple[Source, dict[str, str], tuple[str, ...]]:
    """Return the source to ask, the labels that the view shows of it, and what to ask it first.

    ``embed`` says whether the demo model may stand behind a server of its own, which keeps
    conversations and gives random ids.

    Raises:
        TypeError: if ``source`` is none, or a token is given to anything but a URL.
        ValueError: if the URL cannot be one.
    """
    suggestions: tuple[str, ...] = ()
    if source is not None:
        made = as_source(source, token=token)
        labels = {"title": made.label}
    elif token is not None or os.environ.get("PRINTER_API_BASE_URL"):
        made = HttpSource(Printer(token=token))
        labels = {"title": made.label}
    else:
        made = _demo_source(embed=embed)
        labels = {"title": "Demo model", "notice": _DEMO_NOTICE}
        suggestions = _DEMO_SUGGESTIONS
    if getattr(made, "archive", None) is not None:
        labels["conversations"] = "yes"
    return made, labels, suggestions


def _demo_source(*, embed: bool) -> Source:
    from .demo import demo_model
    from .server.embedded import available, embedded_server

    def embedded() -> HttpSource:
        server = embedded_server()
        server.start()
        return HttpSource(Printer(server.url, token=server.token))

    if embed and available():
        return DeferredSource(embedded, label="demo model")
    return FunctionSource(demo_model, label="demo model")
