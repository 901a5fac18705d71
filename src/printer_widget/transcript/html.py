"""A conversation as HTML: escaped, with no script, no link, no picture and no style sheet in it.

It reads in light and dark, on paper, and where a host takes its styles away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..conversation import Message
from ..escaped import escaped, text_as_html
from .words import shown_with, when, who

_BOX = "margin: 0.6em 0 1em; padding: 0 0 0 0.8em; border-left: 3px solid "
_SIDES = {"user": "rgba(64, 128, 240, 0.7)", "assistant": "rgba(128, 128, 128, 0.45)"}
_ABOUT = "margin: 0; font-size: 0.9em"

# The policy is a second lock: nothing of the page may load or run, whatever it holds.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em;
  overflow-wrap: break-word }}
summary {{ cursor: pointer }}
@media print {{
  body {{ margin: 0; max-width: none }}
  details::details-content {{ content-visibility: visible; block-size: auto }}
}}
</style>
</head>
<body>
<h1><bdi>{title}</bdi></h1>
{body}
</body>
</html>
"""


def to_page(title: str, messages: Iterable[Message]) -> str:
    """Return a whole page, times included."""
    return _PAGE.format(title=escaped(title), body=to_fragment(messages, times=True))


def to_fragment(messages: Iterable[Message], *, times: bool) -> str:
    """Return what a page or a notebook's output may hold."""
    sections = "\n".join("".join(_section(message, times=times)) for message in messages)
    return f'<div class="printer-transcript">\n{sections or "<p>Nothing was said yet.</p>"}\n</div>'


def to_fallback(name: str, messages: Sequence[Message]) -> str:
    """Return what stands for a chat where it cannot be drawn: what was said when it was shown."""
    said = f"\n{to_fragment(messages, times=False)}" if messages else ""
    return f"<p><em>{escaped(name)}: a chat, to be used where its kernel runs.</em></p>{said}"


def _section(message: Message, *, times: bool) -> Iterator[str]:
    side = _SIDES.get(message.role, "transparent")
    yield f'<section class="printer-message" style="{_BOX}{side}">'
    about = [message.model or "", when(message) if times else ""]
    said = "".join(f" · <bdi>{escaped(one)}</bdi>" for one in about if one)
    yield f'<p style="{_ABOUT}"><b>{who(message)}</b>{said}</p>'
    for item in message.context:
        warning = f"<p><em>{escaped(item.warning)}</em></p>" if item.warning else ""
        yield _folded(f"with {shown_with(item)}", item.text, warning)
    if message.reasoning:
        yield _folded("Reasoning", message.reasoning)
    yield text_as_html(message.content)
    for tool in message.tools:
        yield _folded(f"asks for the tool {tool['name']}", tool["arguments"])
    if message.note:
        yield f"<p><em>{escaped(message.note)}</em></p>"
    if message.ending:
        yield f"<p><em>[{escaped(message.ending)}]</em></p>"
    yield "</section>"


def _folded(summary: str, text: str, before: str = "") -> str:
    head = f"<summary><bdi>{escaped(summary)}</bdi></summary>"
    return f"<details>{head}{before}{text_as_html(text)}</details>"
